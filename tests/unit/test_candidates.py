"""Bounds from low resolution, against the mask at full size."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maskloop.actors.candidates import NOTHING, Bounds, Candidates
from maskloop.actors.crops import Crop
from maskloop.actors.sam.transforms import resized_hw, upscale
from maskloop.actors.selection import box_of
from maskloop.actors.upscaling import Box, upscaling

Floats = npt.NDArray[np.float32]
SIZES = [(300, 451), (64, 64), (20, 30), (1, 400), (1, 1), (3, 1500), (640, 480), (256, 256)]
_ROUNDING = 1e-4


def shape(random: np.random.Generator) -> Floats:
    """Logits of one of many kinds: blobs, steps, stripes, specks, noise, all or nothing."""
    y, x = np.mgrid[0:256, 0:256]
    field = np.full((256, 256), -3.0)
    for _ in range(int(random.integers(0, 4))):
        cy, cx = random.uniform(-20, 276, 2)
        sy, sx = random.uniform(0.4, 60, 2)
        field += random.uniform(1, 9) * np.exp(-(((y - cy) / sy) ** 2 + ((x - cx) / sx) ** 2))
    if random.random() < 0.3:
        top, left = random.integers(0, 250, 2)
        side = int(random.integers(1, 7))
        field[top : top + side, left : left + int(random.integers(1, 200))] = random.uniform(-1, 6)
    if random.random() < 0.2:
        field += random.choice([4.0, 1.5]) * ((x + y) % 2)
    if random.random() < 0.2:
        field += random.normal(0, 2, field.shape)
    if random.random() < 0.2:
        field[random.integers(0, 256), random.integers(0, 256)] = 8
    return (field + random.choice([0.0, 0.0, -2.0, 2.5, 7.0])).astype(np.float32)


def bounds(logits: Floats, size_hw: tuple[int, int], offset: float) -> Bounds:
    crop = Crop((0, 0, size_hw[1], size_hw[0]), 0)
    candidates = Candidates(crop, upscaling(resized_hw(size_hw), size_hw), offset, max(2, offset))
    iou, point = np.full((1, 1), 0.5, np.float32), np.array([[1.0, 2.0]])
    candidates.add(logits[None, None], iou, point, above=0.0, look_above=1.0)
    assert len(candidates.found) == 1
    return candidates.bounds(0)


def contains(outer: Box, inner: Box) -> bool:
    low, high = np.less_equal(outer[:2], inner[:2]), np.greater_equal(outer[2:], inner[2:])
    return bool(low.all() and high.all())


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size_hw=st.sampled_from(SIZES),
    offset=st.sampled_from([0.0, 0.25, 1.0, 4.0]),
)
def test_bounds_hold_at_full_size(seed: int, size_hw: tuple[int, int], offset: float) -> None:
    logits = shape(np.random.default_rng(seed))
    full = upscale(torch.from_numpy(logits).double(), resized_hw(size_hw), size_hw).numpy()
    found = bounds(logits, size_hw, offset)

    surely = full > _ROUNDING
    if surely.any():
        assert contains(found.outer_box, box_of(surely))
    perhaps = full > -_ROUNDING
    if found.inner_box != NOTHING:
        assert contains(box_of(perhaps), found.inner_box)
    inside, outside = (full > offset + _ROUNDING).sum(), (full > -offset + _ROUNDING).sum()
    if outside and offset:
        at_least = inside / (full > -offset - _ROUNDING).sum()
        assert found.most_stable >= at_least - 1e-6

    ys, xs = np.nonzero(full > -offset + _ROUNDING)
    if found.window is None:
        assert not len(ys)
    elif len(ys):
        made, window = upscaling(resized_hw(size_hw), size_hw), found.window
        height, width = window.logits.shape
        top, bottom = made.rows.within(window.top, window.top + height - 1)
        left, right = made.columns.within(window.left, window.left + width - 1)
        assert top <= ys.min()
        assert ys.max() < bottom
        assert left <= xs.min()
        assert xs.max() < right


def test_bounds_are_close_for_a_large_smooth_mask() -> None:
    """Otherwise they would hold and decide nothing."""
    y, x = np.mgrid[0:256, 0:256]
    logits = (8 - np.hypot(y - 90, x - 130) / 5).astype(np.float32)
    full = upscale(torch.from_numpy(logits), (683, 1024), (1200, 1800)).numpy()
    found, box = bounds(logits, (1200, 1800), 1.0), box_of(full > 0)
    stability = (full > 1).sum() / (full > -1).sum()
    assert np.abs(np.subtract(found.outer_box, box)).max() <= 1800 / 256 * 2
    assert np.abs(np.subtract(found.inner_box, box)).max() <= 1800 / 256 * 3
    assert stability <= found.most_stable < stability + 0.12


@pytest.mark.parametrize("size_hw", [(300, 451), (3, 1500)])
def test_what_the_padding_shows_is_no_candidate(size_hw: tuple[int, int]) -> None:
    logits = np.full((256, 256), -5, np.float32)
    logits[200:] = 5  # both images end above
    found = bounds(logits, size_hw, 1.0)
    assert found.window is None
    assert found.outer_box == found.inner_box == NOTHING
    assert found.most_stable == 0


def test_only_those_above_the_predicted_iou_are_kept_and_zero_keeps_all() -> None:
    logits = np.ones((2, 3, 256, 256), np.float32)
    iou = np.array([[0.88, 0.9, 0.1], [0.0, 0.95, -0.1]], np.float32)
    points = np.array([[1.0, 2.0], [3.0, 4.0]])
    crop, made = Crop((0, 0, 30, 20), 0), upscaling((683, 1024), (20, 30))
    for thresh, expected in (
        (0.88, [(0.9, (1, 2)), (0.95, (3, 4))]),  # float32, as the official code compares
        (1.0, []),
        (0.0, [(float(v), (1 + 2 * i, 2 + 2 * i)) for i in range(2) for v in iou[i]]),
    ):
        candidates = Candidates(crop, made, 1.0, 2.0)
        candidates.add(logits, iou, points, above=thresh, look_above=thresh)
        found = [(c.predicted_iou, c.point_xy) for c in candidates.found]
        assert found == [(pytest.approx(value), point) for value, point in expected]
