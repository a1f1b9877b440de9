"""A real Chromium over the real server with its pages, real photographs and the real model."""

import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.accessibility import Axe
from browser.page_site import PageSite, page_site
from browser.photographs import Photographs, PhotoProject, photo_project
from browser.windows import Window, Windows
from maskloop.services.runtime import Runtime
from sites.site import InProcess, Model

FAILED = pytest.StashKey[bool]()
HERE = Path(__file__).parent
CORE = {
    "journal/test_journal.py",
    "label/test_prompts.py",
    "models/test_states.py",
    "quality/test_labelers.py",
    "review/test_one_at_a_time.py",
    "work/test_losses.py",
}
"""Each page opened and worked on, and that nothing is lost; the others are slow."""

# A busy machine is no failure.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and str(item.path.relative_to(HERE)) not in CORE:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def photographs(model: Model) -> Photographs:
    return Photographs(model)


@pytest.fixture
def site(runtime: Runtime, photographs: Photographs) -> Iterator[PageSite]:
    """Photographs that an earlier test clicked on are warm; give the predictor an empty `kept`
    where that matters."""
    predictor = InProcess(runtime, photographs.model, kept=photographs.embeddings)
    with page_site(runtime, predictor) as made:
        yield made


@pytest.fixture
def photos(site: PageSite, photographs: Photographs) -> PhotoProject:
    """A project with four photographs and what the model proposes on them."""
    return photo_project(site, photographs)


@pytest.fixture
def windows(chromium: Browser, site: PageSite, request: pytest.FixtureRequest) -> Iterator[Windows]:
    """Windows of any number of people; what goes wrong in one fails the test."""
    opened = Windows(chromium, site)
    try:
        yield opened
        if request.node.stash.get(FAILED, False):
            title = re.sub(r"\W+", "-", request.node.name)
            opened.photograph(Path(request.config.rootpath, "build", "browser"), title)
    finally:
        faults = opened.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def window(windows: Windows, photos: PhotoProject) -> Window:
    """Ann's, who labels and reviews in `photos`."""
    return windows.of("ann", project_id=photos.id)


@pytest.fixture
def page(window: Window) -> Page:
    """A tab of Ann's in which nothing is open yet."""
    return window.context.new_page()


@pytest.fixture(scope="session")
def axe(axe_archive: Path) -> Axe:
    return Axe.of(axe_archive)
