"""Chromium before a page without content."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from browser.journal.chromium import FLAGS
from browser.journal.empty_site import EmptySite, empty_site


@pytest.fixture(scope="session")
def executable() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium; apt-get install chromium")
    return found


@pytest.fixture
def site() -> Iterator[EmptySite]:
    with empty_site() as found:
        yield found


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, executable: str) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
    yield running
    running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as fresh:
        yield fresh


@pytest.fixture
def page(context: BrowserContext, site: EmptySite) -> Page:
    opened = context.new_page()
    opened.goto(site.origin)
    return opened
