"""Boundary F: how well the outline of one mask follows that of another.

As in the DAVIS benchmark (Perazzi et al., CVPR 2016; after Martin et al., 2004): outline
pixels count as found where one of the other outline is no farther than a tolerance.
"""

from math import ceil, hypot

import cv2
import numpy as np
import numpy.typing as npt

from maskloop.actors.evaluation.centre import Mask, squared_distances

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.uint8)


def boundary_f(ours: Mask, theirs: Mask, tolerance: float) -> float:
    """F measure, 0 to 1; 0 where one of them is empty. `tolerance`: of the image's diagonal, then
    rounded up to whole pixels."""
    return boundary_f_within(ours, theirs, reach_of(tolerance, ours.shape))


def reach_of(tolerance: float, size_hw: tuple[int, ...]) -> int:
    """In pixels, of a tolerance in parts of the diagonal."""
    return ceil(tolerance * hypot(*size_hw))


def boundary_f_within(ours: Mask, theirs: Mask, reach: int) -> float:
    """The same of a part of the image that holds all of both masks."""
    both = ours | theirs
    rows, columns = np.flatnonzero(both.any(axis=1)), np.flatnonzero(both.any(axis=0))
    if not len(rows):
        return 0.0
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mine, other = _outline(ours[part]), _outline(theirs[part])
    if not mine.any() or not other.any():
        return 0.0
    precision = _near(mine, other, reach)
    recall = _near(other, mine, reach)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask: Mask) -> npt.NDArray[np.bool_]:
    """Pixels of a mask with one of four neighbours outside; beyond the image is outside."""
    inside = np.pad(mask, 1).view(np.uint8)
    return np.asarray(inside > cv2.erode(inside, _CROSS))


def _near(found: npt.NDArray[np.bool_], wanted: npt.NDArray[np.bool_], reach: int) -> float:
    """The share of `found` that has one of `wanted` within `reach` pixels."""
    squares = squared_distances((~wanted).view(np.uint8))
    return float((squares[found] <= reach * reach).mean())
