"""Replay: what the parent answers on images outside the training set is taught again with the new.

Without it a decoder that learns one kind of object forgets others (learning without forgetting,
arXiv 1606.09282). All that the parent says is kept, not only its best mask: which of the readings
comes first is part of what people know of a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maskloop.actors.sam.transforms import resized_hw
from maskloop.actors.training.prompts import Asked, Box, Xy, noisy_box
from maskloop.actors.training.student import Student
from maskloop.actors.training.truth import Mask, valid_cells
from maskloop.platform.prompts import POSITIVE

_CELL = 4
"""Pixels of the input in a cell of the decoder's grid."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Of prompts of one shape: `logits` (B, 4, 256, 256), `predicted_iou` (B, 4)."""

    asked: tuple[Asked, ...]
    logits: Tensor
    predicted_iou: Tensor


def remembered(
    parent: Student,
    features: Tensor,
    size_hw: tuple[int, int],
    *,
    most: int,
    rng: np.random.Generator,
) -> tuple[Answers, ...]:
    """What the parent answers to `most` prompts: random points, and boxes of what it found there.

    `features` (1, 256, 64, 64) of an image of this size.
    """
    resized = resized_hw(size_hw)
    height, width = resized
    places = rng.random((-(-most // 2), 2)) * (width, height)
    clicks = tuple(Asked(((float(x), float(y)),), (POSITIVE,)) for x, y in places)
    of_clicks = _answers(parent, features, clicks)
    found = best_masks(of_clicks.logits, of_clicks.predicted_iou) & valid_cells(size_hw)
    boxes = tuple(
        Asked(box_xyxy=noisy_box(_box_of(mask), resized, rng))
        for mask in found[: most // 2]
        if mask.any()
    )
    return (of_clicks, _answers(parent, features, boxes)) if boxes else (of_clicks,)


def _answers(parent: Student, features: Tensor, asked: tuple[Asked, ...]) -> Answers:
    with torch.no_grad():
        return Answers(asked, *parent.answer(features, list(asked)))


def confident_answers(
    model: Student, features: Tensor, points_xy: Sequence[Xy]
) -> tuple[Mask, np.ndarray]:
    """Of each positive point the mask (256, 256) with the highest predicted IoU, and that score."""
    found = _answers(model, features, tuple(Asked((xy,), (POSITIVE,)) for xy in points_xy))
    scores = found.predicted_iou[:, 1:].max(dim=1).values
    return best_masks(found.logits, found.predicted_iou), scores.cpu().numpy()


def best_masks(logits: Tensor, predicted_iou: Tensor) -> Mask:
    """(B, 256, 256): of tokens 1 to 3 the one with the highest predicted IoU."""
    best = predicted_iou[:, 1:].argmax(dim=1) + 1
    rows = torch.arange(len(best), device=best.device)
    masks: Mask = (logits[rows, best] > 0).cpu().numpy()
    return masks


def _box_of(mask: Mask) -> Box:
    """In the input, of a mask on the decoder's grid."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x1, y1, x2, y2 = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return float(_CELL * x1), float(_CELL * y1), float(_CELL * x2), float(_CELL * y2)
