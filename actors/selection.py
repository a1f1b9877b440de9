"""Which candidates become masks: thresholds, crop edges and box NMS, with little work at full size.

The official code brings every candidate to full size, filters by stability and crop edge, and then
suppresses boxes. Here candidates are visited by falling predicted IoU, and looked at only as
closely as the decision needs. The outcome is the same:

- Greedy NMS keeps a candidate exactly when it passes the filters and no *kept* candidate before it
  has a box IoU above the threshold with it. Both conditions are needed, so either may be looked at
  first, and if one is known to fail, the other need not be known.
- Only what is kept suppresses others, and that has been computed exactly.
- A box between a known inner and a known outer one shares at least inner ∩ kept and at most
  outer ∩ kept with a kept box, and their union is at most |outer| + |kept| - inner ∩ kept and at
  least |inner| + |kept| - outer ∩ kept. So box IoU has a lower bound, above which the candidate
  is suppressed whatever its mask is, and an upper bound, up to which it is not.
- A stability score cannot be above the bound that `candidates` proves from low resolution.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from maskloop.actors.candidates import NOTHING, Bounds, Candidate, Candidates, Window, passes
from maskloop.actors.crops import Crop, touches_inner_edge
from maskloop.actors.upscaling import Box, Upscaling
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import Rle

_MARGIN = 1e-5
"""What rounding may do to a ratio; a bound decides only beyond it."""
_FULL_SIZE_VALUES = 4_000_000
"""Full-size values at a time: bounds the memory for large images."""


@dataclass(frozen=True)
class Found:
    """A mask that is kept, in pixels of the image; box right and bottom inclusive."""

    rle: Rle
    box_xyxy: Box
    predicted_iou: float
    stability_score: float
    point_xy: tuple[float, float]
    crop: Crop


@dataclass(frozen=True)
class _Measured:
    """A candidate at full size. `mask` (h, w) begins at (`top`, `left`) of the crop."""

    mask: npt.NDArray[np.bool_]
    top: int
    left: int
    stability_score: float
    box_xyxy: Box


def select(
    candidates: Candidates, parameters: GenerationParameters, size_hw: tuple[int, int]
) -> list[Found]:
    """What is kept of one crop, by falling predicted IoU. `size_hw`: the whole image's."""
    order = _by_predicted_iou(candidates.found, parameters.pred_iou_thresh)
    looks = [candidates.bounds(index) for index in order]
    suppression = _Suppression(looks, parameters.box_nms_thresh)
    kept: list[Found] = []
    for position, (index, bounds) in enumerate(zip(order, looks, strict=True)):
        if suppression.certain[position] or _is_unstable(bounds, parameters):
            continue
        if suppression.is_suspect(position) and bounds.inner_box != NOTHING:
            exact_box = _exact_box(candidates.upscaling, bounds)
            if suppression.suppresses(exact_box):
                continue
        measured = _measure(candidates, bounds.window)
        if np.float32(measured.stability_score) < np.float32(parameters.stability_score_thresh):
            continue  # compared in float32, as the official code does: 19/20 reaches 0.95
        if _is_cut(measured.box_xyxy, candidates.crop, size_hw):
            continue
        if suppression.suppresses(measured.box_xyxy):
            continue
        suppression.keep(measured.box_xyxy)
        kept.append(_found(measured, candidates.found[index], candidates.crop, size_hw))
    return kept


def _by_predicted_iou(found: list[Candidate], thresh: float) -> list[int]:
    """The indices of those above the threshold, the best first."""
    scores = np.array([candidate.predicted_iou for candidate in found], dtype=np.float32)
    order = np.argsort(-scores, kind="stable")
    return [int(index) for index in order[passes(scores, thresh)[order]]]


class _Suppression:
    """Which candidates, by falling predicted IoU, are known to be suppressed by what is kept."""

    def __init__(self, looks: list[Bounds], iou_thresh: float) -> None:
        self._thresh = iou_thresh
        self._outer = _boxes([bounds.outer_box for bounds in looks])
        self._inner = _boxes([bounds.inner_box for bounds in looks])
        self._kept = _boxes([])
        self.certain = np.zeros(len(looks), dtype=bool)
        self._suspect = np.zeros(len(looks), dtype=bool)

    def is_suspect(self, position: int) -> bool:
        """Whether a candidate may be suppressed, for all that is known."""
        return bool(self._suspect[position])

    def suppresses(self, box: Box) -> bool:
        """Whether what is kept does, by a mask's real box."""
        one = _boxes([box])
        shared = _shared(one, self._kept)
        union = _area(one) + _area(self._kept) - shared
        # Divided as `suppression` does: at a tie, a product would be rounded to the other side.
        iou = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        return bool((iou > self._thresh).any())

    def keep(self, box: Box) -> None:
        one = _boxes([box])
        self._kept = np.concatenate([self._kept, one])
        shared = _shared(self._inner, one)
        union = _area(self._outer) + _area(one) - shared
        self.certain |= shared > (self._thresh + _MARGIN) * np.maximum(union, 1)
        shared = _shared(self._outer, one)
        union = _area(self._inner) + _area(one) - shared
        self._suspect |= shared > (self._thresh - _MARGIN) * union


def _exact_box(upscaling: Upscaling, bounds: Bounds) -> Box:
    """The box of the mask from the strips between its inner box, which there must be, and outer."""
    window, (x1, y1, x2, y2) = bounds.window, bounds.outer_box
    assert window is not None, "something is positive in an inner box"
    logits = torch.from_numpy(window.logits)
    inner_x1, inner_y1, inner_x2, inner_y2 = bounds.inner_box

    def pixels(rows: tuple[int, int], columns: tuple[int, int]) -> npt.NDArray[np.bool_]:
        return upscaling.full(logits, window.top, window.left, rows, columns) > 0

    above = pixels((y1, inner_y1), (x1, x2 + 1))
    below = pixels((inner_y2 + 1, y2 + 1), (x1, x2 + 1))
    before = pixels((y1, y2 + 1), (x1, inner_x1))
    behind = pixels((y1, y2 + 1), (inner_x2 + 1, x2 + 1))
    return (
        x1 + _empty_rows(before.T),
        y1 + _empty_rows(above),
        x2 - _empty_rows(behind.T[::-1]),
        y2 - _empty_rows(below[::-1]),
    )


def _empty_rows(pixels: npt.NDArray[np.bool_]) -> int:
    """How many rows there are before the first one in which a pixel is set."""
    used = np.flatnonzero(pixels.any(axis=1))
    return int(used[0]) if len(used) else len(pixels)


def _measure(candidates: Candidates, window: Window | None) -> _Measured:
    if window is None:
        return _Measured(np.zeros((0, 0), dtype=bool), 0, 0, 0.0, (0, 0, 0, 0))
    upscaling, offset = candidates.upscaling, candidates.offset
    height, width = window.logits.shape
    top, bottom = upscaling.rows.within(window.top, window.top + height - 1)
    left, right = upscaling.columns.within(window.left, window.left + width - 1)
    logits = torch.from_numpy(window.logits)
    mask = np.empty((bottom - top, right - left), dtype=bool)
    inside = outside = 0
    step = max(1, _FULL_SIZE_VALUES // max(1, right - left))
    for start in range(top, bottom, step):
        rows = (start, min(start + step, bottom))
        full = upscaling.full(logits, window.top, window.left, rows, (left, right))
        np.greater(full, 0, out=mask[start - top : rows[1] - top])
        inside += int(np.count_nonzero(full > offset))
        outside += int(np.count_nonzero(full > -offset))
    stability = float(np.float32(inside / max(outside, 1)))
    return _Measured(mask, top, left, stability, box_of(mask, top, left))


def box_of(mask: npt.NDArray[np.bool_], top: int = 0, left: int = 0) -> Box:
    """The outermost pixels of a mask whose first one is at (top, left); zeros for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return (
        left + int(columns[0]),
        top + int(rows[0]),
        left + int(columns[-1]),
        top + int(rows[-1]),
    )


def _is_unstable(bounds: Bounds, parameters: GenerationParameters) -> bool:
    return bounds.most_stable < parameters.stability_score_thresh - _MARGIN


def _is_cut(box: Box, crop: Crop, size_hw: tuple[int, int]) -> bool:
    boxes = _boxes([_moved(box, crop)])
    return bool(touches_inner_edge(boxes, crop, size_hw)[0])


def _moved(box: Box, crop: Crop) -> Box:
    left, top = crop.box_xyxy[:2]
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top


def _found(
    measured: _Measured, candidate: Candidate, crop: Crop, size_hw: tuple[int, int]
) -> Found:
    left, top = crop.box_xyxy[:2]
    x, y = candidate.point_xy
    return Found(
        rle=Rle.encode_part(measured.mask, measured.top + top, measured.left + left, size_hw),
        box_xyxy=_moved(measured.box_xyxy, crop),
        predicted_iou=candidate.predicted_iou,
        stability_score=measured.stability_score,
        point_xy=(x + left, y + top),
        crop=crop,
    )


def _boxes(boxes: list[Box]) -> npt.NDArray[np.float64]:
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _area(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def _shared(
    boxes: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Areas of intersections, of which one side may be a single box."""
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=1))
