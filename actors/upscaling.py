"""Low-resolution logits to full size, in parts, and what is known of the whole without it.

The official code upscales twice, 256 to 1024 and the part that shows the image to its size; both
steps are linear and treat rows and columns alike, so together they are Y · logits · Xᵀ with one
fixed matrix per axis. A row of such a matrix has non-negative weights that sum to 1, on at most
three neighbouring low-resolution rows: its *support*. Every full-size value therefore lies between
the smallest and the largest logit of its support. (A low-resolution row or column is a *node* of
its axis below, and what is said of rows holds for columns.) All that is claimed here follows:

- where no logit of the support is above t, the pixel is not; where all are, it is;
- so pixels above t only exist where the support meets the logits above t, and a window around
  those (two rows and columns wider, as far as a support reaches) is enough to find them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from maskloop.actors.sam.transforms import INPUT_SIDE
from maskloop.platform.prompts import MASK_SIDE

REACH = 2
"""Rows that a support extends beyond any one of them."""
_BLOCK = 192
"""Full-size rows or columns made at a time."""

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2; inclusive, as in the official code."""


@dataclass(frozen=True)
class Axis:
    """One axis: `weights` (full size, 256); `first` and `last` of each support, which are nodes."""

    weights: Tensor
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @cached_property
    def middle(self) -> npt.NDArray[np.int64]:
        """A support lies within one row of its middle."""
        return np.asarray((self.first + self.last) // 2)

    @cached_property
    def pixels(self) -> npt.NDArray[np.float32]:
        """(256,): how many full-size rows have each node as their middle."""
        return np.bincount(self.middle, minlength=MASK_SIDE).astype(np.float32)

    @cached_property
    def begins(self) -> npt.NDArray[np.int64]:
        """(256,): the first full-size row whose support meets each node or one behind it."""
        return np.searchsorted(self.last, np.arange(MASK_SIDE), side="left")

    @cached_property
    def ends(self) -> npt.NDArray[np.int64]:
        """(256,): the last full-size row whose support meets each node or one before it."""
        return np.searchsorted(self.first, np.arange(MASK_SIDE), side="right") - 1

    @cached_property
    def inside_first(self) -> npt.NDArray[np.int64]:
        """(256,): the first full-size row with each node as its middle."""
        return np.searchsorted(self.middle, np.arange(MASK_SIDE), side="left")

    @cached_property
    def inside_last(self) -> npt.NDArray[np.int64]:
        """(256,): the last such row; there is none where `pixels` is 0."""
        return np.searchsorted(self.middle, np.arange(MASK_SIDE), side="right") - 1

    def within(self, first: int, last: int) -> tuple[int, int]:
        """Full-size rows, end exclusive, whose support lies in the nodes first to last."""
        start = int(np.searchsorted(self.first, first, side="left"))
        end = int(np.searchsorted(self.last, last, side="right"))
        return start, max(start, end)

    def blocks(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Full-size rows start to end in blocks, each with the low-resolution rows that it needs
        (ends exclusive). Few they are: a block's products are small, whatever the size."""
        for begin in range(start, end, _BLOCK):
            stop = min(begin + _BLOCK, end)
            yield begin, stop, int(self.first[begin]), int(self.last[stop - 1]) + 1


@dataclass(frozen=True)
class Upscaling:
    """To the size of one crop; `rows` and `columns` are its axes."""

    rows: Axis
    columns: Axis

    @property
    def shown_hw(self) -> tuple[int, int]:
        """The low-resolution rows and columns that show the image; the others show its padding."""
        return int(self.rows.last[-1]) + 1, int(self.columns.last[-1]) + 1

    def full(
        self, logits: Tensor, top: int, left: int, rows: tuple[int, int], columns: tuple[int, int]
    ) -> npt.NDArray[np.float32]:
        """Full-size values of `rows` by `columns` (ends exclusive).

        `logits` (h, w) begin at low-resolution row `top` and column `left` and hold every support.
        """
        if rows[0] == rows[1] or columns[0] == columns[1]:
            return np.empty((rows[1] - rows[0], columns[1] - columns[0]), dtype=np.float32)
        first_column = int(self.columns.first[columns[0]])
        last_column = int(self.columns.last[columns[1] - 1])
        logits = logits[:, first_column - left : last_column + 1 - left]
        left = first_column
        tall = torch.empty(rows[1] - rows[0], logits.shape[1])
        for start, end, first, last in self.rows.blocks(*rows):
            weights = self.rows.weights[start:end, first:last]
            part = logits[first - top : last - top]
            torch.mm(weights, part, out=tall[start - rows[0] : end - rows[0]])
        out = torch.empty(len(tall), columns[1] - columns[0])
        for start, end, first, last in self.columns.blocks(*columns):
            weights = self.columns.weights[start:end, first:last]
            part = tall[:, first - left : last - left]
            torch.mm(part, weights.T, out=out[:, start - columns[0] : end - columns[0]])
        return out.numpy()


@lru_cache(maxsize=8)
def upscaling(resized_hw: tuple[int, int], size_hw: tuple[int, int]) -> Upscaling:
    """To `size_hw`, for an image that took `resized_hw` of the 1024² input."""
    return Upscaling(_axis(resized_hw[0], size_hw[0]), _axis(resized_hw[1], size_hw[1]))


def _axis(resized: int, size: int) -> Axis:
    weights = torch.eye(MASK_SIDE, dtype=torch.float64)[:, None]
    weights = torch.nn.functional.interpolate(weights, INPUT_SIDE, mode="linear")
    weights = torch.nn.functional.interpolate(weights[..., :resized], size, mode="linear")
    weights = weights[:, 0].T
    used = (weights > 0).numpy()
    return Axis(
        weights.float().contiguous(),
        used.argmax(axis=1),
        MASK_SIDE - 1 - used[:, ::-1].argmax(axis=1),
    )
