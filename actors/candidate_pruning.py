"""Which candidates are worth keeping: the stable ones, and of near-identical ones the best.

A candidate goes when another that stays overlaps it almost wholly, in its box and in its pixels,
and is at least as good in every respect: whatever thresholds are chosen later, the other one passes
when it does, is visited before it, and suppresses it. Nothing here looks at full size; masks are
compared as bits of low resolution.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from maskloop.actors.candidates import Candidate, extent_of
from maskloop.platform.keeping import KEPT_OVERLAP, Keeping
from maskloop.platform.prompts import MASK_SIDE

_OFFSETS: Final = (0.5, 1.0, 2.0)
"""Where one candidate has to be as stable as the other."""
_MARGIN: Final = 0.03
"""How much less stable a mask may seem at low resolution than it is."""
_SMALL: Final = 64
"""Nodes of a mask that is too small to tell its stability from them."""


@dataclass(frozen=True)
class _Looks:
    """Of N candidates, by falling predicted IoU; an empty mask has no area."""

    boxes: npt.NDArray[np.float32]
    """(N, 4) of the nodes above 0, x1, y1, x2, y2, right and bottom exclusive."""
    areas: npt.NDArray[np.float32]
    stability: npt.NDArray[np.float32]
    """(N, 3), at `_OFFSETS`."""
    bits: npt.NDArray[np.uint8]
    """(N, 256, 32), the nodes above 0."""


def prune(found: list[Candidate], keeping: Keeping) -> list[Candidate]:
    """Those to keep, by falling predicted IoU. A mask without a node above 0 is empty and goes."""
    stable = [candidate for candidate in found if _is_stable(candidate, keeping)]
    stable.sort(key=lambda candidate: -candidate.predicted_iou)
    looks = _look(stable)
    kept: list[int] = []
    for index in range(len(stable)):
        if looks.areas[index] > 0 and not _is_outdone(looks, index, kept):
            kept.append(index)
    return [stable[index] for index in kept]


def _is_stable(candidate: Candidate, keeping: Keeping) -> bool:
    if candidate.window is None:
        return False
    logits = candidate.window.logits
    outside = _count(logits, -keeping.offset)
    inside = _count(logits, keeping.offset)
    return outside <= _SMALL or inside >= (keeping.stability - _MARGIN) * outside


def _count(logits: npt.NDArray[np.float32], level: float) -> int:
    return int(cv2.countNonZero((logits > level).view(np.uint8)))


def _look(candidates: list[Candidate]) -> _Looks:
    count = len(candidates)
    looks = _Looks(
        boxes=np.zeros((count, 4), dtype=np.float32),
        areas=np.zeros(count, dtype=np.float32),
        stability=np.zeros((count, len(_OFFSETS)), dtype=np.float32),
        bits=np.zeros((count, MASK_SIDE, MASK_SIDE // 8), dtype=np.uint8),
    )
    rows = np.zeros((MASK_SIDE, MASK_SIDE), dtype=bool)
    for index, candidate in enumerate(candidates):
        window = candidate.window
        assert window is not None, "an empty mask is not stable"
        positive = window.logits > 0
        extent = extent_of(positive.view(np.uint8))
        if extent is None:
            continue
        height, width = positive.shape
        rows[:height] = False
        rows[:height, window.left : window.left + width] = positive
        looks.bits[index, window.top : window.top + height] = np.packbits(rows[:height], axis=1)
        top, left, bottom, right = extent
        corner = (window.left, window.top, window.left + 1, window.top + 1)
        looks.boxes[index] = np.add((left, top, right, bottom), corner)
        looks.areas[index] = np.count_nonzero(positive)
        looks.stability[index] = [
            _count(window.logits, offset) / _count(window.logits, -offset) for offset in _OFFSETS
        ]
    return looks


def _is_outdone(looks: _Looks, index: int, kept: list[int]) -> bool:
    """Whether one that is kept, whose predicted IoU is no lower, makes this one superfluous."""
    others = np.array(kept, dtype=np.intp)
    area, areas = looks.areas[index], looks.areas[others]
    close = np.minimum(areas, area) > KEPT_OVERLAP * np.maximum(areas, area)
    close &= (looks.stability[others] >= looks.stability[index]).all(axis=1)
    others = others[close]
    others = others[_box_iou(looks.boxes[others], looks.boxes[index]) > KEPT_OVERLAP]
    if not len(others):
        return False
    x1, y1, x2, y2 = looks.boxes[index].astype(int)
    part = (slice(y1, y2), slice(x1 // 8, (x2 + 7) // 8))
    common = looks.bits[others][:, *part] & looks.bits[index][part]
    shared = np.bitwise_count(common).sum(axis=(1, 2), dtype=np.int64)
    union = looks.areas[others] + area - shared
    return bool((shared > KEPT_OVERLAP * union).any())


def _box_iou(
    boxes: npt.NDArray[np.float32], box: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(shared / (areas + (box[2:] - box[:2]).prod() - shared))
