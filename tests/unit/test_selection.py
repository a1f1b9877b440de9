"""Choosing among candidates: the lazy walk gives what looking at everything gives."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis.extra.numpy import arrays

from maskloop.actors.selection import box_of


def test_a_box_names_the_outermost_pixels() -> None:
    mask = np.zeros((6, 8), dtype=bool)
    mask[0, 7] = mask[5, 2] = True
    assert box_of(mask) == (2, 0, 7, 5)
    assert box_of(mask, top=10, left=20) == (22, 10, 27, 15)


def test_the_box_of_an_empty_mask_is_zeros() -> None:
    assert box_of(np.zeros((3, 6), dtype=bool), top=10, left=20) == (0, 0, 0, 0)
    assert box_of(np.zeros((0, 0), dtype=bool)) == (0, 0, 0, 0)


@given(arrays(np.bool_, (5, 7)))
def test_a_box_is_least_and_greatest_coordinates(mask: npt.NDArray[np.bool_]) -> None:
    ys, xs = np.nonzero(mask)
    expected = (xs.min(), ys.min(), xs.max(), ys.max()) if len(xs) else (0, 0, 0, 0)
    assert box_of(mask) == expected
