"""Errors made on purpose: masks that are wrong in one known way and by a known amount, planted
among proposals to see whether a reviewer finds them.

How wrong is an IoU with the true mask. Everything random comes from the caller's generator, so the
same seed plants the same error.
"""

from collections.abc import Iterator, Sequence
from math import ceil, cos, pi, sin, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from maskloop.platform.states import Defect

IOU: Final = 0.6
"""With the truth: plainly wrong to whoever looks, and not to whoever does not."""
TOLERANCE: Final = 0.05
"""How far from the wanted IoU a spoiled mask may be."""
LEAST_AREA: Final = 64
"""Pixels; what is wrong with a smaller mask can hardly be seen."""
_DIRECTIONS: Final = 16
"""A shift tries so many, evenly around from a random one, until one fits into the picture."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def spoil(
    defect: Defect,
    truth: Mask,
    neighbours: Sequence[Mask],
    *,
    iou: float = IOU,
    rng: np.random.Generator,
) -> Mask | None:
    """A fresh (H, W) mask with this defect, whose IoU with `truth` (H, W) is within `TOLERANCE` of
    `iou`; None where there is none: too small, nothing to merge with, no room for a shift.

    `neighbours`: (H, W) masks of other objects of the picture; only a merge needs them. A wrong
    category leaves the mask as it is: a copy of `truth`, to which the caller gives another name.
    """
    if truth.sum() < LEAST_AREA:
        return None
    if defect is Defect.WRONG_CATEGORY:
        return truth.copy()
    ways: dict[Defect, Iterator[Mask]] = {
        Defect.ERODED: _eroded(truth, iou),
        Defect.SHIFTED: _shifted(truth, iou, rng),
        Defect.MERGED: _merged(truth, neighbours, iou),
        Defect.MISSING_PART: _cut(truth, iou, rng),
    }
    return next((mask for mask in ways[defect] if _is_near(mask, truth, iou)), None)


def _is_near(mask: Mask, truth: Mask, iou: float) -> bool:
    found = float((mask & truth).sum() / (mask | truth).sum())
    return abs(found - iou) <= TOLERANCE and found < 1


def _eroded(truth: Mask, iou: float) -> Iterator[Mask]:
    """What is deepest inside. The picture's border is no outline: there nothing is taken away."""
    if truth.all():
        return
    part = _around(truth, 1)
    depths = ndimage.distance_transform_edt(truth[part])[truth[part]]
    yield _those(truth, _largest(depths, iou * len(depths)))


def _cut(truth: Mask, iou: float, rng: np.random.Generator) -> Iterator[Mask]:
    """What lies on one side of a straight line at a random angle."""
    angle = rng.uniform(0, 2 * pi)
    rows, columns = np.nonzero(truth)
    yield _those(truth, _largest(columns * cos(angle) + rows * sin(angle), iou * len(rows)))


def _shifted(truth: Mask, iou: float, rng: np.random.Generator) -> Iterator[Mask]:
    """As it is, elsewhere and wholly in the picture; in the first direction with room for it."""
    box = _around(truth, 0)
    shape = truth[box]
    first = rng.uniform(0, 2 * pi)
    for angle in first + np.arange(_DIRECTIONS) * (2 * pi / _DIRECTIONS):
        down, right = _step_to(shape, iou, float(angle))
        top, left = box[0].start + down, box[1].start + right
        height, width = shape.shape
        if 0 <= top <= truth.shape[0] - height and 0 <= left <= truth.shape[1] - width:
            moved = np.zeros_like(truth)
            moved[top : top + height, left : left + width] = shape
            yield moved


def _step_to(shape: Mask, iou: float, angle: float) -> tuple[int, int]:
    """Rows and columns to go in a direction until the IoU with where it stood is the wanted one:
    bisection between staying and no overlap at all."""
    near, far = 0.0, float(sum(shape.shape))
    while far - near > 0.25:
        middle = (near + far) / 2
        if _iou_after(shape, _rounded(middle, angle)) > iou:
            near = middle
        else:
            far = middle
    steps = (_rounded(near, angle), _rounded(far, angle))
    return min(steps, key=lambda step: abs(_iou_after(shape, step) - iou))


def _rounded(distance: float, angle: float) -> tuple[int, int]:
    return round(distance * sin(angle)), round(distance * cos(angle))


def _iou_after(shape: Mask, step: tuple[int, int]) -> float:
    here, there = (np.s_[max(0, sign * step[0]) :, max(0, sign * step[1]) :] for sign in (1, -1))
    ours, theirs = shape[here], shape[there]
    height, width = min(ours.shape[0], theirs.shape[0]), min(ours.shape[1], theirs.shape[1])
    common = int((ours[:height, :width] & theirs[:height, :width]).sum())
    return common / (2 * int(shape.sum()) - common)


def _merged(truth: Mask, neighbours: Sequence[Mask], iou: float) -> Iterator[Mask]:
    """With a neighbour, or what of it is nearest; the nearest neighbour first. Nothing is taken
    from farther away than the object is large."""
    area = int(truth.sum())
    reach = ceil(sqrt(area))
    part = _around(truth, reach)
    distances = ndimage.distance_transform_edt(~truth[part])
    near = [mask[part] & ~truth[part] & (distances <= reach) for mask in neighbours]
    for other in sorted((mask for mask in near if mask.any()), key=lambda m: distances[m].min()):
        merged = truth.copy()
        merged[part] |= _those(other, _largest(-distances[other], area / iou - area))
        yield merged


def _around(mask: Mask, margin: int) -> tuple[slice, slice]:
    """The box of a mask and so many pixels around it, as far as there is a picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


def _largest(values: Floats, count: float) -> Mask:
    """Which are above a level, chosen so that they are as nearly `count` as a level can part."""
    levels, times = np.unique(values, return_counts=True)
    above = len(values) - np.append(0, np.cumsum(times))
    level = np.append(-np.inf, levels)[np.abs(above - count).argmin()]
    return np.asarray(values > level)


def _those(mask: Mask, chosen: Mask) -> Mask:
    """Of a mask's pixels, row by row, the chosen ones."""
    found = mask.copy()
    found[mask] = chosen
    return found
