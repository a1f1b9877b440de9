"""Prompts taken from a mask and moved a little, the same whenever they are asked for.

They are taken from the mask alone, not from the point that a proposal was made from: that point
leads to the same mask again, whether it is right or not.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from maskloop.actors.evaluation.centre import centre_of
from maskloop.actors.selection import box_of
from maskloop.platform.errors import BadMaskError

BOXES: Final = 3
POINTS: Final = 2
"""Of each, the first one not moved at all."""
_MOVED: Final = 0.1
"""How far each side of a box goes at most, as a share of its length."""
_DEEP: Final = 0.4
"""Points lie where the mask is at least so deep, as a share of its greatest depth."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JitteredPrompts:
    """`boxes_xyxy` (BOXES, 4) and `points_xy` (POINTS, 2), in pixels of the original."""

    boxes_xyxy: Floats
    points_xy: Floats


def jittered(mask: Mask, name: str) -> JitteredPrompts:
    """`name` decides how they move: the same name and mask give the same prompts.

    Raises `BadMaskError` for a mask without any pixel.
    """
    centre = centre_of(mask)
    if centre is None:
        raise BadMaskError("it has no pixel inside")
    random = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    left, top, right, bottom = box_of(mask)
    box = np.array([left, top, right + 1, bottom + 1], dtype=np.float64)
    corner = np.array([left + 0.5, top + 0.5])
    inside = corner + _deep(mask[top : bottom + 1, left : right + 1])
    chosen = inside[random.integers(0, len(inside), POINTS - 1)]
    return JitteredPrompts(_moved(box, mask.shape, random), np.vstack([centre.xy, chosen]))


def _moved(box: Floats, shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    width, height = box[2] - box[0], box[3] - box[1]
    moves = random.uniform(-_MOVED, _MOVED, (BOXES, 4)) * (width, height, width, height)
    moves[0] = 0
    clipped: Floats = np.clip(box + moves, 0, (shape[1], shape[0], shape[1], shape[0]))
    return clipped


def _deep(part: Mask) -> Floats:
    """(n, 2) x and y of the pixels that are deep inside `part` (h, w)."""
    depths = cv2.distanceTransform(
        np.pad(part, 1).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )[1:-1, 1:-1]
    rows, columns = np.nonzero(depths >= _DEEP * depths.max())
    return np.stack([columns, rows], axis=1).astype(np.float64)
