"""Where an ideal click goes: the pixel of a region that is farthest from what is not of it.

The protocol of SAM's paper (arXiv 2304.02643, section 7.1 and appendix D.1), with the image's
border counting as outside: nobody aims at the rim.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Centre:
    """A pixel, and the square of its distance to the nearest pixel outside of its region."""

    row: int
    column: int
    depth: int

    @property
    def xy(self) -> tuple[float, float]:
        """The middle of the pixel, in pixels of the image: pixel 0 reaches from 0 to 1."""
        return self.column + 0.5, self.row + 0.5


def centre_of(region: Mask) -> Centre | None:
    """Of the deepest pixels the first one, row by row; None for a region without any."""
    top, bottom = _extent(np.asarray(region.any(axis=1)))
    left, right = _extent(np.asarray(region.any(axis=0)))
    if top == bottom:
        return None
    # Nothing outside of the region's box is of the region: a rim of one pixel stands for it all.
    inside = np.pad(region[top:bottom, left:right], 1).view(np.uint8)
    depths = squared_distances(inside)
    row, column = divmod(int(depths.argmax()), depths.shape[1])
    return Centre(top + row - 1, left + column - 1, int(depths[row, column]))


def squared_distances(inside: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """From each pixel to the nearest 0; exact, so that ties are ties."""
    distances = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    squares: npt.NDArray[np.int64] = np.rint(np.square(distances, dtype=np.float64)).astype(
        np.int64
    )
    return squares


def _extent(used: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The first used place and the one behind the last; equal when none is."""
    if not used.any():
        return 0, 0
    return int(used.argmax()), len(used) - int(used[::-1].argmax())
