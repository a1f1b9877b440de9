"""A tab with the models page, for each test its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browser.models.models_page import ModelsPage


@pytest.fixture
def models(chromium: Browser) -> Iterator[ModelsPage]:
    """What the page complains about fails the test."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 720}, timezone_id="UTC", accept_downloads=True
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield ModelsPage(page)
    context.close()
    assert complaints == []
