"""The parts of everything-mode that need no model."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from maskloop.actors.everything import boxes_of, stability_score


def test_a_box_names_the_outermost_pixels() -> None:
    masks = np.zeros((4, 6, 8), dtype=bool)
    masks[0, 2:5, 1:4] = True
    masks[1, 3, 7] = True
    masks[2] = True
    masks[3, 0, 7] = masks[3, 5, 2] = True
    assert boxes_of(masks).tolist() == [[1, 2, 3, 4], [7, 3, 7, 3], [0, 0, 7, 5], [2, 0, 7, 5]]


def test_the_box_of_an_empty_mask_is_zeros() -> None:
    masks = np.zeros((3, 6, 8), dtype=bool)
    masks[1, 2, 3] = True
    assert boxes_of(masks).tolist() == [[0, 0, 0, 0], [3, 2, 3, 2], [0, 0, 0, 0]]
    assert boxes_of(masks[:0]).shape == (0, 4)


@given(arrays(np.bool_, (3, 5, 7)))
def test_boxes_are_least_and_greatest_coordinates(masks: npt.NDArray[np.bool_]) -> None:
    expected = []
    for mask in masks:
        ys, xs = np.nonzero(mask)
        some = len(xs) > 0
        expected.append([xs.min(), ys.min(), xs.max(), ys.max()] if some else [0] * 4)
    assert boxes_of(masks).tolist() == expected


LOGITS = np.array(
    [
        [[5.0, 2.0], [0.5, -0.5]],
        [[5.0, 5.0], [-5.0, -5.0]],
        [[1.0, 1.5], [-1.0, -3.0]],
        [[-5.0, -5.0], [-5.0, -5.0]],
        [[-0.5, -0.5], [-5.0, -5.0]],
    ],
    dtype=np.float32,
)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (1.0, [0.5, 1.0, 0.5, 0.0, 0.0]),  # both comparisons are strict; empty masks have none
        (0.0, [1.0, 1.0, 1.0, 0.0, 0.0]),
        (3.0, [0.25, 1.0, 0.0, 0.0, 0.0]),
    ],
)
def test_stability_is_pixels_above_the_offset_over_pixels_above_its_negative(
    offset: float, expected: list[float]
) -> None:
    found = stability_score(LOGITS, offset)
    assert found.dtype == np.float32
    assert found.tolist() == expected
