"""Prompts: what asks for a mask. Always in pixels of the original image, (x, y)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from maskloop.platform.errors import BadPromptError

NEGATIVE: Final = 0
POSITIVE: Final = 1
MASK_SIDE: Final = 256
"""Side of a low-resolution mask: what a decoder gives and takes as a prompt."""


@dataclass(frozen=True)
class Prompts:
    """One object's prompts: at least one of points, a box, a mask.

    `points_xy`: (x, y) per point, `labels`: 1 positive, 0 negative, `box_xyxy`: (x1, y1, x2, y2),
    `mask_logits`: float32 (256, 256), the low-resolution logits of an earlier answer.
    """

    points_xy: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    box_xyxy: tuple[float, float, float, float] | None = None
    mask_logits: npt.NDArray[np.float32] | None = None

    def check(self, size_hw: tuple[int, int]) -> None:
        """Raise `BadPromptError` unless these prompts make sense on an image of this size."""
        if not self.points_xy and self.box_xyxy is None and self.mask_logits is None:
            raise BadPromptError("give at least one point, a box or a mask")
        if len(self.points_xy) != len(self.labels):
            raise BadPromptError(f"{len(self.points_xy)} points but {len(self.labels)} labels")
        if any(label not in (NEGATIVE, POSITIVE) for label in self.labels):
            raise BadPromptError("a point's label is 1 (positive) or 0 (negative)")
        for x, y in self.points_xy:
            _check_inside("point", x, y, size_hw=size_hw)
        if self.box_xyxy is not None:
            _check_box(self.box_xyxy, size_hw)
        if self.mask_logits is not None:
            _check_mask(self.mask_logits)


def _check_inside(what: str, x: float, y: float, *, size_hw: tuple[int, int]) -> None:
    height, width = size_hw
    if not (0 <= x <= width and 0 <= y <= height):
        raise BadPromptError(
            f"the {what} ({x:g}, {y:g}) lies outside the image, which is {width} wide and "
            f"{height} high"
        )


def _check_box(box_xyxy: tuple[float, float, float, float], size_hw: tuple[int, int]) -> None:
    x1, y1, x2, y2 = box_xyxy
    _check_inside("box corner", x1, y1, size_hw=size_hw)
    _check_inside("box corner", x2, y2, size_hw=size_hw)
    if not (x1 < x2 and y1 < y2):
        raise BadPromptError(
            f"the box ({x1:g}, {y1:g}, {x2:g}, {y2:g}) has no area; give x1, y1, x2, y2 with "
            "x1 < x2 and y1 < y2"
        )


def _check_mask(mask_logits: npt.NDArray[np.float32]) -> None:
    if mask_logits.shape != (MASK_SIDE, MASK_SIDE):
        raise BadPromptError(f"a mask prompt is 256 by 256 logits, not {mask_logits.shape}")
    if not np.isfinite(mask_logits).all():
        raise BadPromptError("the mask prompt holds values that are not numbers")
