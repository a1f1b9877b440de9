"""A tab with the panels, for each test its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from browser.panels.panel_page import Panels


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1280, "height": 720})
    made.set_default_timeout(30_000)
    yield made
    made.close()


@pytest.fixture
def panels(context: BrowserContext) -> Iterator[Panels]:
    """What the page complains about fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield Panels(page)
    assert complaints == []
