"""What is right: a person's mask in the frame of the decoder's masks.

A decoder answers on a square grid over the 1024² input. A cell's truth is the share of it that the
object covers, averaged over the original's pixels, so that objects smaller than a cell survive.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from maskloop.actors.sam.transforms import INPUT_SIDE, resized_hw
from maskloop.platform.prompts import MASK_SIDE

Grid = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_INSIDE: Final = 0.5


@dataclass(frozen=True, eq=False)
class Truth:
    """Of the objects of one image: `covered` (B, side, side) from 0 to 1, `valid` (side, side):
    where the image is, the rest being padding."""

    covered: Grid
    valid: Mask

    @property
    def inside(self) -> Mask:
        """(B, side, side), yes or no."""
        return np.stack([inside(grid) for grid in self.covered])


def coverage(mask: Mask, side: int = MASK_SIDE) -> Grid:
    """(side, side): how much of each cell a mask (H, W) of the original covers; 0 in the padding.

    A cell that the image fills in part is averaged over that part.
    """
    height, width = mask.shape
    resized_height, resized_width = resized_hw((height, width))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.zeros((side, side), dtype=np.float32)
    y, x = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    over_rows = _averages(height, resized_height, side)[:, y]
    over_columns = _averages(width, resized_width, side)[:, x]
    covered: Grid = over_rows @ mask[y, x].astype(np.float32) @ over_columns.T
    return covered.clip(0, 1)


def valid_cells(size_hw: tuple[int, int], side: int = MASK_SIDE) -> Mask:
    """(side, side): the cells in which there is any of the image."""
    height, width = (-(-resized * side // INPUT_SIDE) for resized in resized_hw(size_hw))
    valid = np.zeros((side, side), dtype=np.bool_)
    valid[:height, :width] = True
    return valid


def inside(covered: Grid) -> Mask:
    """The cells that are half covered or more; where none is, those that are covered most."""
    most = float(covered.max())
    return covered >= min(_INSIDE, most) if most > 0 else covered > 0


@lru_cache(maxsize=16)
def _averages(pixels: int, resized: int, side: int) -> Grid:
    """(side, pixels): the share that each pixel of an axis has in each cell; rows sum up to 1."""
    edges = np.minimum(np.arange(side + 1) * (INPUT_SIDE / side) * (pixels / resized), pixels)
    starts = np.arange(pixels)
    overlap = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    overlap = overlap.clip(0, None)
    return np.asarray(overlap / np.maximum(overlap.sum(axis=1, keepdims=True), 1e-9), np.float32)
