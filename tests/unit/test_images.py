"""Every odd file has a decided outcome."""

import hashlib
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


def exif(orientation: object) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_by_hand(
    width: int, height: int, *, bits: int, color: int, rows: bytes | None, extra: bytes = b""
) -> bytes:
    """A PNG that Pillow cannot write; `rows` None leaves the pixels out."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    body = b"" if rows is None else chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + chunk(b"IEND", b"")


def read(data: bytes) -> Pixels:
    return read_image(data, "picture")[0]


# --- what is taken ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fmt", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("BMP", {}, "image/bmp"),
        ("TIFF", {}, "image/tiff"),
        ("TIFF", {"compression": "tiff_lzw"}, "image/tiff"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("PPM", {}, "image/x-portable-anymap"),
        ("JPEG2000", {"irreversible": False}, "image/jp2"),
    ],
)
def test_a_plain_picture_keeps_its_pixels_and_its_facts_are_settled(
    fmt: str, options: dict[str, object], media_type: str
) -> None:
    data = saved(PIXELS, fmt, **options)
    pixels, facts = read_image(data, "picture")
    np.testing.assert_array_equal(pixels, PIXELS)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert facts.sha256 == hashlib.sha256(data).digest()
    assert (facts.width, facts.height) == (WIDTH, HEIGHT)
    assert facts.media_type == media_type
    assert facts.exif_orientation == 1


@pytest.mark.parametrize(("fmt", "media_type"), [("JPEG", "image/jpeg"), ("AVIF", "image/avif")])
def test_a_lossy_picture_is_taken(fmt: str, media_type: str) -> None:
    pixels, facts = read_image(saved(SMOOTH, fmt, quality=95), "picture")
    assert facts.media_type == media_type
    assert np.abs(pixels.astype(int) - SMOOTH).mean() < 3


def test_one_pixel_is_a_picture() -> None:
    pixels, facts = read_image(saved(PIXELS[:1, :1], "PNG"), "dot.png")
    np.testing.assert_array_equal(pixels, PIXELS[:1, :1])
    assert (facts.width, facts.height) == (1, 1)


def test_grey_is_spread_to_three_channels() -> None:
    grey = PIXELS[..., 0]
    np.testing.assert_array_equal(read(saved(grey, "PNG")), np.stack([grey] * 3, axis=2))


def test_black_and_white_is_spread_to_three_channels() -> None:
    bits = PIXELS[..., 0] > 127
    picture = Image.fromarray(bits)
    assert picture.mode == "1"
    expected = np.stack([bits * np.uint8(255)] * 3, axis=2)
    np.testing.assert_array_equal(read(saved(picture, "PNG")), expected)


COVERS = np.array([[0, 255], [128, 51]], dtype=np.uint8)


def over_white(color: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    cover = COVERS[..., None] / 255
    return color * cover + 255 * (1 - cover)


def test_alpha_is_laid_over_white() -> None:
    color = PIXELS[:2, :2]
    pixels = read(saved(np.dstack([color, COVERS]), "PNG"))
    np.testing.assert_allclose(pixels, over_white(color), atol=1)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[0, 1].tolist() == color[0, 1].tolist()


def test_grey_with_alpha_is_laid_over_white() -> None:
    grey = PIXELS[:2, :2, :1]
    pixels = read(saved(Image.fromarray(np.dstack([grey, COVERS]), "LA"), "PNG"))
    np.testing.assert_allclose(pixels, over_white(np.repeat(grey, 3, axis=2)), atol=1)


def test_a_transparent_palette_colour_becomes_white() -> None:
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), "P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    plain = [[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [40, 50, 60]]]
    assert read(saved(picture, "PNG")).tolist() == plain
    white = [255, 255, 255]
    expected = [[plain[0][0], white], [plain[1][0], white]]
    assert read(saved(picture, "PNG", transparency=1)).tolist() == expected
    assert read(saved(picture, "GIF", transparency=1)).tolist() == expected


def test_a_transparent_colour_of_an_rgb_picture_becomes_white() -> None:
    data = saved(PIXELS[:1, :2], "PNG", transparency=tuple(PIXELS[0, 0].tolist()))
    assert read(data).tolist() == [[[255, 255, 255], PIXELS[0, 1].tolist()]]


def test_cmyk_is_converted() -> None:
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0]]], np.uint8)
    expected = [[[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 0, 0]]]
    assert read(saved(Image.fromarray(inks, "CMYK"), "TIFF")).tolist() == expected
    blocks = np.repeat(np.repeat(inks, 8, axis=1), 8, axis=0)
    jpeg = read(saved(Image.fromarray(blocks, "CMYK"), "JPEG", quality=100))
    np.testing.assert_allclose(jpeg[4:5, 4::8], expected, atol=2)


def test_16_bit_grey_is_stretched_from_its_own_range() -> None:
    deep = np.array([[1000, 1255], [1100, 3550]], dtype=np.uint16)  # ten values a step
    levels = [[0, 26], [10, 255]]  # 25.5 is rounded to even
    expected = np.repeat(np.array(levels, dtype=np.uint8)[..., None], 3, axis=2)
    for fmt in ("PNG", "TIFF"):
        np.testing.assert_array_equal(read(saved(deep, fmt)), expected)
    big_endian = saved(Image.frombytes("I;16B", (2, 2), deep.astype(">u2").tobytes()), "TIFF")
    np.testing.assert_array_equal(read(big_endian), expected)


def test_16_bit_grey_of_one_value_is_black() -> None:
    assert (
        read(saved(np.full((2, 3), 40_000, dtype=np.uint16), "PNG")).tolist() == [[[0] * 3] * 3] * 2
    )


@pytest.mark.parametrize(("color", "channels"), [(2, 3), (6, 4)])
def test_16_bit_colour_keeps_its_upper_8_bits(color: int, channels: int) -> None:
    deep = np.array([[[0, 255, 256], [65535, 0x1234, 0x80FF]]], dtype=np.uint16)
    opaque = np.full((1, 2, 1), 65535, dtype=np.uint16)
    samples = np.concatenate([deep, opaque], axis=2)[..., :channels]
    rows = b"\0" + samples.astype(">u2").tobytes()
    data = png_by_hand(2, 1, bits=16, color=color, rows=rows)
    assert read(data).tolist() == [[[0, 0, 1], [255, 0x12, 0x80]]]


def test_float_is_stretched_and_what_is_no_number_is_black() -> None:
    values = np.array([[-1.0, np.nan, 0.0], [np.inf, 1.0, -np.inf]], dtype=np.float32)
    pixels = read(saved(values, "TIFF"))
    assert pixels[..., 0].tolist() == [[0, 0, 128], [0, 255, 0]]
    assert (pixels == pixels[..., :1]).all()
    assert not read(saved(np.full((2, 2), np.nan, dtype=np.float32), "TIFF")).any()


STORED_AS = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),  # is turned clockwise to be shown
    7: lambda upright: np.rot90(upright, 2).transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
"""How a camera stores an upright picture under each EXIF orientation."""


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize(
    ("fmt", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})]
)
def test_a_turned_picture_is_set_upright(
    orientation: int, fmt: str, options: dict[str, object]
) -> None:
    stored = np.ascontiguousarray(STORED_AS[orientation](PIXELS))
    data = saved(stored, fmt, exif=exif(orientation), **options)
    pixels, facts = read_image(data, "picture")
    np.testing.assert_array_equal(pixels, PIXELS)
    assert (facts.width, facts.height) == (WIDTH, HEIGHT)
    assert facts.exif_orientation == orientation


def test_a_turned_jpeg_is_set_upright() -> None:
    stored = np.ascontiguousarray(np.rot90(SMOOTH, 1))
    pixels, facts = read_image(saved(stored, "JPEG", exif=exif(6), quality=95), "picture")
    assert (facts.width, facts.height, facts.exif_orientation) == (WIDTH, HEIGHT, 6)
    assert np.abs(pixels.astype(int) - SMOOTH).mean() < 3


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(orientation: int) -> None:
    pixels, facts = read_image(saved(PIXELS, "PNG", exif=exif(orientation)), "picture")
    np.testing.assert_array_equal(pixels, PIXELS)
    assert facts.exif_orientation == 1


@pytest.mark.parametrize(
    "damage",
    [
        b"nonsense",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x02x\0\0\0\0\0\0\0",  # a text for orientation
        b"MM\0*\0\0\xff\xff",
    ],
)
def test_damaged_exif_data_is_no_fault_of_the_pixels(damage: bytes) -> None:
    pixels, facts = read_image(saved(PIXELS, "PNG", exif=damage), "picture")
    np.testing.assert_array_equal(pixels, PIXELS)
    assert facts.exif_orientation == 1


def test_of_the_views_behind_a_jpeg_the_first_is_taken() -> None:
    first, second = (Image.fromarray(SMOOTH), Image.fromarray(255 - SMOOTH))
    data = saved(first, "MPO", save_all=True, append_images=[second], quality=95)
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.n_frames) == ("MPO", 2)  # type: ignore[attr-defined]
    pixels, facts = read_image(data, "views.mpo")
    assert np.abs(pixels.astype(int) - SMOOTH).mean() < 3
    assert facts.media_type == "image/mpo"


# --- what is refused ----------------------------------------------------------------------------


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
        read(png_by_hand(4, 4, bits=8, color=2, rows=None))


def test_a_bomb_is_refused_by_its_header_and_not_decoded() -> None:
    data = png_by_hand(40_000, 40_000, bits=8, color=2, rows=None)
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
        "Cut it into tiles, or raise MASKLOOP_MAX_IMAGE_PIXELS."
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


# --- what is broken at random ---------------------------------------------------------------------

TAGS = exif(6)
TAGS[0x010F], TAGS[0x011A] = "Canon", 72.0
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
