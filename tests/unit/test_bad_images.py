"""Files that are refused: each bad kind has its error, and damage at random is never worse."""

import io
import random
import struct
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from maskloop.platform.errors import (
    BadImageError,
    ImageAnimatedError,
    ImageEmptyError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
)
from maskloop.platform.images import Limits, Pixels, read_image

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # of damaged metadata

HEIGHT, WIDTH = 24, 32
PIXELS: Pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
SMOOTH: Pixels = np.stack(
    [
        np.add.outer(np.arange(HEIGHT) * a, np.arange(WIDTH) * b)
        for a, b in ((3, 2), (5, 1), (1, 4))
    ],
    axis=2,
).astype(np.uint8)


def saved(picture: Image.Image | npt.NDArray[np.generic], fmt: str, **options: object) -> bytes:
    data = io.BytesIO()
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture)
    picture.save(data, fmt, **options)
    return data.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_without_pixels(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IEND", b"")


def read(data: bytes) -> Pixels:
    return read_image(data, "picture")[0]


def test_a_file_without_bytes_is_refused() -> None:
    with pytest.raises(ImageEmptyError) as caught:
        read(b"")
    assert str(caught.value) == "picture has no bytes. Copy it again from where it was made."


@pytest.mark.parametrize(
    "data",
    [
        b"Dear sir, this is no picture.",
        b"\xff\xd8\xff",
        b"\0" * 5000,
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(data: bytes) -> None:
    with pytest.raises(ImageUnreadableError) as caught:
        read_image(data, "/photos/letter.jpg")
    assert str(caught.value) == (
        "/photos/letter.jpg is not an image that can be read (no known image format). "
        "Convert it to JPEG or PNG."
    )


@pytest.mark.parametrize("fmt", ["EPS", "ICO", "PCX", "TGA", "ICNS", "SGI"])
def test_formats_that_nobody_photographs_in_are_not_opened(fmt: str) -> None:
    with pytest.raises(ImageUnreadableError) as caught:
        read(saved(np.zeros((16, 16, 3), dtype=np.uint8), fmt))
    assert caught.value.fields["reason"] == "no known image format"


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_a_picture_cut_in_its_middle_is_truncated(fmt: str) -> None:
    data = saved(np.tile(PIXELS, (4, 4, 1)), fmt)
    read(data)
    with pytest.raises(ImageTruncatedError) as caught:
        read(data[: len(data) // 2])
    assert str(caught.value).startswith("picture ends before its picture does (")


@pytest.mark.parametrize(("fmt", "kept"), [("JPEG", 30), ("PNG", 20), ("WEBP", 20), ("GIF", 8)])
def test_a_picture_cut_in_its_header_is_refused(fmt: str, kept: int) -> None:
    data = saved(PIXELS, fmt)
    read(data)
    with pytest.raises((ImageTruncatedError, ImageUnreadableError)):
        read(data[:kept])


def test_a_png_without_pixels_is_refused() -> None:
    with pytest.raises((ImageTruncatedError, ImageUnreadableError)):
        read(png_without_pixels(4, 4))


def test_a_bomb_is_refused_by_its_header_and_not_decoded() -> None:
    data = png_without_pixels(40_000, 40_000)
    small = saved(PIXELS, "PNG")
    read(small)  # what is loaded once is not the bomb's
    tracemalloc.start()
    try:
        with pytest.raises(ImageTooLargeError) as caught:
            read_image(data, "bomb.png")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert str(caught.value) == (
        "bomb.png is too large (40000 by 40000 pixels, the limit is 100,000,000 pixels). "
        "Cut it into tiles, or raise the limit: "
        "MASKLOOP_MAX_IMAGE_PIXELS, MASKLOOP_MAX_IMAGE_BYTES."
    )


def test_the_limit_counts_pixels_and_includes_itself() -> None:
    data = saved(PIXELS, "PNG")
    assert read_image(data, "p", Limits(HEIGHT * WIDTH))[0].shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(ImageTooLargeError):
        read_image(data, "p", Limits(HEIGHT * WIDTH - 1))


def test_a_raised_limit_is_the_only_limit() -> None:
    """Pillow alone would refuse what is above 178,956,970 pixels."""
    rows = zlib.compress(b"\0" * (1 + 20_000 // 8) * 10_000)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 10_000, 1, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows)[:-60]
    with pytest.raises(ImageTooLargeError):
        read_image(data, "wide.png", Limits(200_000_000 - 1))
    with pytest.raises(ImageTruncatedError):  # it came as far as the pixels
        read_image(data, "wide.png", Limits(200_000_000))


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "TIFF", "PNG", "AVIF"])
def test_several_pictures_in_one_file_are_refused_with_their_number(fmt: str) -> None:
    frames = [Image.fromarray(np.roll(SMOOTH, step * 5, axis=1)) for step in range(3)]
    assert read(saved(frames[0], fmt)).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(ImageAnimatedError) as caught:
        read(saved(frames[0], fmt, save_all=True, append_images=frames[1:]))
    assert str(caught.value) == (
        "picture holds 3 pictures. Export the ones you need as single images."
    )


def test_a_png_with_damaged_pixels_is_refused_though_it_has_no_tags() -> None:
    """To look for tags behind the pixels, Pillow decodes them."""
    rows = zlib.compress(np.insert(PIXELS.reshape(HEIGHT, -1), 0, 0, axis=1).tobytes())
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
    for damaged, taken in ((rows, True), (rows[:100] + b"\xff" * 40 + rows[140:], False)):
        data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", damaged) + chunk(b"IEND", b"")
        if taken:
            np.testing.assert_array_equal(read(data), PIXELS)
            continue
        with pytest.raises((ImageTruncatedError, ImageUnreadableError)):
            read(data)


# --- what is broken at random ---------------------------------------------------------------------

TAGS = Image.Exif()
TAGS[0x0112], TAGS[0x010F], TAGS[0x011A] = 6, "Canon", 72.0
WHOLE = {
    "jpeg": saved(PIXELS, "JPEG", exif=TAGS),
    "png": saved(PIXELS, "PNG"),
    "gif": saved(PIXELS, "GIF"),
    "tiff": saved(PIXELS, "TIFF", exif=TAGS),
    "webp": saved(PIXELS, "WEBP", exif=TAGS),
    "avif": saved(PIXELS, "AVIF"),
    "bmp": saved(PIXELS, "BMP"),
    "jp2": saved(PIXELS, "JPEG2000"),
}


def broken(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.choice([1, 2, 8])):
        at = chance.randrange(chance.choice([min(200, len(found)), len(found)]))
        match chance.randrange(4):
            case 0 | 1:
                found[at] = chance.choice([0, 1, 127, 255, chance.randrange(256)])
            case 2:
                del found[at : at + chance.randrange(1, 5)]
            case _:
                found[at:at] = chance.randbytes(chance.randrange(1, 5))
    return bytes(found)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_broken_file_is_an_image_or_a_bad_image_and_nothing_else(kind: str) -> None:
    chance = random.Random(kind)
    refused: list[str] = []
    for _ in range(300):
        try:
            pixels, _ = read_image(broken(WHOLE[kind], chance), "broken", Limits(1_000_000))
        except BadImageError as error:
            refused.append(str(error))
            continue
        assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)
    assert all(text.startswith("broken ") for text in refused)
    assert 0 < len(refused) < 300


def test_reading_in_threads_leaves_the_filters_of_warnings_alone() -> None:
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        shapes = {pixels.shape for pixels in pool.map(read, [WHOLE["png"]] * 64)}
    assert shapes == {(HEIGHT, WIDTH, 3)}
    assert list(warnings.filters) == before
