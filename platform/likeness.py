"""Whether two files show the same picture: re-encoded, resized, or both.

Both are shrunk to 16 by 16 grey values and correlated. On photographs and micrographs the same
picture in another size or at JPEG quality 40 stays below a distance of 0.02, different ones above
0.10, while hashes of 64 bits disagree in up to 13 of them on dark micrographs, whose ground is
noise. A picture that is turned, mirrored or cropped counts as another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskloop.platform.images import READING_VERSION, Limits, read_to_show

SIDE: Final = 16
MOST_DISTANCE: Final = 0.03
"""1 - correlation, up to which two pictures are the same."""
_LIKENESS_VERSION: Final = 1
_READ_SIDE: Final = 128
"""Pixels that a JPEG is decoded to at least: enough for grey values of 16 by 16."""
_LEAST_CONTRAST: Final = 1.0
"""Standard deviation in grey levels, below which a picture says nothing of itself."""
_SAME_SHAPE: Final = 0.03
"""By which the ratios of the sides may differ; resizing rounds to whole pixels."""
_BLOCK: Final = 1024

Small = npt.NDArray[np.uint8]
"""(16, 16) grey values."""


@dataclass(frozen=True)
class Twins:
    """Rows of `ours` and `theirs` that show the same picture; `distance` 0: no difference."""

    ours: int
    theirs: int
    distance: float


def key_of(sha256: bytes) -> str:
    """Where an image's grey values are kept; they may be deleted at any time."""
    digest = sha256.hex()
    return f"derived/likeness/{READING_VERSION}.{_LIKENESS_VERSION}/{digest[:2]}/{digest}"


def shrink(data: bytes, source: str, limits: Limits) -> Small:
    """Raises a `BadImageError` that names `source`."""
    pixels = read_to_show(data, source, limits, least_side=_READ_SIDE).pixels
    grey = Image.fromarray(pixels).convert("L")
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX))


def unpack(kept: bytes) -> Small:
    """What `Small.tobytes` gave."""
    return np.frombuffer(kept, dtype=np.uint8).reshape(SIDE, SIDE)


def twins(
    ours: npt.NDArray[np.uint8],
    theirs: npt.NDArray[np.uint8],
    *,
    our_sizes_hw: npt.NDArray[np.int64],
    their_sizes_hw: npt.NDArray[np.int64],
) -> Iterator[Twins]:
    """Of every one of ours (N, 16, 16) the most alike of theirs (M, 16, 16), where there is one.

    Sizes: (N, 2) and (M, 2) of the images themselves. N times M is compared a block at a time.
    """
    if not len(ours) or not len(theirs):
        return
    right, right_shape = _normalized(theirs), _shape(their_sizes_hw)
    for start in range(0, len(ours), _BLOCK):
        block = slice(start, start + _BLOCK)
        distances = 1 - _normalized(ours[block]) @ right.T
        unlike = np.abs(_shape(our_sizes_hw[block])[:, None] - right_shape[None]) > _SAME_SHAPE
        distances[unlike] = np.inf
        nearest = distances.argmin(axis=1)
        for row, column in enumerate(nearest):
            distance = float(distances[row, column])
            if distance <= MOST_DISTANCE:
                yield Twins(start + row, int(column), round(max(0.0, distance), 4))


def _normalized(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(N, 256): each of mean 0 and length 1; all 0 where there is no contrast."""
    flat = small.reshape(len(small), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    flat[lengths[:, 0] < _LEAST_CONTRAST * SIDE] = 0
    normalized: npt.NDArray[np.float32] = flat / np.maximum(lengths, 1.0)
    return normalized


def _shape(sizes_hw: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The logarithm of height over width: differences are ratios."""
    shape: npt.NDArray[np.float64] = np.log(sizes_hw[:, 0] / sizes_hw[:, 1])
    return shape
