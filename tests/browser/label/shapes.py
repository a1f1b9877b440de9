"""What brushes and polygons cover, worked out pixel by pixel from their definitions."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from browser.label.desk import Pixels

Point = tuple[float, float]


def capsule(size_hw: tuple[int, int], a: Point, b: Point, radius: float) -> Pixels:
    """Pixels whose centre is no farther than `radius` from the segment."""
    y, x = np.mgrid[: size_hw[0], : size_hw[1]] + 0.5
    (ax, ay), (bx, by) = a, b
    length = (bx - ax) ** 2 + (by - ay) ** 2
    projected = (x - ax) * (bx - ax) + (y - ay) * (by - ay)
    along = np.clip(projected / length, 0, 1) if length else np.zeros_like(x)
    return np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= radius


def polygon(size_hw: tuple[int, int], corners: Sequence[Point]) -> Pixels:
    """Pixels whose centre a ray to the left leaves by an odd number of edges."""
    y, x = np.mgrid[: size_hw[0], : size_hw[1]] + 0.5
    inside = np.zeros(size_hw, dtype=bool)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if ay == by:
            continue
        crosses = (ay > y) != (by > y)
        inside ^= crosses & (x > ax + (y - ay) * (bx - ax) / (by - ay))
    return inside


def rectangle(x: float, y: float, width: float, height: float) -> list[Point]:
    """Its corners, off the pixels' centres."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def deep_inside(mask: Pixels) -> Point:
    """The middle of the pixel that is farthest from the edge of a mask."""
    far = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(far.argmax()), mask.shape)
    return float(x) + 0.5, float(y) + 0.5
