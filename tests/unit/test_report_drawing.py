"""Outlines drawn on a report's photographs: close to the mask, holes included, always the same."""

import base64
import io
import re

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from skimage.draw import polygon2mask

from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.services.report import rate
from maskloop.services.report_drawing import (
    COLOURS,
    LONG_SIDE,
    UNITS,
    draw_masks,
    draw_photograph,
    outline,
    page_size,
)
from maskloop.services.units import duration

Mask = npt.NDArray[np.bool_]


def generated(pixels: Mask, score: float = 0.9) -> GeneratedMask:
    ys, xs = np.nonzero(pixels)
    x, y = int(xs.min()), int(ys.min())
    box = (x, y, int(xs.max()) - x, int(ys.max()) - y)
    area = int(pixels.sum())
    return GeneratedMask(Rle.encode(pixels), box, area, score, 0.97, (x, y), (0, 0, 1, 1))


def disc(height: int, width: int, *, outer: float, inner: float = 0.0) -> Mask:
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - height / 2, x - width / 2)
    inside: Mask = (distance < outer) & (distance >= inner)
    return inside


def rings_of(path: str) -> list[npt.NDArray[np.float64]]:
    """Each ring's points on the page, (N, 2) as x and y."""
    rings = []
    for ring in re.findall(r"M([^z]*)z", path):
        numbers = [int(number) for number in re.findall(r"-?\d+", ring)]
        rings.append(np.cumsum(np.reshape(numbers, (-1, 2)), axis=0) / UNITS)
    return rings


def filled(path: str, size_wh: tuple[int, int]) -> Mask:
    """The path's pixels on the page by the even-odd rule."""
    pixels = np.zeros(size_wh[::-1], dtype=bool)
    for ring in rings_of(path):
        pixels ^= polygon2mask(pixels.shape, ring[:, ::-1] - 0.5)
    return pixels


def iou(ours: Mask, theirs: Mask) -> float:
    return float((ours & theirs).sum() / (ours | theirs).sum())


def test_an_outline_follows_its_mask_and_leaves_its_hole_open() -> None:
    ring = disc(300, 400, outer=120, inner=60)
    path = outline(generated(ring))
    assert len(rings_of(path)) == 2
    assert iou(filled(path, (400, 300)), ring) > 0.98


def test_the_outline_of_a_large_image_lies_where_the_photograph_is_drawn() -> None:
    ring = disc(1800, 2700, outer=700, inner=300)
    shrunk = Image.fromarray(ring).convert("L").resize(page_size((2700, 1800)))
    path = outline(generated(ring))
    assert page_size((2700, 1800)) == (1024, 683)
    assert iou(filled(path, (1024, 683)), np.asarray(shrunk) > 127) > 0.98


def test_the_outline_of_a_mask_that_covers_the_image_is_its_frame() -> None:
    path = outline(generated(np.ones((20, 30), dtype=bool)))
    (ring,) = rings_of(path)
    assert (ring.min(axis=0).tolist(), ring.max(axis=0).tolist()) == ([0, 0], [30, 20])


def test_a_mask_too_thin_for_the_page_is_still_seen() -> None:
    line = np.zeros((4000, 6000), dtype=bool)
    line[2000, 1000:5000] = True
    (ring,) = rings_of(outline(generated(line)))
    assert ring[:, 0].min() == pytest.approx(1000 * 1024 / 6000, abs=1)
    assert ring[:, 0].max() == pytest.approx(5000 * 1024 / 6000, abs=1)


def test_smaller_masks_are_drawn_over_larger_ones() -> None:
    small, large = disc(100, 100, outer=10), disc(100, 100, outer=40)
    drawn = draw_masks([generated(small, 0.95), generated(large, 0.91)])
    assert [mask.score for mask in drawn] == [0.91, 0.95]


def test_a_mask_has_one_colour_for_ever() -> None:
    (drawn,) = draw_masks([generated(disc(100, 100, outer=30))])
    (again,) = draw_masks([generated(disc(100, 100, outer=30), score=0.5)])
    assert drawn.colour == again.colour
    assert drawn.colour in COLOURS


def test_a_photograph_is_shrunk_to_the_page_and_never_enlarged() -> None:
    large = draw_photograph(np.zeros((1500, 3000, 3), dtype=np.uint8))
    kind, _, data = large.data_uri.partition(",")
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert (kind, picture.size) == ("data:image/webp;base64", (LONG_SIDE, 512))
    assert large.view_wh == (LONG_SIDE * UNITS, 512 * UNITS)
    assert page_size((30, 20)) == (30, 20)
    assert page_size((20_000, 2)) == (LONG_SIDE, 1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0004, "0 ms"),
        (0.0949, "95 ms"),
        (0.096, "0.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (134, "2 min 14 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations_are_said_in_units_of_their_size(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("per_minute", "words"), [(2.4711, "2.47"), (31.44, "31.4"), (1204.4, "1,204")]
)
def test_rates_are_said_with_as_many_digits_as_they_deserve(per_minute: float, words: str) -> None:
    assert rate(per_minute) == words
