"""A tab with the review page, for each test its own; and a queue on the real server."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review.desk import ReviewDesk
from browser.review.review_page import ReviewPage
from browser.windows import Window


@pytest.fixture
def review(chromium: Browser) -> Iterator[ReviewPage]:
    """What the page complains about fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield ReviewPage(page)
    context.close()
    assert complaints == []


@pytest.fixture
def open_desk(window: Window, photos: PhotoProject, site: PageSite) -> Callable[..., ReviewDesk]:
    """The review page of Ann's window, or of another one, on the real server."""

    def opened(of: Window = window, more: str = "") -> ReviewDesk:
        page: Page = of.open(f"/review/?project={photos.id}{more}")
        return ReviewDesk(page, site, photos)

    return opened
