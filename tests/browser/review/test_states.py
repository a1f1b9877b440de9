"""What the page shows where there is nothing to judge, or something is in the way; and that all of
it can be used without eyes or mouse."""

import re

import pytest
from playwright.sync_api import expect

from browser.accessibility import Axe
from browser.review import dealt
from browser.review.review_page import ReviewPage, problem

STILL = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished))"""


def is_sound(review: ReviewPage, axe: Axe) -> None:
    review.page.evaluate(STILL)
    found = axe(review.page)
    assert not found, "\n".join(found)


def ready(review: ReviewPage) -> ReviewPage:
    expect(review.page.locator(".card-picture[data-ready=true]")).to_be_visible()
    return review


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_is_accessible(review: ReviewPage, axe: Axe, theme: str) -> None:
    review.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    review.said["POST /cards/1/answer"] = (
        200,
        dealt.said("accepted")
        | {
            "feedback": {
                "passed": False,
                "iou": 0.41,
                "boundary_f": 0.2,
                "text": "The mask had been shifted.",
                "truth": dealt.card(5)["segmentation"],
                "category_id": 1,
            }
        },
    )
    ready(review.deal(60).open())
    page = review.page
    is_sound(review, axe)
    page.keyboard.press("2")
    page.keyboard.press("a")
    expect(page.locator(".feedback")).to_be_visible()
    is_sound(review, axe)
    page.keyboard.press("g")
    expect(page.get_by_role("dialog", name="Not right")).to_be_visible()
    is_sound(review, axe)
    page.keyboard.press("g")
    page.keyboard.press("x")
    is_sound(review, axe)
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.keyboard.press("Shift+ArrowRight")
    is_sound(review, axe)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    is_sound(review, axe)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.get_by_role("application", name="Correct the mask")).to_be_visible()
    is_sound(review, axe)


def test_the_form_of_a_queue_is_accessible(review: ReviewPage, axe: Axe) -> None:
    review.permissions = list(dealt.MANAGER)
    review.queues = []
    review.open()
    review.page.get_by_role("button", name="New queue").click()
    expect(review.page.get_by_role("dialog", name="New queue")).to_be_visible()
    is_sound(review, axe)


def test_the_form_begins_as_the_mode_says_and_asks_what_applies(review: ReviewPage) -> None:
    review.permissions = list(dealt.MANAGER)
    review.queues, review.of_mode = [], {"subject": "annotations", "ordering": "random"}
    review.open()
    review.page.get_by_role("button", name="New queue").click()
    form = review.page.get_by_role("dialog", name="New queue")
    subject, order = form.get_by_label("Hands out"), form.get_by_label("Order")
    expect(subject).to_have_value("annotations")
    expect(order).to_have_value("random")
    expect(form.get_by_label("People for each")).to_be_hidden()
    expect(form.get_by_label("Planted errors")).to_be_visible()
    subject.select_option("proposals")
    expect(order).to_have_value("doubt")
    expect(form.get_by_label("People for each")).to_be_visible()
    expect(form.get_by_role("group", name="Categories")).to_be_hidden()
    order.select_option("score")
    subject.select_option("images")
    expect(order).to_have_value("score")
    expect(form.get_by_label("People for each")).to_be_visible()
    expect(form.get_by_label("Planted errors")).to_be_hidden()
    expect(form.get_by_label("Tell people at once")).to_be_hidden()


def test_queues_of_images_are_none_of_this_page_s(review: ReviewPage) -> None:
    review.queues = [dealt.queue(), dealt.queue(2, "Roads", subject="images")]
    ready(review.deal(1).open())
    choice = review.page.get_by_role("combobox", name="Queue")
    assert choice.locator("option").all_inner_texts() == ["My queue", "Doubtful · 420 left"]


def test_nothing_left_says_how_the_session_went_and_where_there_is_more(
    review: ReviewPage,
) -> None:
    review.queues = [dealt.queue(), dealt.queue(2, "Sample", left=31)]
    ready(review.deal(2).open("?project=7&queue=1"))
    for key in ("1", "a", "a"):
        review.page.keyboard.press(key)
    notice = review.page.get_by_role("status").filter(has_text="Nothing is left here")
    expect(notice).to_contain_text("In this session: 2 cards, 100 % accepted")
    review.waiting = [dealt.card(9, queue_id=2)]
    notice.get_by_role("button", name="Sample · 31 left").click()
    ready(review)
    assert review.state("queue") == 2


def test_a_queue_that_does_not_answer_is_said_and_asked_again(review: ReviewPage) -> None:
    review.said["POST /cards/next"] = problem(
        503, "database_away", "The database is away for a moment.", retryable=True
    )
    review.deal(3).open()
    notice = review.page.get_by_role("alert").filter(has_text="No cards can be had")
    expect(notice).to_contain_text("The database is away for a moment.")
    del review.said["POST /cards/next"]
    notice.get_by_role("button", name="Try again").click()
    ready(review)


def test_a_queue_that_was_closed_is_left(review: ReviewPage) -> None:
    review.queues = [dealt.queue(), dealt.queue(2, "Sample")]
    review.said["POST /cards/next"] = lambda body: (
        problem(409, "queue_closed", "Queue 2 is closed and hands out no more cards.")
        if body["queue_id"] == 2
        else review._next(body["count"])
    )
    review.deal(3).open("?project=7&queue=2")
    expect(review.page.get_by_text("Queue 2 is closed").first).to_be_visible()
    ready(review)
    assert review.state("queue") is None


def test_whoever_may_not_review_is_told_so(review: ReviewPage) -> None:
    review.permissions = ["project.view"]
    review.open()
    expect(review.page.get_by_text("You may look, not review")).to_be_visible()
    assert "GET /queues" not in review.asked


def test_a_card_that_went_to_somebody_else_meanwhile_is_taken_away(review: ReviewPage) -> None:
    review.said["POST /cards/renew"] = (
        200,
        {"lost": [{"id": 1, "holder": "bo"}], "until": "2026-11-26T05:00:00Z", "seconds": 600},
    )
    ready(review.deal(3, seconds=2).open())
    expect(review.page.get_by_text("A card was away too long").first).to_be_visible()
    expect(review.page.get_by_text("bo judges it now").first).to_be_visible()
    assert review.state("cards[0].id") == 2


def test_a_verdict_that_stands_cannot_be_taken_back(review: ReviewPage) -> None:
    review.said["POST /cards/1/withdraw"] = problem(
        409, "annotation_conflict", "Annotation 5 has been changed by bo since."
    )
    ready(review.deal(4).open())
    with review.page.expect_response(re.compile(r"/cards/1/answer$")):
        for key in ("1", "a"):
            review.page.keyboard.press(key)
    expect(review.page.locator(".saving-state")).to_have_text("Saved")
    assert [card for card, _ in review.answers] == [1]
    review.page.keyboard.press("u")
    expect(review.page.get_by_text("could not be taken back").first).to_contain_text(
        "changed by bo since"
    )
    assert review.state("cards[0].id") == 2


def test_what_the_server_refuses_is_kept_until_it_is_seen(review: ReviewPage) -> None:
    review.said["POST /cards/1/answer"] = problem(422, "bad_parameters", "Category 1 is gone.")
    ready(review.deal(4).open())
    for key in ("1", "a"):
        review.page.keyboard.press(key)
    chip = review.page.locator(".saving-state")
    expect(chip).to_contain_text("1 not saved")
    chip.click()
    late = review.page.get_by_role("dialog", name="Answers that did not arrive")
    expect(late).to_contain_text("Category 1 is gone.")
    del review.said["POST /cards/1/answer"]
    late.get_by_role("button", name="Try again").click()
    expect(chip).to_have_text("Saved")
    assert review.answers[0][0] == 1


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (3840, 2160)])
def test_nothing_is_cut_off(review: ReviewPage, size: tuple[int, int]) -> None:
    review.page.set_viewport_size({"width": size[0], "height": size[1]})
    ready(review.deal(60).open())
    outside = """() => [...document.querySelectorAll(".top > *, .verdict-bar > *, .card-panel > *")]
      .filter((one) => one.offsetParent !== null)
      .filter((one) => { const box = one.getBoundingClientRect();
        return box.right > innerWidth + 1 || box.left < -1 || box.bottom > innerHeight + 1; })
      .map((one) => one.className)"""
    assert review.page.evaluate(outside) == []
    review.page.keyboard.press("w")
    expect(review.page.locator(".tile")).to_have_count(48)
    assert review.page.evaluate(outside) == []
