"""Masks as everything-mode gives them on a large picture: wholes, parts and sub-parts, ragged."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

Pixels = npt.NDArray[np.uint8]
SIZE_HW = (3000, 4000)
COUNT = 500


@dataclass(frozen=True)
class Shape:
    """`outline`: its longest contour, x and y, as an SVG path would have it."""

    counts: str
    outline: npt.NDArray[np.int32]


def photograph(source: Pixels) -> Pixels:
    """The picture at 12 megapixels, with grain, so that it weighs what a camera's file does."""
    height, width = SIZE_HW
    large = cv2.resize(source, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, 6, large.shape)
    grained: Pixels = np.clip(large + grain, 0, 255).astype(np.uint8)
    return grained


def shapes(count: int = COUNT, seed: int = 0) -> list[Shape]:
    """Radii fall like those of SAM's masks on photographs: few wholes, many small parts."""
    random = np.random.default_rng(seed)
    height, width = SIZE_HW
    found = []
    while len(found) < count:
        radius = float(np.clip(np.exp(random.normal(4.6, 0.9)), 12, 1100))
        x, y = random.uniform(0, width), random.uniform(0, height)
        angles = np.linspace(0, 2 * np.pi, 180, endpoint=False)
        ragged = 1 + 0.25 * _waves(random, angles)
        points = np.stack(
            [x + radius * ragged * np.cos(angles), y + radius * ragged * np.sin(angles)]
        )
        mask = np.zeros(SIZE_HW, np.uint8)
        cv2.fillPoly(mask, [points.T.astype(np.int32)], 1)
        if mask.any():
            found.append(Shape(_counts(mask), _outline(mask)))
    return found


def _waves(random: np.random.Generator, angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    waves = sum(
        random.uniform(-1, 1) / k * np.sin(k * angles + random.uniform(0, 6)) for k in range(1, 24)
    )
    return np.asarray(waves)


def _counts(mask: Pixels) -> str:
    counts: bytes = coco.encode(np.asfortranarray(mask))["counts"]
    return counts.decode("ascii")


def _outline(mask: Pixels) -> npt.NDArray[np.int32]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=len)
    outline: npt.NDArray[np.int32] = longest[:, 0, :].astype(np.int32)
    return outline
