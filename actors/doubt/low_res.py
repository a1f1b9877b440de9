"""Masks in the decoder's own resolution, where they are compared: 256² for the 1024² input."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.transforms import INPUT_SIDE
from maskloop.actors.selection import box_of
from maskloop.platform.prompts import MASK_SIDE

_STEP: Final = INPUT_SIDE // MASK_SIDE
"""Pixels of the input on a side of a cell."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def low_res(mask: Mask, embedding: Embedding) -> Mask:
    """(H, W) to (256, 256): the cells that it covers by more than half, and where it is too thin
    for any, those it covers most of all. `mask` has at least one pixel."""
    rows = _shares(embedding.size_hw[0], embedding.resized_hw[0])
    columns = _shares(embedding.size_hw[1], embedding.resized_hw[1])
    left, top, right, bottom = box_of(mask)
    part = mask[top : bottom + 1, left : right + 1].astype(np.float32)
    covered = rows[:, top : bottom + 1] @ part @ columns[:, left : right + 1].T
    inside: Mask = covered > 0.5
    return inside if inside.any() else covered == covered.max()


@lru_cache(maxsize=8)
def _shares(size: int, resized: int) -> Floats:
    """(256, size): which share of each cell a pixel of the original covers, along one axis."""
    edges = np.arange(MASK_SIDE + 1) * (_STEP * size / resized)
    pixels = np.arange(size)
    starts = np.maximum(edges[:-1, None], pixels)
    ends = np.minimum(edges[1:, None], pixels + 1)
    shares: Floats = (np.clip(ends - starts, 0, None) / edges[1]).astype(np.float32)
    return shares


def ious(drawn: Mask, mask: Mask) -> npt.NDArray[np.float64]:
    """Of each of `drawn` (..., 256, 256) with `mask` (256, 256); 0 where both are empty."""
    shared = np.count_nonzero(drawn & mask, axis=(-1, -2))
    together = np.count_nonzero(drawn, axis=(-1, -2)) + np.count_nonzero(mask) - shared
    return np.asarray(shared / np.maximum(together, 1), dtype=np.float64)
