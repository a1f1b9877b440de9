"""Candidates: what the decoder answered to the points of a crop, before anything is chosen."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from maskloop.actors.crops import Crop
from maskloop.actors.upscaling import REACH, Box, Upscaling

NOTHING: Final = (0, 0, 0, 0)
"""A box of no area, which overlaps no other."""
_NEIGHBOURS = np.ones((3, 3), dtype=np.uint8)


@dataclass(frozen=True)
class Window:
    """Low-resolution logits (h, w) from row `top` and column `left` on; below `floor` elsewhere."""

    top: int
    left: int
    logits: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Bounds:
    """What low resolution proves of a candidate, in pixels of its crop."""

    window: Window | None
    """None where no logit is above the negative offset: an empty mask, whose stability is 0."""
    outer_box: Box
    """The mask's box lies within it; `NOTHING` for a mask that is empty for sure."""
    inner_box: Box
    """Lies within the mask's box; `NOTHING` when no pixel is sure."""
    most_stable: float
    """Its stability score at full size is no more than this."""
    stability: float
    """About what it is; this is no proof."""


@dataclass(frozen=True)
class Candidate:
    """One mask of one point, in pixels of its crop."""

    window: Window | None
    """None where no logit is above the floor."""
    predicted_iou: float
    point_xy: tuple[float, float]


@dataclass
class Candidates:
    """Of one crop, in the order in which they were added.

    `offset` is that of the stability score. The windows' floor is the negative of `reach`, which is
    at least the offset: with more, other offsets can be chosen later.
    """

    crop: Crop
    upscaling: Upscaling
    offset: float
    reach: float
    found: list[Candidate] = field(default_factory=list)
    _bounds: dict[int, Bounds] = field(default_factory=dict)

    def add(
        self,
        logits: npt.NDArray[np.float32],
        predicted_iou: npt.NDArray[np.float32],
        points_xy: npt.NDArray[np.float64],
        *,
        above: float,
        look_above: float,
    ) -> None:
        """Logits (B, M, 256, 256) and predicted IoU (B, M) of B points (B, 2).

        Those with a predicted IoU `above` are held; 0 holds all, as in the official code. Those
        above `look_above` are going to be looked at, and are at once, while others are decoded.
        """
        height, width = self.upscaling.shown_hw
        shown = logits[:, :, :height, :width]
        for point, mask in np.argwhere(passes(predicted_iou, above)):
            x, y = points_xy[point]
            score = predicted_iou[point, mask]
            window = self._window(shown[point, mask])
            self.found.append(Candidate(window, float(score), (float(x), float(y))))
            if passes(score, look_above):
                self.bounds(len(self.found) - 1)

    def forget(self, points_xy: Collection[tuple[float, float]]) -> None:
        """What these points answered."""
        stay = [i for i, one in enumerate(self.found) if one.point_xy not in points_xy]
        self._bounds = {
            new: self._bounds[old] for new, old in enumerate(stay) if old in self._bounds
        }
        self.found = [self.found[index] for index in stay]

    def _window(self, logits: npt.NDArray[np.float32]) -> Window | None:
        part = window_above(Window(0, 0, logits), -self.reach)
        return part and Window(part.top, part.left, part.logits.copy())

    def bounds(self, index: int) -> Bounds:
        """Of one of `found`; made once."""
        known = self._bounds.get(index)
        if known is None:
            known = self._bounds[index] = self._bounds_of(self.found[index])
        return known

    def _bounds_of(self, candidate: Candidate) -> Bounds:
        window = candidate.window and window_above(candidate.window, -self.offset)
        if window is None:
            return Bounds(None, NOTHING, NOTHING, 0.0, 0.0)
        # Erosion takes what is beyond an edge for set: there is no support beyond the image's, and
        # nothing is set near another edge of the window.
        outer, positive, inner = (
            (window.logits > level).view(np.uint8) for level in (-self.offset, 0, self.offset)
        )
        most = self._pixels(window, _dilated(inner))
        least = self._pixels(window, _eroded(outer))
        return Bounds(
            window=window,
            outer_box=self._outer_box(window, positive),
            inner_box=self._inner_box(window, _eroded(positive)),
            most_stable=most / least if least else 1.0,
            stability=self._pixels(window, inner) / max(1, self._pixels(window, outer)),
        )

    def _pixels(self, window: Window, nodes: npt.NDArray[np.uint8]) -> int:
        """Full-size pixels whose supports have their middles on `nodes` (h, w)."""
        down, across = self._pixels_of(window)
        return int(down @ (nodes @ across))

    def _pixels_of(self, window: Window) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        height, width = window.logits.shape
        rows, columns = self.upscaling.rows.pixels, self.upscaling.columns.pixels
        return rows[window.top :][:height], columns[window.left :][:width]

    def _outer_box(self, window: Window, positive: npt.NDArray[np.uint8]) -> Box:
        """A pixel of the mask has a positive logit in its support."""
        extent = extent_of(positive)
        if extent is None:
            return NOTHING
        top, left, bottom, right = extent
        rows, columns = self.upscaling.rows, self.upscaling.columns
        return (
            int(columns.begins[window.left + left]),
            int(rows.begins[window.top + top]),
            int(columns.ends[window.left + right]),
            int(rows.ends[window.top + bottom]),
        )

    def _inner_box(self, window: Window, surrounded: npt.NDArray[np.uint8]) -> Box:
        """A pixel whose support has its middle on a logit that is positive, like those around it,
        belongs to the mask."""
        down, across = self._pixels_of(window)
        surrounded[down == 0] = 0
        surrounded[:, across == 0] = 0
        extent = extent_of(surrounded)
        if extent is None:
            return NOTHING
        top, left, bottom, right = extent
        rows, columns = self.upscaling.rows, self.upscaling.columns
        return (
            int(columns.inside_first[window.left + left]),
            int(rows.inside_first[window.top + top]),
            int(columns.inside_last[window.left + right]),
            int(rows.inside_last[window.top + bottom]),
        )


def _dilated(nodes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.dilate(nodes, _NEIGHBOURS), dtype=np.uint8)


def _eroded(nodes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.erode(nodes, _NEIGHBOURS), dtype=np.uint8)


def passes(
    predicted_iou: npt.NDArray[np.float32] | np.float32, thresh: float
) -> npt.NDArray[np.bool_]:
    """Which are above a threshold; 0 lets all pass, as in the official code."""
    return np.asarray(predicted_iou > thresh if thresh > 0 else np.ones_like(predicted_iou, bool))


def window_above(window: Window, level: float) -> Window | None:
    """The part with all logits above a level and two nodes around them; shares its memory."""
    extent = extent_of((window.logits > level).view(np.uint8))
    if extent is None:
        return None
    top, left = max(0, extent[0] - REACH), max(0, extent[1] - REACH)
    bottom, right = extent[2] + REACH + 1, extent[3] + REACH + 1
    return Window(window.top + top, window.left + left, window.logits[top:bottom, left:right])


def extent_of(nodes: npt.NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """First row, first column, last row, last column; None when there is nothing."""
    x, y, width, height = cv2.boundingRect(nodes)
    if width == 0:
        return None
    return y, x, y + height - 1, x + width - 1
