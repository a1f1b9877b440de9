"""A dispute: what several people said is shown without names, each mask over the picture, and one
of them taken by a key."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.accessibility import Axe
from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review import dealt
from browser.review.desk import ReviewDesk, open_queue
from browser.review.review_page import ReviewPage
from browser.review.test_states import is_sound, ready
from browser.windows import Window
from maskloop.platform.masks import Rle
from maskloop.platform.queue_rules import Rule
from maskloop.services import answers, cards
from maskloop.services.annotations import Submitted
from maskloop.services.people import create_user
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement

CARD = 1
CUP = 2
PAINTED = """() => { const { width, height } = document.querySelector("[data-layer=mask]");
  const { data } = document.querySelector("[data-layer=mask]").getContext("2d")
    .getImageData(0, 0, width, height);
  return data.reduce((sum, value, at) => (sum * 31 + value * (at % 997)) % 1000003, 7); }"""


def vote(verdict: str, segmentation: Any = None, **more: Any) -> dict[str, Any]:
    category = None if verdict == "rejected" else CUP
    said = {"verdict": verdict, "category_id": category, "segmentation": segmentation}
    return said | {"reason": None} | more


@pytest.fixture
def drawn() -> dict[str, Any]:
    """Another mask on the same photograph."""
    found: dict[str, Any] = dealt.card(CARD + 4 * len(dealt.NAMES))["segmentation"]
    return found


@pytest.fixture
def disputed(review: ReviewPage, drawn: dict[str, Any]) -> ReviewPage:
    said = [vote("accepted"), vote("corrected", drawn), vote("rejected", reason="a shadow")]
    review.deal(1, first=CARD, votes=said).deal(3, first=2)
    return ready(review.open())


def painted(review: ReviewPage) -> int:
    found: int = review.page.evaluate(PAINTED)
    return found


def test_what_people_said_stands_beside_the_card_without_a_name(disputed: ReviewPage) -> None:
    strip = disputed.page.get_by_role("region", name="They disagree")
    told = [row.inner_text().split("\n") for row in strip.get_by_role("button").all()]
    assert [" ".join(words) for words in told] == [
        "Proposal in view",
        "Vote 1 as proposed, cup",
        "Vote 2 corrected, cup",
        "Vote 3 no object a shadow",
    ]


def test_a_key_shows_each_mask_over_the_picture_and_the_proposal_again(
    disputed: ReviewPage,
) -> None:
    page = disputed.page
    legend = page.locator(".vote-legend")
    expect(legend).to_be_hidden()
    seen = [painted(disputed)]
    for number, words in enumerate(("as proposed, cup", "corrected, cup", "no object"), start=1):
        page.keyboard.press("v")
        expect(legend).to_contain_text(f"Vote {number} of 3")
        expect(legend).to_contain_text(words)
        picture = page.get_by_role("img", name=f"vote {number} of 3 is shown: {words}")
        expect(picture).to_be_visible()
        pressed = page.locator(".vote[aria-pressed=true]")
        expect(pressed).to_contain_text(f"Vote {number}")
        seen.append(painted(disputed))
    assert len(set(seen)) == 4
    page.keyboard.press("v")
    expect(legend).to_be_hidden()
    assert painted(disputed) == seen[0]
    page.keyboard.press("Shift+V")
    expect(legend).to_contain_text("Vote 3 of 3")
    page.keyboard.press("Escape")
    expect(legend).to_be_hidden()


def answered(review: ReviewPage, *keys: str) -> dict[str, Any]:
    """By these keys, the card in dispute; what arrived."""
    with review.page.expect_response(re.compile(rf"/cards/{CARD}/answer$")):
        for key in keys:
            review.page.keyboard.press(key)
    ((card, body),) = review.answers
    assert card == CARD
    assert review.state("vote") is None
    return body


@pytest.mark.parametrize("key", ["Enter", "t"])
def test_a_key_takes_the_mask_and_the_category_of_the_vote_that_is_shown(
    disputed: ReviewPage, drawn: dict[str, Any], key: str
) -> None:
    body = answered(disputed, "v", "v", key)
    assert body["verdict"] == "corrected"
    assert body["mask"]["segmentation"] == drawn
    assert body["mask"]["category_id"] == CUP


def test_a_vote_for_the_proposal_is_taken_as_an_acceptance(disputed: ReviewPage) -> None:
    body = answered(disputed, "v", "Enter")
    assert (body["verdict"], body["category_id"]) == ("accepted", CUP)


def test_a_rejection_is_taken_with_its_reason(disputed: ReviewPage) -> None:
    disputed.page.locator(".vote", has_text="a shadow").click()
    expect(disputed.page.get_by_role("button", name="Take vote")).to_be_visible()
    body = answered(disputed, "t")
    assert (body["verdict"], body["reason"]) == ("rejected", "a shadow")


def test_accept_is_the_proposal_s_mask_also_while_a_vote_is_shown(disputed: ReviewPage) -> None:
    body = answered(disputed, "v", "v", "5", "a")
    assert (body["verdict"], body["category_id"], body.get("mask")) == ("accepted", 5, None)


def test_a_correction_begins_with_the_vote_that_is_shown(
    disputed: ReviewPage, drawn: dict[str, Any]
) -> None:
    page = disputed.page
    for key in ("v", "v", "e"):
        page.keyboard.press(key)
    expect(page.get_by_role("application", name="Correct the mask")).to_be_focused()
    body = answered(disputed, "Enter")
    assert body["mask"]["segmentation"] == drawn
    assert body["mask"]["category_id"] == CUP


def test_a_card_that_nobody_voted_on_has_none_of_it(review: ReviewPage) -> None:
    ready(review.deal(2).open())
    review.page.keyboard.press("v")
    assert review.state("vote") is None
    expect(review.page.get_by_role("region", name="They disagree")).to_have_count(0)
    expect(review.page.locator(".vote-legend")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_dispute_is_accessible(disputed: ReviewPage, axe: Axe, theme: str) -> None:
    disputed.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    is_sound(disputed, axe)
    for _ in range(2):
        disputed.page.keyboard.press("v")
        is_sound(disputed, axe)


# --- on the real server -------------------------------------------------------------------------


@pytest.fixture
def in_dispute(site: PageSite, photos: PhotoProject) -> Rle:
    """Two have voted on the first proposal: one accepts it as a cat, the other draws something
    else and says cup. The mask that was drawn."""
    votes = open_queue(site, photos, "Votes", fold=2)
    open_queue(site, photos, "Disputes", rule=Rule(adjudicate=True), priority=1)
    runtime = site.runtime
    upper = None
    for name in ("bo", "cy"):
        person = Person(create_user(runtime, name).id, name, judges_people=False)
        (card,) = cards.take(runtime, photos.id, person=person, queue_id=votes, count=1).cards
        if name == "bo":
            said = Judgement.accept(photos.categories["cat"])
        else:
            _, top, _, height = card.face.mask.bbox_xywh
            pixels = card.face.mask.rle.decode()
            pixels[top + height // 2 :] = False
            upper = Rle.encode(pixels)
            said = Judgement.correct(Submitted(photos.categories["cup"], upper.counts))
        token = card.card.token
        with runtime.engine.begin() as connection:
            answers.answer_in(connection, photos.id, card.card.id, said, token=token, person=person)
    assert upper is not None
    return upper


def test_a_dispute_is_settled_by_a_vote_and_can_be_reopened(
    window: Window,
    in_dispute: Rle,
    open_desk: Callable[..., ReviewDesk],
    site: PageSite,
    photos: PhotoProject,
) -> None:
    desk = open_desk().ready()
    card = desk.card
    strip = desk.page.get_by_role("region", name="They disagree")
    expect(strip.get_by_role("button")).to_have_count(3)
    words = ["as proposed, cat", "corrected, cup"]
    for row, said in zip(strip.get_by_role("button").all()[1:], words, strict=True):
        expect(row).to_contain_text(said)
    desk.press("v", "v", "Enter")
    desk.saved()
    made = desk.annotation_of(card)
    assert (made.rle_counts, made.category_id) == (in_dispute.counts, photos.categories["cup"])
    assert desk.verdicts() == [("corrected", None)]
    desk.press("u")
    desk.saved()
    desk.until(f"state.cards[0].id === {card} && !state.cards[0].stale")
    expect(strip.get_by_role("button")).to_have_count(3)
    assert desk.annotation_of(card).deleted
