"""Odd files that are taken, and what their pixels become."""

import hashlib
import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from maskloop.platform.images import Pixels, read_image

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


def png_16_bit(width: int, height: int, *, color: int, rows: bytes) -> bytes:
    """A PNG that Pillow cannot write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def read(data: bytes) -> Pixels:
    return read_image(data, "picture")[0]


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
    data = png_16_bit(2, 1, color=color, rows=rows)
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
