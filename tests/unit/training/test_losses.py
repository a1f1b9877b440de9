"""SAM's losses, by hand."""

import math

import pytest
import torch
from torch import Tensor

from maskloop.actors.training.losses import dice, focal, iou, losses, unlike

EVERYWHERE = torch.ones(2, 2, dtype=torch.bool)


def logits_of(*probabilities: float) -> Tensor:
    """(1, 1, 2, 2)."""
    return torch.logit(torch.tensor(probabilities)).reshape(1, 1, 2, 2)


def test_focal_is_what_the_paper_says_on_yes_and_no() -> None:
    truth = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])

    found = focal(logits_of(0.9, 0.2, 0.5, 0.5), truth, EVERYWHERE)

    by_hand = (
        0.25 * 0.1**2 * -math.log(0.9)
        + 0.75 * 0.2**2 * -math.log(0.8)
        + 0.25 * 0.5**2 * -math.log(0.5)
        + 0.75 * 0.5**2 * -math.log(0.5)
    ) / 4
    assert found.item() == pytest.approx(by_hand, rel=1e-5)


def test_focal_is_least_where_the_answer_is_the_covered_share() -> None:
    truth = torch.full((1, 1, 2, 2), 0.3)

    by_answer = {p: focal(logits_of(p, p, p, p), truth, EVERYWHERE).item() for p in (0.2, 0.3, 0.4)}

    assert by_answer[0.3] == pytest.approx(0.0, abs=1e-6)
    assert min(by_answer, key=by_answer.__getitem__) == 0.3


def test_dice_is_what_detr_says() -> None:
    truth = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])

    found = dice(logits_of(0.9, 0.2, 0.5, 0.4), truth, EVERYWHERE)

    assert found.item() == pytest.approx(1 - (2 * 1.4 + 1) / (2.0 + 2.0 + 1), rel=1e-5)


def test_padding_counts_nowhere() -> None:
    truth = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    upper = torch.tensor([[True, True], [False, False]])
    calm, wild = logits_of(0.9, 0.2, 0.5, 0.5), logits_of(0.9, 0.2, 0.99, 0.01)

    for loss in (focal, dice):
        assert loss(calm, truth, upper).item() == pytest.approx(loss(wild, truth, upper).item())
    assert iou(wild, truth > 0.5, upper).item() == 1.0


def test_iou_of_two_masks_that_share_one_of_three_cells() -> None:
    inside = torch.tensor([[[[True, True], [False, False]]]])

    assert iou(logits_of(0.9, 0.1, 0.9, 0.1), inside, EVERYWHERE).item() == pytest.approx(1 / 3)


def asked(*, ambiguous: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients to the four masks and the four scores; then the IoU and token carried on."""
    truth = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    right, wrong = truth[0] * 8 - 4, 4 - truth[0] * 8
    logits = torch.stack([right, wrong, right, right / 2])[None].requires_grad_()
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.1]]).requires_grad_()
    found = losses(
        logits,
        scores,
        covered=truth,
        inside=truth > 0.5,
        valid=EVERYWHERE,
        ambiguous=ambiguous,
    )
    torch.autograd.backward(found.total.sum())
    assert logits.grad is not None
    assert scores.grad is not None
    return logits.grad, scores.grad, found.iou, found.chosen


def test_of_three_masks_only_the_best_one_learns_and_every_score_does() -> None:
    of_masks, of_scores, carried_iou, chosen = asked(ambiguous=True)

    assert [bool(each.any()) for each in of_masks[0]] == [False, False, True, False]
    # Mean of (score - IoU)² over the three.
    assert of_scores[0].tolist() == pytest.approx(
        [0.0, 2 / 3 * 0.8, 2 / 3 * (0.7 - 1), 2 / 3 * (0.1 - 1)]
    )
    assert (carried_iou.tolist(), chosen.tolist()) == ([0.0], [1])


def test_several_prompts_are_answered_by_token_0_alone() -> None:
    of_masks, of_scores, carried_iou, chosen = asked(ambiguous=False)

    assert [bool(each.any()) for each in of_masks[0]] == [True, False, False, False]
    assert of_scores[0].tolist() == pytest.approx([2 * (0.9 - 1), 0.0, 0.0, 0.0])
    assert (carried_iou.tolist(), chosen.tolist()) == ([1.0], [0])


def test_an_answer_is_unlike_another_by_all_four_masks_and_scores() -> None:
    theirs = logits_of(0.9, 0.2, 0.6, 0.4).expand(1, 4, 2, 2)
    scores = torch.tensor([[0.5, 0.6, 0.7, 0.8]])
    same = unlike(theirs, scores, of=theirs, scores=scores, valid=EVERYWHERE)

    by_hand = 1 - (2 * 1.5 + 1) / (2.1 + 2.0 + 1)  # nothing of focal; dice with their yes and no
    assert same.item() == pytest.approx(by_hand, rel=1e-5)
    other_scores = scores + torch.tensor([[0.0, 0.0, 0.2, 0.0]])
    by_score = unlike(theirs, other_scores, of=theirs, scores=scores, valid=EVERYWHERE)
    assert (by_score - same).item() == pytest.approx(0.2**2 / 4, rel=1e-4)
    for token in range(4):
        ours = theirs.clone()
        ours[:, token] = -ours[:, token]
        by_mask = unlike(ours, scores, of=theirs, scores=scores, valid=EVERYWHERE)
        assert by_mask.item() > same.item() + 0.1


def test_scores_learn_the_actual_iou_and_the_parents_optimism_but_never_more_than_one() -> None:
    inside = torch.tensor([[[True, False], [False, False]]])
    logits = torch.where(inside, 5.0, -5.0)[:, None].expand(1, 4, 2, 2)
    for optimism, aim in ((0.0, 1.0), (0.3, 1.0)):
        at_aim, below = (
            losses(
                logits,
                torch.full((1, 4), score),
                covered=inside.float(),
                inside=inside,
                valid=EVERYWHERE,
                ambiguous=True,
                optimism=optimism,
            ).total.item()
            for score in (aim, aim - 0.1)
        )
        assert below - at_aim == pytest.approx(0.1**2, rel=1e-4)
    half = torch.tensor([[[True, True], [False, False]]])
    at_aim, honest = (
        losses(
            logits,
            torch.full((1, 4), score),
            covered=half.float(),
            inside=half,
            valid=EVERYWHERE,
            ambiguous=True,
            optimism=0.2,
        ).total.item()
        for score in (0.7, 0.5)
    )
    assert honest - at_aim == pytest.approx(0.2**2, rel=1e-4)
