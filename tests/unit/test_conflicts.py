"""Conflicts of masks made by hand."""

import numpy as np
import pytest

from maskloop.platform.conflicts import conflicts
from maskloop.platform.masks import Rle


def columns(first: int, last: int) -> Rle:
    """Of a picture of 4 by 20 pixels, the last one exclusive."""
    pixels = np.zeros((4, 20), dtype=np.bool_)
    pixels[:, first:last] = True
    return Rle.encode(pixels)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (columns(10, 20), 0.0),  # beside it
        (columns(2, 7), 0.0),  # in it
        (columns(0, 20), 0.0),  # around it
        (columns(0, 10), 0.0),  # the same
        (columns(5, 15), 1.0),  # half in it
        (columns(9, 19), 0.36),  # a tenth in it
        (columns(1, 11), 0.36),  # nine tenths in it
        (columns(8, 12), 0.4),  # a smaller one, half in it
        (columns(7, 11), 0.3),  # a smaller one, three quarters in it
    ],
)
def test_a_mask_contradicts_what_it_crosses_and_nothing_else(other: Rle, expected: float) -> None:
    assert conflicts([columns(0, 10), other]) == pytest.approx([expected, expected])


def test_the_worst_conflict_counts_for_each() -> None:
    masks = [columns(0, 10), columns(9, 19), columns(15, 20), columns(4, 6)]
    assert conflicts(masks) == pytest.approx([0.36, 0.36, 0.32, 0.0])


@pytest.mark.parametrize("masks", [[], [columns(0, 10)]])
def test_a_mask_alone_has_nobody_to_contradict(masks: list[Rle]) -> None:
    assert conflicts(masks) == [0.0] * len(masks)
