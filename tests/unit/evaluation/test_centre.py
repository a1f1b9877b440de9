"""The centre equals the maximum of SciPy's distance transform."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from maskloop.actors.evaluation.centre import Centre, centre_of

Mask = npt.NDArray[np.bool_]


def blobs(seed: int, size_hw: tuple[int, int]) -> Mask:
    """Smooth regions, some of which the border cuts."""
    noise = np.random.default_rng(seed).normal(size=size_hw)
    return np.asarray(ndimage.gaussian_filter(noise, 3) > 0.02)


def drawn(*rows: str) -> Mask:
    return np.array([[mark == "#" for mark in row] for row in rows])


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 40), (37, 52), (120, 90)])
@given(seed=st.integers(0, 2**32 - 1))
def test_the_centre_is_where_scipy_finds_the_largest_distance(
    size_hw: tuple[int, int], seed: int
) -> None:
    region = blobs(seed, size_hw)
    depths = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]

    found = centre_of(region)

    if not region.any():
        assert found is None
    else:
        assert found is not None
        row, column = np.unravel_index(depths.argmax(), region.shape)
        assert (found.row, found.column) == (row, column)
        assert found.depth == round(depths.max() ** 2)


def test_the_border_of_the_image_counts_as_outside() -> None:
    found = centre_of(np.ones((5, 9), dtype=np.bool_))
    assert found == Centre(row=2, column=2, depth=9)


def test_of_deepest_pixels_the_first_one_is_taken() -> None:
    found = centre_of(drawn("......", ".##.#.", "......"))
    assert found == Centre(row=1, column=1, depth=1)


def test_a_click_goes_to_the_middle_of_its_pixel() -> None:
    assert Centre(row=3, column=7, depth=1).xy == (7.5, 3.5)


def test_nothing_has_no_centre() -> None:
    assert centre_of(np.zeros((4, 4), dtype=np.bool_)) is None
