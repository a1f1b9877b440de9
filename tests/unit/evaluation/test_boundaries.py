"""Boundary F equals its definition, written out with SciPy's morphology."""

from math import ceil

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from maskloop.actors.evaluation.boundaries import boundary_f

Mask = npt.NDArray[np.bool_]


def blobs(seed: int, threshold: float) -> Mask:
    noise = np.random.default_rng(seed).normal(size=(60, 80))
    return np.asarray(ndimage.gaussian_filter(noise, 4) > threshold)


def independently(ours: Mask, theirs: Mask, tolerance: float) -> float:
    reach = ceil(tolerance * np.hypot(*ours.shape))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = x**2 + y**2 <= reach**2
    mine, other = (mask & ~ndimage.binary_erosion(mask) for mask in (ours, theirs))
    if not mine.any() or not other.any():
        return 0.0
    precision = (mine & ndimage.binary_dilation(other, disk)).sum() / mine.sum()
    recall = (other & ndimage.binary_dilation(mine, disk)).sum() / other.sum()
    return float(2 * precision * recall / max(precision + recall, 1e-300))


@pytest.mark.parametrize("tolerance", [0.0001, 0.0075, 0.05])
@given(seed=st.integers(0, 2**32 - 1), other=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_boundary_f_equals_an_independent_implementation(
    tolerance: float, seed: int, other: int
) -> None:
    ours = blobs(seed, 0.02)
    for theirs in (blobs(seed, 0.03), blobs(other, 0.02)):
        found = boundary_f(ours, theirs, tolerance)
        assert found == pytest.approx(independently(ours, theirs, tolerance), abs=1e-12)


def square(*, shift: int) -> Mask:
    mask = np.zeros((300, 400), dtype=np.bool_)
    mask[100:150, 100 + shift : 150 + shift] = True
    return mask


def test_an_outline_counts_as_found_up_to_the_tolerance_and_not_beyond() -> None:
    """The diagonal is 500: 0.0075 of it are 4 pixels, rounded up."""
    assert boundary_f(square(shift=0), square(shift=0), 0.0075) == 1.0
    assert boundary_f(square(shift=0), square(shift=4), 0.0075) == 1.0
    assert 0.0 < boundary_f(square(shift=0), square(shift=5), 0.0075) < 1.0
    assert boundary_f(square(shift=0), square(shift=200), 0.0075) == 0.0


def test_an_empty_mask_follows_nothing() -> None:
    nothing = np.zeros((300, 400), dtype=np.bool_)
    assert boundary_f(nothing, square(shift=0), 0.0075) == 0.0
    assert boundary_f(square(shift=0), nothing, 0.0075) == 0.0
    assert boundary_f(nothing, nothing, 0.0075) == 0.0
