"""Images that several people labeled and do not agree on: their passes side by side, one of which
is taken. The page by itself; the test answers as `/folds` does."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.accessibility import Axe
from browser.review import dealt
from browser.review.review_page import ReviewPage, problem
from browser.review.test_states import is_sound

DECIDER = [*dealt.REVIEWER, "annotations.write_all"]
PAINTED = """(at) => { const { width, height } = document.querySelectorAll("[data-layer=mask]")[at];
  const { data } = document.querySelectorAll("[data-layer=mask]")[at].getContext("2d")
    .getImageData(0, 0, width, height);
  return data.filter((value, place) => place % 4 === 3 && value > 0).length; }"""


def drawn(at: int, place: int, category: int) -> dict[str, Any]:
    """An object on the photograph `at`, elsewhere for each `place`."""
    one = dealt.card(at + 4 * place)
    shown = {key: one[key] for key in ("segmentation", "bbox", "area")}
    return shown | {"category_id": category, "category": dealt.CATEGORIES[category - 1]}


def a_pass(number: int, objects: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    said = {"pass_id": number, "image_id": 900 + number, "outcome": "done", "reason": None}
    shown = {"objects": len(objects), "taken": False, "user": None, "annotations": objects}
    return said | shown | more


def fold(at: int) -> dict[str, Any]:
    both = drawn(at, 1, 2)
    passes = [
        a_pass(10 * at + 1, [both, drawn(at, 4, 3)]),
        a_pass(10 * at + 2, [both]),
        a_pass(10 * at + 3, [], outcome="skipped", reason="too blurred"),
    ]
    return {
        "image": dealt.card(at)["image"],
        "queue_id": 2,
        "fold": 3,
        "state": "disputed",
        "passes": passes,
        "agreement": {"mean_iou": 1.0, "matched": 1, "objects": 3},
        "created_at": "2026-11-26T02:00:00Z",
    }


@pytest.fixture
def disputed(review: ReviewPage) -> ReviewPage:
    review.permissions = DECIDER
    found = [fold(at) for at in (1, 2)]
    review.queues = [dealt.queue(), dealt.queue(2, "Roads", subject="images", fold=3)]
    review.said["GET /folds"] = (200, {"items": found, "next": None})
    for one in found:
        review.said[f"GET /folds/{one['image']['id']}"] = (200, one)
    return review


def shown(review: ReviewPage) -> Page:
    review.open("?project=7&folds")
    expect(review.page.locator(".pass-picture[data-ready=true]")).to_have_count(3)
    return review.page


def settling(review: ReviewPage, answer: Any = (200, {})) -> list[Any]:
    taken: list[Any] = []

    def settle(body: Any) -> Any:
        taken.append(body)
        return answer

    for image in (101, 102):
        review.said[f"POST /folds/{image}/settle"] = settle
    return taken


def test_passes_stand_side_by_side_and_say_what_only_some_drew(disputed: ReviewPage) -> None:
    page = shown(disputed)
    heads = [one.inner_text() for one in page.locator(".pass-head span").all()]
    assert heads == ["2 objects · 1 only here", "1 object", "skipped: too blurred"]
    expect(page.locator(".left")).to_have_text("2 in dispute")
    assert page.evaluate(PAINTED, 0) > page.evaluate(PAINTED, 1) > 0
    page.keyboard.down("Space")
    expect(page.get_by_role("img", name="masks are off")).to_have_count(3)
    assert page.evaluate(PAINTED, 0) == 0
    page.keyboard.up("Space")
    expect(page.get_by_role("img", name="masks are off")).to_have_count(0)


def test_a_pass_is_taken_by_the_second_enter_and_the_next_image_comes(
    disputed: ReviewPage,
) -> None:
    taken = settling(disputed)
    page = shown(disputed)
    for key in ("b", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".decision-bar")).to_contain_text("This cannot be undone")
    assert taken == []
    page.keyboard.press("Enter")
    expect(page.locator(".left")).to_have_text("1 in dispute")
    assert taken == [{"pass_id": 12, "finish": True}]
    expect(page.get_by_role("heading", name="astronaut.png")).to_be_visible()


def test_a_pass_is_taken_by_mouse_to_be_corrected(disputed: ReviewPage) -> None:
    taken = settling(disputed)
    page = shown(disputed)
    page.locator(".pass-picture").first.click()
    page.get_by_role("button", name="Take A and correct").click()
    page.get_by_role("button", name="Yes, take A and correct").click()
    page.wait_for_url(re.compile(r"/label/\?project=7&image=101$"))
    assert taken == [{"pass_id": 11, "finish": False}]


def test_what_somebody_else_decided_meanwhile_is_said_and_left(disputed: ReviewPage) -> None:
    refusal = problem(409, "refused_transition", "Image 101 has been decided by bo.")
    settling(disputed, refusal)
    page = shown(disputed)
    for key in ("1", "Enter", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_text("has been decided by bo").first).to_be_visible()
    expect(page.get_by_role("heading", name="astronaut.png")).to_be_visible()


def test_the_next_image_comes_by_key_and_the_first_again(disputed: ReviewPage) -> None:
    page = shown(disputed)
    for name in ("astronaut.png", "chelsea.png"):
        page.keyboard.press("n")
        expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_the_queue_chooser_leads_there(disputed: ReviewPage) -> None:
    disputed.deal(1).open()
    choice = disputed.page.get_by_role("combobox", name="Queue")
    expect(choice.get_by_role("option", name="Images in dispute · 2")).to_be_attached()
    choice.select_option("folds")
    expect(disputed.page.locator(".pass")).to_have_count(3)


def test_no_dispute_and_no_answer_are_said(disputed: ReviewPage) -> None:
    disputed.said["GET /folds"] = problem(503, "database_away", "The database is away.")
    disputed.open("?project=7&folds")
    page = disputed.page
    expect(page.get_by_role("alert").filter(has_text="The database is away.")).to_be_visible()
    disputed.said["GET /folds"] = (200, {"items": [], "next": None})
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No image is in dispute")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_passes_are_accessible(disputed: ReviewPage, axe: Axe, theme: str) -> None:
    disputed.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page = shown(disputed)
    is_sound(disputed, axe)
    page.keyboard.press("1")
    is_sound(disputed, axe)
    page.keyboard.press("Enter")
    is_sound(disputed, axe)
