"""Pictures for people, made from an image: thumbnails, renditions, tiles. Always upright and sRGB.

A rendition is derived: it is named by what it depends on and may be deleted at any time.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from PIL import Image, ImageCms

from maskloop.platform.errors import NotFoundError
from maskloop.platform.images import READING_VERSION, Limits, Pixels, Shown, read_to_show

RENDITION_VERSION: Final = 1
"""Part of a rendition's key: raise it whenever the same image gives other bytes."""
THUMBNAIL_SIDE: Final = 256
SIDES: Final = (1024, 2048, 4096)
TILE_SIDE: Final = 512
MEDIA_TYPE: Final = "image/jpeg"

_SMALL: Final = {"quality": 80}
_FINE: Final = {"quality": 90, "subsampling": 0}
"""People judge where an edge is: colour keeps its full resolution."""
_SRGB: Final = ImageCms.createProfile("sRGB")


@dataclass(frozen=True)
class Thumbnail:
    """The whole picture, small."""

    name: ClassVar[str] = "thumbnail"


@dataclass(frozen=True)
class Rendition:
    """The whole picture with a long side of at most `side`; never larger than the original."""

    side: int

    @property
    def name(self) -> str:
        return f"side-{self.side}"


@dataclass(frozen=True)
class Tiles:
    """All tiles of a level. Level 0 is the original size; each level halves, rounding up."""

    level: int

    @property
    def name(self) -> str:
        return f"tiles/{self.level}"


Product = Thumbnail | Rendition | Tiles
"""What is made of an image at once."""


@dataclass(frozen=True)
class Made:
    """`key`: where in the object store it is kept."""

    key: str
    data: bytes


def rendition_for(side: int, size_hw: tuple[int, int]) -> Rendition:
    """The smallest rendition that shows as much as one of this side: of a small image all sides
    are the same picture, which is kept once."""
    return Rendition(min([side, *(known for known in SIDES if known >= max(size_hw))]))


def levels(size_hw: tuple[int, int]) -> int:
    """How many levels of tiles there are: the last one is a single tile."""
    count = 1
    while max(level_size(size_hw, count - 1)) > TILE_SIDE:
        count += 1
    return count


def level_size(size_hw: tuple[int, int], level: int) -> tuple[int, int]:
    """(height, width) of the picture at a level."""
    height, width = size_hw
    return -(-height >> level), -(-width >> level)


def check_tile(size_hw: tuple[int, int], level: int, column: int, row: int) -> None:
    """Raises `NotFoundError` for a tile that is outside the picture."""
    count = levels(size_hw)
    if level >= count:
        hint = f"The image has levels 0 to {count - 1}."
        raise NotFoundError("level of tiles", str(level), hint)
    height, width = level_size(size_hw, level)
    columns, rows = -(-width // TILE_SIDE), -(-height // TILE_SIDE)
    if column >= columns or row >= rows:
        hint = f"Level {level} has {columns} columns and {rows} rows, counted from 0."
        raise NotFoundError("tile", f"{level}/{column}/{row}", hint)


def folder_of(sha256: bytes) -> str:
    digest = sha256.hex()
    return f"renditions/v{RENDITION_VERSION}.{READING_VERSION}/{digest[:2]}/{digest}"


def key_of(sha256: bytes, product: Thumbnail | Rendition) -> str:
    return f"{folder_of(sha256)}/{product.name}.jpg"


def tile_key(sha256: bytes, level: int, column: int, row: int) -> str:
    return f"{folder_of(sha256)}/{Tiles(level).name}/{column}-{row}.jpg"


def render(
    data: bytes,
    sha256: bytes,
    products: Sequence[Product],
    *,
    size_hw: tuple[int, int],
    source: str,
    limits: Limits,
) -> Iterator[tuple[Product, Iterator[Made]]]:
    """Every product from one decode, one after another. `size_hw`: of the upright original.

    Raises a `BadImageError` that names `source`.
    """
    only_small = all(isinstance(product, Thumbnail) for product in products)
    # Twice the side, so that the resampling has something to average.
    least_side = 2 * THUMBNAIL_SIDE if only_small else None
    shown = read_to_show(data, source, limits, least_side=least_side)
    for product in products:
        yield product, _made(shown, sha256, product, size_hw)


def _made(
    shown: Shown, sha256: bytes, product: Product, size_hw: tuple[int, int]
) -> Iterator[Made]:
    match product:
        case Thumbnail():
            picture = _picture(shown, _within(size_hw, THUMBNAIL_SIDE))
            yield Made(key_of(sha256, product), _jpeg(picture, _SMALL))
        case Rendition():
            picture = _picture(shown, _within(size_hw, product.side))
            yield Made(key_of(sha256, product), _jpeg(picture, _FINE))
        case Tiles():
            picture = _picture(shown, level_size(size_hw, product.level))
            yield from _tiles(np.asarray(picture), sha256, product.level)


def _within(size_hw: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size_hw))
    return max(1, round(size_hw[0] * scale)), max(1, round(size_hw[1] * scale))


def _picture(shown: Shown, size_hw: tuple[int, int]) -> Image.Image:
    picture = Image.fromarray(shown.pixels)
    size = (size_hw[1], size_hw[0])
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture if shown.icc_profile is None else _in_srgb(picture, shown.icc_profile)


def _in_srgb(picture: Image.Image, icc_profile: bytes) -> Image.Image:
    """A profile that cannot be used is no fault of the pixels: they are taken for sRGB."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        turned = ImageCms.profileToProfile(picture, profile, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return turned or picture


def _tiles(pixels: Pixels, sha256: bytes, level: int) -> Iterator[Made]:
    for row, top in enumerate(range(0, pixels.shape[0], TILE_SIDE)):
        for column, left in enumerate(range(0, pixels.shape[1], TILE_SIDE)):
            part = pixels[top : top + TILE_SIDE, left : left + TILE_SIDE]
            key = tile_key(sha256, level, column, row)
            yield Made(key, _jpeg(Image.fromarray(np.ascontiguousarray(part)), _FINE))


def _jpeg(picture: Image.Image, options: dict[str, int]) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", **options)
    return data.getvalue()
