"""Image bytes to pixels: the one place that decides what becomes of odd files.

Decided outcomes (each has a test): EXIF orientation is applied; grey is spread to three channels;
CMYK is converted; alpha is laid over white; 16-bit and float grey is stretched from its own minimum
and maximum to 0..255, 16-bit colour keeps its upper 8 bits; several pictures in one file
(animations, multi-page TIFF) are refused, except the extra views that cameras put behind a JPEG
(MPO), of which the first is taken; damaged EXIF data is no fault of the pixels and means upright.
"""

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from maskloop.platform.errors import (
    ImageAnimatedError,
    ImageEmptyError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
)

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, RGB, upright."""

READING_VERSION: Final = 1
"""Part of an embedding's and a result's key: raise it whenever the same bytes give other pixels."""

SUFFIXES = frozenset(
    [
        ".bmp",
        ".gif",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".mpo",
        ".png",
        ".ppm",
        ".pgm",
        ".tif",
        ".tiff",
        ".webp",
        ".avif",
    ]
)
"""File names that are taken for images when a folder is searched."""

_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow knows more, some of which run other programs (EPS) or hold files inside files (ICO)."""
_STRETCH_VALUES = 4_000_000

_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I", "F")
_PROFILED_MODES = ("RGB", "RGBA", "P")
"""Whose colour profile still fits after the conversion to RGB."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation."""
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow's format plugins raise on damaged files, beside OSError and EOFError."""

Image.MAX_IMAGE_PIXELS = None  # `Limits` judges instead, and may be raised
warnings.filterwarnings("ignore", module=r"PIL\.")  # damaged metadata; once, as filters are global


@dataclass(frozen=True)
class Limits:
    """What is refused unread: see `Settings.max_image_pixels`."""

    max_pixels: int = 100_000_000


@dataclass(frozen=True)
class ImageFacts:
    """What is settled once, when an image is registered; width and height are upright."""

    sha256: bytes
    width: int
    height: int
    media_type: str
    exif_orientation: int
    """The orientation tag of the file (1 upright .. 8); pixels are always turned upright."""


def read_image(data: bytes, source: str, limits: Limits = Limits()) -> tuple[Pixels, ImageFacts]:
    """Decode a whole file. Raises a `BadImageError` that names `source`."""
    with _opened(data, source, limits) as picture:
        # The TIFF plugin turns the pixels and forgets that they were; the PNG plugin decodes them
        # to look for the tag, where damage to them would pass for damage to the tag.
        early = _orientation(picture) if picture.format == "TIFF" else None
        picture.load()
        orientation = early or _orientation(picture)
        pixels = _rgb(_upright(picture))
        media_type = Image.MIME.get(picture.format or "", "application/octet-stream")
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(data).digest()
    return pixels, ImageFacts(digest, width, height, media_type, orientation)


@dataclass(frozen=True)
class Shown:
    """Pixels for people: `icc_profile` says what their colours are, where the file says so."""

    pixels: Pixels
    icc_profile: bytes | None


def read_to_show(
    data: bytes, source: str, limits: Limits = Limits(), *, least_side: int | None = None
) -> Shown:
    """As `read_image`; `least_side`: a smaller picture will do, whose long side is this or more.

    A large JPEG is then decoded at a half, a quarter or an eighth, which is several times faster.
    """
    with _opened(data, source, limits) as picture:
        profile = picture.info.get("icc_profile") if picture.mode in _PROFILED_MODES else None
        if least_side is not None:
            scale = least_side / max(picture.size)
            picture.draft(None, (ceil(picture.width * scale), ceil(picture.height * scale)))
        picture.load()
        return Shown(_rgb(_upright(picture)), profile if isinstance(profile, bytes) else None)


@contextmanager
def _opened(data: bytes, source: str, limits: Limits) -> Iterator[Image.Image]:
    """Judged by its header; what goes wrong in the block is the file's fault."""
    if not data:
        raise ImageEmptyError(source, "")
    with _translated(source), Image.open(io.BytesIO(data), formats=_formats()) as picture:
        _check(picture, source, limits)
        yield picture


@contextmanager
def _translated(source: str) -> Iterator[None]:
    """Pillow says the same thing with many exceptions; here each becomes one of ours."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise ImageUnreadableError(source, "no known image format") from error
    except (OSError, EOFError) as error:
        if "truncated" in str(error) or isinstance(error, EOFError):
            raise ImageTruncatedError(source, str(error)) from error
        raise ImageUnreadableError(source, str(error)) from error
    except _DAMAGE as error:
        raise ImageUnreadableError(source, str(error) or type(error).__name__) from error


def _check(picture: Image.Image, source: str, limits: Limits) -> None:
    """Judge by the header alone, before any pixel is decoded."""
    width, height = picture.size
    if width * height > limits.max_pixels:
        reason = f"{width} by {height} pixels, the limit is {limits.max_pixels:,} pixels"
        raise ImageTooLargeError(source, reason)
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":
        raise ImageAnimatedError(source, str(frames))


@cache
def _formats() -> tuple[str, ...]:
    """Those of `_FORMATS` that this build of Pillow has."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _orientation(picture: Image.Image) -> int:
    try:
        found = picture.getexif().get(0x0112)
    except (*_DAMAGE, OSError, EOFError):
        return 1
    return int(found) if found in _TURNS else 1


def _upright(picture: Image.Image) -> Image.Image:
    """Asks the loaded picture: the TIFF plugin turns by itself and then says so."""
    turn = _TURNS.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _rgb(picture: Image.Image) -> Pixels:
    if picture.mode in _DEEP_MODES:
        picture = Image.fromarray(_stretch(np.asarray(picture)))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.array(picture.convert("RGB"))


def _stretch(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """(H, W) of any range to uint8: the smallest finite value becomes 0, the largest 255.

    Goes row block by row block, so that a large picture is not held again in float64.
    """
    blocks = np.array_split(values, max(1, values.size // _STRETCH_VALUES))
    finite = [block[np.isfinite(block)] for block in blocks]
    lows = [float(block.min()) for block in finite if block.size]
    highs = [float(block.max()) for block in finite if block.size]
    low, high = min(lows, default=0.0), max(highs, default=0.0)
    scale = 255.0 / ((high - low) or 1.0)
    return np.concatenate([_scaled(block, low, scale) for block in blocks])


def _scaled(block: npt.NDArray[np.generic], low: float, scale: float) -> npt.NDArray[np.uint8]:
    wide = block.astype(np.float64)
    wide[~np.isfinite(wide)] = low
    return np.asarray(np.rint((wide - low) * scale), dtype=np.uint8)
