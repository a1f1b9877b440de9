"""A small hold-out: drawn pictures whose objects are known to the pixel."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from maskloop.platform.images import Pixels
from maskloop.platform.manifests import ManifestItem, write_manifest
from maskloop.platform.masks import Rle
from maskloop.platform.states import Split
from maskloop.platform.storage.store import ObjectStore
from sites.bench import png

SIZE_HW = (180, 240)
_SHAPES = (
    ("disk", (60, 70, 30), (200, 60, 40)),
    ("disk", (120, 170, 40), (60, 90, 210)),
    ("bar", (34, 160, 50), (70, 180, 60)),
)


@dataclass(frozen=True)
class Picture:
    """`masks`: by category, in the order in which they were drawn."""

    pixels: Pixels
    masks: tuple[tuple[str, npt.NDArray[np.bool_]], ...]


def picture(seed: int) -> Picture:
    """Two disks and a bar that do not touch, each of one colour, on a quiet ground."""
    random = np.random.default_rng(seed)
    pixels = random.integers(110, 130, (*SIZE_HW, 3), dtype=np.uint8)
    rows, columns = np.indices(SIZE_HW)
    masks = []
    for kind, (row, column, size), colour in _SHAPES:
        row, column = row + int(random.integers(-5, 6)), column + int(random.integers(-5, 6))
        if kind == "disk":
            mask = (rows - row) ** 2 + (columns - column) ** 2 <= size**2
        else:
            mask = (abs(rows - row) <= 8) & (abs(columns - column) <= size)
        pixels[mask] = colour
        masks.append((kind, mask))
    return Picture(pixels, tuple(masks))


def items_of(drawn: Picture, *, first_id: int, split: Split = Split.HOLDOUT) -> list[ManifestItem]:
    digest = sha256(png(drawn.pixels)).hexdigest()
    return [
        ManifestItem(
            annotation_id=first_id + place,
            image_sha256=digest,
            image_key=f"pictures/{digest}",
            source=f"{digest[:6]}.png",
            size_hw=SIZE_HW,
            category=category,
            counts=Rle.encode(mask).counts.decode(),
            split=split,
        )
        for place, (category, mask) in enumerate(drawn.masks)
    ]


def put_manifest(
    objects: ObjectStore, pictures: list[Picture], *, split: Split = Split.HOLDOUT
) -> str:
    """Pictures and manifest into the store; the manifest's key."""
    items = []
    for place, drawn in enumerate(pictures):
        found = items_of(drawn, first_id=10 * (place + 1), split=split)
        objects.put(found[0].image_key, png(drawn.pixels))
        items.extend(found)
    return write_manifest(objects, items)
