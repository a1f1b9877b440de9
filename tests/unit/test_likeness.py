"""The same picture is known again re-encoded and resized; other pictures are not taken for it."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Pil

from maskloop.platform import likeness
from maskloop.platform.images import Limits, Pixels


def scene(seed: int, size_hw: tuple[int, int] = (120, 160)) -> Pixels:
    """Discs of many sizes on a ground, as no other seed has them."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[: size_hw[0], : size_hw[1]]
    pixels = np.full((*size_hw, 3), draw.integers(20, 60), dtype=np.uint8)
    for _ in range(25):
        top, left, radius = draw.uniform([0, 0, 5], [*size_hw, 25])
        pixels[(y - top) ** 2 + (x - left) ** 2 < radius**2] = draw.integers(60, 255, 3)
    return pixels


def encoded(picture: Pil.Image, form: str = "PNG", **options: int) -> bytes:
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def distances(ours: list[bytes], theirs: list[bytes]) -> list[tuple[int, int]]:
    found = likeness.twins(
        _shrunk(ours),
        _shrunk(theirs),
        our_sizes_hw=_sizes(ours),
        their_sizes_hw=_sizes(theirs),
    )
    return [(pair.ours, pair.theirs) for pair in found]


def _shrunk(files: list[bytes]) -> npt.NDArray[np.uint8]:
    return np.stack([likeness.shrink(data, "a file", Limits()) for data in files])


def _sizes(files: list[bytes]) -> npt.NDArray[np.int64]:
    opened = [Pil.open(io.BytesIO(data)) for data in files]
    return np.array([(one.height, one.width) for one in opened])


@pytest.mark.parametrize("seed", range(5))
def test_a_picture_is_known_again_as_jpeg_and_in_other_sizes(seed: int) -> None:
    picture = Pil.fromarray(scene(seed))
    again = [
        encoded(picture, "JPEG", quality=40),
        encoded(picture.resize((80, 60)), "WEBP", quality=60),
        encoded(picture.resize((400, 300), Pil.Resampling.BICUBIC)),
        encoded(picture.convert("L")),
    ]
    assert distances(again, [encoded(picture)]) == [(n, 0) for n in range(4)]


def test_other_pictures_are_other_pictures() -> None:
    files = [encoded(Pil.fromarray(scene(seed))) for seed in range(40)]
    assert distances(files[:20], files[20:]) == []


def test_of_several_the_most_alike_is_named() -> None:
    picture = Pil.fromarray(scene(1))
    worse = encoded(picture.resize((40, 30)), "JPEG", quality=20)
    other = encoded(Pil.fromarray(scene(2)))
    assert distances([encoded(picture)], [worse, other, encoded(picture)]) == [(0, 2)]


def test_the_same_grey_values_in_another_shape_are_another_picture() -> None:
    picture = Pil.fromarray(scene(1))
    squeezed = encoded(picture.resize((120, 120)))
    assert distances([squeezed], [encoded(picture)]) == []


def test_pictures_without_contrast_say_nothing_of_each_other() -> None:
    dark = encoded(Pil.new("RGB", (160, 120), (3, 3, 3)))
    darker = encoded(Pil.new("RGB", (160, 120), (2, 2, 2)))
    assert distances([dark], [darker]) == []


def test_thousands_are_compared_block_by_block() -> None:
    draw = np.random.default_rng(0)
    ours = draw.integers(0, 255, (3000, likeness.SIDE, likeness.SIDE), dtype=np.uint8)
    theirs = ours[::-7]
    sizes = np.full((3000, 2), 100)
    found = likeness.twins(ours, theirs, our_sizes_hw=sizes, their_sizes_hw=sizes[: len(theirs)])
    assert [(pair.ours, pair.theirs) for pair in found] == sorted(
        (2999 - 7 * column, column) for column in range(len(theirs))
    )


def test_kept_grey_values_are_read_as_they_were() -> None:
    small = likeness.shrink(encoded(Pil.fromarray(scene(3))), "a file", Limits())
    assert np.array_equal(likeness.unpack(small.tobytes()), small)
