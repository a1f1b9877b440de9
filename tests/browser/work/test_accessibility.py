"""axe finds nothing of weight on any state of the page, by day and by night."""

import pytest
from playwright.sync_api import Page, expect

from browser.accessibility import Axe
from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window, Windows
from browser.work.desk import SECONDS, Desk, desk

STILL = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished))"""
"""What is half faded in is no lack of contrast."""
SCHEMES = ("light", "dark")


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def window(windows: Windows, photos: PhotoProject, scheme: str) -> Window:
    """Ann's, in whose system it is day or night."""
    return windows.of("ann", project_id=photos.id, is_admin=True, color_scheme=scheme)


@pytest.fixture
def ann(window: Window, photos: PhotoProject, scheme: str) -> Desk:
    """Ann, with a photograph of a cup of coffee."""
    made = desk(window, photos)
    assert made.page.locator(".maskloop").first.get_attribute("data-theme") == scheme
    return made


def is_sound(page: Page, axe: Axe) -> None:
    page.evaluate(STILL)
    found = axe(page)
    assert not found, "\n".join(found)


def test_the_image_list(window: Window, photos: PhotoProject, axe: Axe) -> None:
    page = window.open(f"/label/?project={photos.id}")
    expect(page.locator(".card img.there")).to_have_count(4, timeout=SECONDS * 1000)
    is_sound(page, axe)


def test_an_image_list_without_images(window: Window, site: PageSite, axe: Axe) -> None:
    page = window.open(f"/label/?project={site.project('nothing')}")
    expect(page.locator(".gallery .notices")).to_be_visible(timeout=SECONDS * 1000)
    is_sound(page, axe)


def test_an_image_and_what_is_in_hand(ann: Desk, axe: Axe) -> None:
    is_sound(ann.page, axe)
    ann.press(".")
    is_sound(ann.page, axe)
    ann.press("Escape")
    ann.object_at(300, 200)
    assert ann.ask("state.draft.candidates.length") == 3
    is_sound(ann.page, axe)
    ann.press("Enter")
    ann.saved()
    ann.page.locator("summary", has_text="Look").click()
    is_sound(ann.page, axe)


def test_dialogs(ann: Desk, axe: Axe) -> None:
    for key in ("?", "Shift+N"):
        ann.press(key)
        expect(ann.page.get_by_role("dialog")).to_be_visible()
        is_sound(ann.page, axe)
        ann.press("Escape")


def test_a_conflict(ann: Desk, windows: Windows, photos: PhotoProject, axe: Axe) -> None:
    ann.window.watch.expect(" 409 ")
    window = windows.of("bob", project_id=photos.id)
    window.watch.expect(" 409 ")
    bob = desk(window, photos)
    for one, category in ((bob, "2"), (ann, "3")):
        one.press(category, ".", "Enter")
        one.until("outbox.status().waiting === 1 && outbox.flush().then(() => true)")
    ann.until("state.saving.conflicts.length === 1")
    ann.chip().click()
    expect(ann.page.get_by_role("dialog")).to_be_visible()
    is_sound(ann.page, axe)


def test_an_image_that_cannot_be_had(ann: Desk, photos: PhotoProject, axe: Axe) -> None:
    ann.window.watch.expect(" 404 ")
    ann.page.goto(f"/label/?project={photos.id}&image={10**9}")
    ann.until("state.trouble")
    is_sound(ann.page, axe)


def test_a_queue_that_is_empty(ann: Desk, axe: Axe) -> None:
    for _ in range(4):
        image = ann.ask("state.image.id")
        ann.press("n")
        ann.until(f"state.queueEmpty || (state.image && state.image.id !== {image})")
        ann.until("!state.loading")
    ann.until("state.queueEmpty")
    is_sound(ann.page, axe)
