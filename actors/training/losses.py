"""SAM's losses: focal and dice 20 : 1, and the IoU head's squared error.

Source: Segment Anything (arXiv 2304.02643, appendix A). Truth may be soft, the share of a cell that
is covered: the focal loss is then the quality focal loss (Generalized Focal Loss, arXiv
2006.04388), which is the plain one on 0 and 1. All figures are of one mask each; cells that are
padding count nowhere.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

FOCAL_WEIGHT: Final = 20.0
DICE_WEIGHT: Final = 1.0
IOU_WEIGHT: Final = 1.0
_GAMMA: Final = 2.0
_ALPHA: Final = 0.25


@dataclass(frozen=True, eq=False)
class Losses:
    """`total` (B,), to be averaged; `iou` (B,) of the mask that is carried on, `chosen` (B,)."""

    total: Tensor
    iou: Tensor
    chosen: Tensor
    """Its token: of those in play, the one with the highest predicted IoU."""


def losses(
    logits: Tensor,
    predicted_iou: Tensor,
    *,
    covered: Tensor,
    inside: Tensor,
    valid: Tensor,
    ambiguous: bool,
    optimism: float = 0.0,
) -> Losses:
    """Of `logits` (B, 4, S, S) and `predicted_iou` (B, 4) against the truth of B objects. Scores
    are to be the actual IoU and `optimism`, at most 1.

    For an `ambiguous` prompt (a single point, or a box alone) tokens 1 to 3 answer, and only the
    one with the smallest loss learns its mask; otherwise token 0 answers alone.
    """
    first = 1 if ambiguous else 0
    in_play = slice(1, None) if ambiguous else slice(0, 1)
    masks, predicted = logits[:, in_play].float(), predicted_iou[:, in_play].float()
    of_mask = FOCAL_WEIGHT * focal(masks, covered[:, None], valid)
    of_mask = of_mask + DICE_WEIGHT * dice(masks, covered[:, None], valid)
    actual = iou(masks.detach(), inside[:, None], valid)
    of_score = (predicted - (actual + optimism).clamp(0, 1)).square().mean(dim=1)
    total = of_mask.min(dim=1).values + IOU_WEIGHT * of_score
    best = predicted.detach().argmax(dim=1)
    return Losses(total, actual.gather(1, best[:, None])[:, 0], best + first)


def unlike(
    logits: Tensor, predicted_iou: Tensor, *, of: Tensor, scores: Tensor, valid: Tensor
) -> Tensor:
    """(B,): how far an answer is from another one, `of` (B, 4, S, S) and `scores` (B, 4), in all
    four masks and their scores; by the same measures and weights as from a truth."""
    of_mask = FOCAL_WEIGHT * focal(logits, of.sigmoid(), valid)
    of_mask = of_mask + DICE_WEIGHT * dice(logits, (of > 0).float(), valid)
    of_score = (predicted_iou - scores).square().mean(dim=1)
    return of_mask.mean(dim=1) + IOU_WEIGHT * of_score


def focal(logits: Tensor, covered: Tensor, valid: Tensor) -> Tensor:
    """(B, M): the mean over the valid cells."""
    truth = covered.expand_as(logits)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    off = (logits.sigmoid() - truth).abs() ** _GAMMA
    balance = _ALPHA * truth + (1 - _ALPHA) * (1 - truth)
    return (balance * off * entropy * valid).sum(dim=(-2, -1)) / valid.sum()


def dice(logits: Tensor, covered: Tensor, valid: Tensor) -> Tensor:
    """(B, M), with 1 added to both sides of the fraction, as for DETR and SAM."""
    inside = logits.sigmoid() * valid
    truth = covered * valid
    both = (inside * truth).sum(dim=(-2, -1))
    either = inside.sum(dim=(-2, -1)) + truth.sum(dim=(-2, -1))
    return 1 - (2 * both + 1) / (either + 1)


def iou(logits: Tensor, inside: Tensor, valid: Tensor) -> Tensor:
    """(B, M), of the mask above 0 with a truth of yes and no; 0 where both are empty."""
    answered = (logits > 0) & valid
    both = (answered & inside).sum(dim=(-2, -1)).float()
    either = (answered | inside).sum(dim=(-2, -1)).float()
    return both / either.clamp(min=1)
