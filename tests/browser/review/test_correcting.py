"""A mask corrected where it is judged: brush, eraser and clicks, kept over a reload, taken back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review.desk import ReviewDesk, open_queue
from browser.windows import Window
from maskloop.platform.states import QueueOrder

Open = Callable[..., ReviewDesk]
CENTRE = "(([x, y, w, h]) => [x + w / 2, y + h / 2])(state.cards[0].bbox)"
RIGHT = "(([x, y, w, h]) => [x + w, y + h / 2])(state.cards[0].bbox)"


@pytest.fixture
def desk(window: Window, open_desk: Open, site: PageSite, photos: PhotoProject) -> ReviewDesk:
    open_queue(site, photos, ordering=QueueOrder.SCORE)
    desk = open_desk().ready()
    desk.press("2")
    return desk


def begin(desk: ReviewDesk) -> None:
    desk.press("e")
    expect(desk.page.get_by_role("application", name="Correct the mask")).to_be_focused()
    desk.until("review.editor.stage.ready.then(() => true)")
    desk.page.wait_for_function(
        "document.querySelector('#maskloop').page.review.editor.stage.camera.scale > 0"
    )


def stroke(desk: ReviewDesk, x: float, y: float, by: float) -> None:
    """From a pixel of the image, so many css pixels to the right."""
    sx, sy = desk.place(x, y)
    desk.page.mouse.move(sx, sy)
    desk.page.mouse.down()
    desk.page.mouse.move(sx + by, sy, steps=6)
    desk.page.mouse.up()


def test_a_brush_makes_it_larger_and_an_eraser_smaller(
    desk: ReviewDesk, photos: PhotoProject
) -> None:
    first, area = desk.card, desk.ask("state.cards[0].area")
    begin(desk)
    stroke(desk, *desk.ask(RIGHT), by=40)
    desk.until(f"review.editor.state.draft.mask.area > {area}")
    desk.press("Enter")
    second, other = desk.card, desk.ask("state.cards[0].area")
    assert second != first
    begin(desk)
    desk.press("f")
    stroke(desk, *desk.ask(CENTRE), by=10)
    desk.until(f"review.editor.state.draft.mask.area < {other}")
    desk.press("Enter")
    desk.saved()
    assert [verdict for verdict, _ in desk.verdicts()] == ["corrected", "corrected"]
    assert desk.annotation_of(first).area > area
    assert desk.annotation_of(second).area < other
    assert desk.annotation_of(first).category_id == photos.categories["cup"]


def test_a_click_asks_the_model(desk: ReviewDesk) -> None:
    card = desk.card
    begin(desk)
    desk.press("p")
    desk.page.mouse.click(*desk.place(*desk.ask(CENTRE)))
    desk.until("review.editor.state.draft.candidates.length > 0")
    desk.press("Enter")
    desk.saved()
    made = desk.annotation_of(card)
    assert [verdict for verdict, _ in desk.verdicts()] == ["corrected"]
    assert len(made.prompts) == 1
    assert made.prompts[0]["points"][-1][2] == 1


def test_kept_without_a_change_it_is_accepted(desk: ReviewDesk) -> None:
    begin(desk)
    desk.press("Enter")
    desk.saved()
    assert desk.verdicts() == [("accepted", None)]


def test_a_correction_is_not_dropped_by_one_key(desk: ReviewDesk) -> None:
    card = desk.card
    begin(desk)
    stroke(desk, *desk.ask(RIGHT), by=40)
    desk.until("review.editor.state.draft.by_hand")
    desk.press("Escape")
    expect(desk.page.get_by_text("Esc once more drops this correction").first).to_be_visible()
    desk.press("Escape")
    expect(desk.page.locator(".correcting")).to_have_count(0)
    assert desk.card == card
    assert desk.verdicts() == []


def test_a_reload_in_the_middle_goes_on_with_it(desk: ReviewDesk) -> None:
    card, area = desk.card, desk.ask("state.cards[0].area")
    begin(desk)
    stroke(desk, *desk.ask(RIGHT), by=40)
    drawn = desk.until(f"(({{ area }}) => area > {area} && area)(review.editor.state.draft.mask)")
    desk.page.reload()
    assert desk.until("review.editor?.state.draft?.mask.area") == drawn
    assert desk.card == card
    desk.press("Enter")
    desk.saved()
    assert desk.annotation_of(card).area == drawn


def test_a_correction_can_be_taken_back(desk: ReviewDesk) -> None:
    card = desk.card
    begin(desk)
    stroke(desk, *desk.ask(RIGHT), by=40)
    desk.until("review.editor.state.draft.by_hand")
    desk.press("Enter")
    desk.saved()
    assert desk.state_of(card) == "corrected"
    desk.press("u")
    desk.saved()
    desk.until(f"state.cards[0].id === {card} && !state.cards[0].stale")
    assert desk.state_of(card) == "pending"
    assert desk.annotation_of(card).deleted
