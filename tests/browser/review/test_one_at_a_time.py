"""Cards one at a time, by keyboard, on the real server: what is said arrives, and can be
taken back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review.desk import ReviewDesk, open_queue
from browser.windows import Window
from maskloop.platform.states import QueueOrder

Open = Callable[..., ReviewDesk]


@pytest.fixture
def desk(window: Window, open_desk: Open, site: PageSite, photos: PhotoProject) -> ReviewDesk:
    open_queue(site, photos, ordering=QueueOrder.SCORE)
    return open_desk().ready()


def test_a_card_says_why_it_is_seen_and_what_the_model_thinks(desk: ReviewDesk) -> None:
    panel = desk.page.locator(".card-panel")
    expect(panel.get_by_role("heading", name="Why you see this")).to_be_visible()
    expect(panel.locator(".why li")).not_to_have_count(0)
    expect(panel).to_contain_text("Predicted IoU")
    expect(panel).to_contain_text("v1")


def test_accepted_and_rejected_by_one_or_two_keys(desk: ReviewDesk, photos: PhotoProject) -> None:
    first = desk.card
    desk.press("2", "a")
    second = desk.card
    desk.press("x", "2")
    third = desk.card
    desk.press("Shift+X")
    desk.press("x", "x")
    assert len({first, second, third, desk.card}) == 4
    desk.saved()
    assert desk.verdicts() == [
        ("accepted", None),
        ("rejected", "merged"),
        ("rejected", "merged"),
        ("rejected", None),
    ]
    assert desk.annotation_of(first).category_id == photos.categories["cup"]
    assert desk.state_of(second) == "rejected"


def test_the_category_that_was_chosen_last_stays_chosen(
    desk: ReviewDesk, photos: PhotoProject
) -> None:
    first = desk.card
    desk.press("a")
    expect(desk.page.get_by_text("Choose what it is first").first).to_be_visible()
    assert desk.card == first, "nothing is accepted under a category that nobody chose"
    desk.press("3", "a")
    second = desk.card
    desk.press("Enter")
    third = desk.card
    desk.press("/")
    desk.page.keyboard.type("rock")
    desk.press("Enter", "a")
    desk.saved()
    found = [desk.annotation_of(card).category_id for card in (first, second, third)]
    names = photos.categories
    assert found == [names["person"], names["person"], names["rocket"]]


def test_a_reason_in_words(desk: ReviewDesk) -> None:
    desk.press("x", "6")
    field = desk.page.get_by_role("textbox", name="Reason")
    expect(field).to_be_focused()
    desk.page.keyboard.type("axe in the way")
    desk.press("Enter")
    desk.saved()
    assert desk.verdicts() == [("rejected", "axe in the way")]


def test_undo_goes_back_through_the_session(desk: ReviewDesk) -> None:
    desk.press("1")
    judged = []
    for key in ("a", "a", "Shift+X"):
        judged.append(desk.card)
        desk.press(*(("x", "1") if key == "Shift+X" else (key,)))
    desk.saved()
    assert [desk.state_of(card) for card in judged] == ["accepted", "accepted", "rejected"]
    for card in reversed(judged):
        desk.press("u")
        desk.until(f"state.cards[0].id === {card}")
    desk.saved()
    desk.until("state.cards.every(({ stale }) => !stale)")
    assert [desk.state_of(card) for card in judged] == ["pending"] * 3
    assert desk.annotation_of(judged[0]).deleted
    desk.press("2", "a")
    desk.saved()
    assert desk.state_of(judged[0]) == "accepted"
    assert desk.ask("state.said.length") == 1


def test_judged_anew_before_the_withdrawal_has_arrived(
    desk: ReviewDesk, photos: PhotoProject
) -> None:
    card = desk.card
    desk.press("1", "a")
    desk.saved()
    desk.press("u", "2", "a")
    desk.saved()
    assert desk.state_of(card) == "accepted"
    assert desk.annotation_of(card).category_id == photos.categories["cup"]


def test_a_reload_loses_nothing_and_what_was_said_can_still_be_taken_back(
    desk: ReviewDesk, window: Window
) -> None:
    desk.press("1")
    first = desk.card
    window.drop_network()
    desk.press("a")
    second = desk.card
    desk.press("x", "1")
    expect(desk.page.locator(".saving-state")).to_contain_text("2")
    window.restore_network()
    desk.page.reload()
    desk.ready()
    assert desk.card not in (first, second)
    desk.saved()
    assert [desk.state_of(card) for card in (first, second)] == ["accepted", "rejected"]
    desk.press("u")
    desk.until(f"state.cards[0].id === {second}")
    desk.saved()
    assert desk.state_of(second) == "pending"


def test_given_back_for_somebody_else_and_put_off_for_later(desk: ReviewDesk) -> None:
    first = desk.card
    desk.press("n")
    second = desk.card
    assert second != first
    assert desk.ask("state.cards.at(-1).id") == first
    desk.press("s")
    expect(desk.page.get_by_text("Given back").first).to_be_visible()
    assert desk.card != second
    assert desk.verdicts() == []


def test_before_and_after_by_key(desk: ReviewDesk) -> None:
    shown = desk.page.get_by_role("img", name="the mask is shown")
    hidden = desk.page.get_by_role("img", name="the mask is hidden")
    expect(shown).to_be_visible()
    desk.page.keyboard.down("Space")
    expect(hidden).to_be_visible()
    desk.page.keyboard.up("Space")
    expect(shown).to_be_visible()
    desk.press("b")
    expect(hidden).to_be_visible()
    desk.press("b", "f")
    assert desk.ask("state.view.whole") is True
    desk.press("Escape", "+")
    assert desk.ask("state.view.zoom") == 1.3
