"""The wall: many crops accepted together, but for a random sample that is judged one by one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review.desk import ReviewDesk, open_queue
from browser.review.test_correcting import RIGHT, begin, stroke
from browser.windows import Window
from maskloop.platform.states import QueueOrder

Open = Callable[..., ReviewDesk]


@pytest.fixture
def desk(window: Window, open_desk: Open, site: PageSite, photos: PhotoProject) -> ReviewDesk:
    """All thirty proposals on the wall, of which nothing is selected."""
    open_queue(site, photos, ordering=QueueOrder.SCORE)
    desk = open_desk().ready()
    desk.press("2", "w")
    desk.until("state.mode === 'wall' && state.cards.length === 30")
    return desk


def selected(desk: ReviewDesk) -> int:
    found: int = desk.ask("state.selection.ids.size")
    return found


def test_arrows_move_and_keys_select(desk: ReviewDesk) -> None:
    wall = desk.page.get_by_role("listbox", name="Crops")
    expect(wall).to_be_focused()
    expect(wall.get_by_role("option")).to_have_count(30)
    columns: int = desk.ask("state.columns")
    desk.press("ArrowRight", "ArrowDown", "Space")
    assert desk.ask("state.selection.at") == 1 + columns
    assert selected(desk) == 1
    desk.press("Shift+ArrowRight", "Shift+ArrowRight")
    assert selected(desk) == 3
    desk.press("Space")
    assert selected(desk) == 2
    desk.press("Control+a")
    assert selected(desk) == 30
    desk.press("Escape")
    assert selected(desk) == 0
    wall.get_by_role("option").nth(4).click()
    wall.get_by_role("option").nth(7).click(modifiers=["Shift"])
    assert selected(desk) == 4


def test_a_crop_is_rejected_where_it_stands(desk: ReviewDesk) -> None:
    desk.press("ArrowRight")
    card: int = desk.ask("state.cards[1].id")
    desk.press("x", "4")
    desk.saved()
    assert desk.verdicts() == [("rejected", "bad border")]
    assert desk.state_of(card) == "rejected"
    assert desk.ask("state.mode") == "wall"


def corrected_from_the_wall(desk: ReviewDesk) -> tuple[int, int]:
    """The second crop made larger: its card, and its area before."""
    desk.press("ArrowRight")
    card, area = desk.ask("[state.cards[1].id, state.cards[1].area]")
    begin(desk)
    assert desk.card == card
    stroke(desk, *desk.ask(RIGHT), by=40)
    desk.until(f"review.editor.state.draft.mask.area > {area}")
    return card, area


def test_a_crop_is_corrected_and_the_wall_goes_on(desk: ReviewDesk) -> None:
    card, area = corrected_from_the_wall(desk)
    desk.press("Enter")
    wall = desk.page.get_by_role("listbox", name="Crops")
    expect(wall).to_be_focused()
    expect(wall.get_by_role("option")).to_have_count(29)
    desk.saved()
    assert desk.verdicts() == [("corrected", None)]
    assert desk.annotation_of(card).area > area
    desk.press("u")
    desk.saved()
    desk.until("state.cards.length === 30 && state.cards.every(({ stale }) => !stale)")
    assert desk.state_of(card) == "pending"


def test_a_correction_that_is_dropped_leads_back_to_the_crop(desk: ReviewDesk) -> None:
    card, _ = corrected_from_the_wall(desk)
    desk.press("Escape", "Escape")
    expect(desk.page.get_by_role("listbox", name="Crops")).to_be_focused()
    expect(desk.page.locator(".tile")).to_have_count(30)
    assert desk.ask("state.cards[state.selection.at].id") == card
    assert desk.verdicts() == []


def accept_all(desk: ReviewDesk) -> list[int]:
    """The cards of the sample."""
    desk.press("Control+a", "a")
    desk.until("state.audits.size > 0 && state.mode === 'one'")
    found: list[int] = desk.ask("[...state.audits.keys()]")
    return found


def test_a_sample_of_a_batch_is_judged_one_by_one(desk: ReviewDesk) -> None:
    sample = accept_all(desk)
    assert len(sample) == 3
    assert len(desk.verdicts()) == 27
    for place in range(1, 4):
        line = desk.page.locator(".audit-line")
        expect(line).to_contain_text(f"Audit {place} of 3")
        expect(line).to_contain_text("drawn at random from the 30")
        assert desk.card in sample
        desk.press("a")
    desk.saved()
    assert [verdict for verdict, _ in desk.verdicts()] == ["accepted"] * 30
    expect(desk.page.get_by_role("heading", name="Nothing is left here")).to_be_visible()


def test_a_batch_whose_sample_was_not_right_is_taken_back(desk: ReviewDesk) -> None:
    accept_all(desk)
    desk.press("x", "1")
    asked = desk.page.get_by_role("dialog", name="One of the sample was not right")
    expect(asked).to_contain_text("take back the 27")
    asked.get_by_role("button", name=re.compile("Take back 27")).click()
    desk.saved()
    desk.until("state.cards.length === 29 && state.cards.every(({ stale }) => !stale)")
    statement_states = {desk.state_of(card) for card in desk.ask("state.cards.map((c) => c.id)")}
    assert statement_states == {"pending"}


def test_a_sample_outlives_a_reload(desk: ReviewDesk) -> None:
    sample = accept_all(desk)
    desk.page.wait_for_timeout(400)
    desk.page.reload()
    desk.ready()
    assert desk.card in sample
    expect(desk.page.locator(".audit-line")).to_contain_text("of 3")


def test_a_batch_is_undone_by_one_key(desk: ReviewDesk) -> None:
    desk.press("Space", "Shift+ArrowRight", "Shift+ArrowRight")
    three: list[int] = desk.ask("[...state.selection.ids]")
    desk.press("a")
    desk.saved()
    assert [verdict for verdict, _ in desk.verdicts()] == ["accepted"] * 3
    desk.press("u")
    desk.saved()
    desk.until("state.cards.length === 30 && state.cards.every(({ stale }) => !stale)")
    assert [desk.state_of(card) for card in three] == ["pending"] * 3
