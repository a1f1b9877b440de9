"""Where a simulated person clicks next, and what their clicks come to."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools import mask as coco

from maskloop.actors.evaluation.centre import Centre
from maskloop.actors.evaluation.clicking import (
    clicks_until,
    intersection_over_union,
    next_click,
)

Mask = npt.NDArray[np.bool_]


def drawn(*rows: str) -> Mask:
    return np.array([[mark == "#" for mark in row] for row in rows])


WANTED = drawn(
    ".......",
    ".###...",
    ".###...",
    ".###...",
    ".......",
)


def test_the_first_click_is_the_objects_centre() -> None:
    assert next_click(np.zeros_like(WANTED), WANTED) == (Centre(2, 2, 4), 1)


def test_what_is_surplus_is_clicked_away_where_it_is_deeper_than_what_is_missing() -> None:
    mask = drawn(
        "....###",
        ".##.###",
        ".##.###",
        ".##....",
        ".......",
    )
    assert next_click(mask, WANTED) == (Centre(1, 5, 4), 0)


def test_what_is_missing_goes_first_where_both_are_as_deep() -> None:
    mask = drawn(
        ".......",
        ".##..#.",
        ".##..#.",
        ".##....",
        ".......",
    )
    assert next_click(mask, WANTED) == (Centre(1, 3, 1), 1)


def test_a_mask_that_is_right_needs_no_click() -> None:
    assert next_click(WANTED, WANTED) is None


@pytest.mark.parametrize(
    ("ious", "expected"),
    [
        ([0.95], (1, 1)),
        ([0.5, 0.85, 0.899, 0.9], (2, 4)),
        ([0.5, 0.86, 0.4, 0.3], (2, 5)),
        ([0.86, 0.3, 0.2, 0.1, 0.99], (1, 5)),
        ([0.5, 0.84, 0.4, 0.3], (5, 5)),
        ([0.5, 1.0], (2, 2)),
    ],
)
def test_clicks_are_counted_until_it_is_reached_for_the_first_time(
    ious: list[float], expected: tuple[int, int]
) -> None:
    assert clicks_until(iter(ious), most=4) == expected


def test_no_more_clicks_are_asked_than_it_needs() -> None:
    asked = []

    def answers() -> Iterator[float]:
        for iou in (0.5, 0.91, 0.99):
            asked.append(iou)
            yield iou

    clicks_until(answers(), most=20)
    assert asked == [0.5, 0.91]


def test_iou_equals_that_of_pycocotools() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        ours, theirs = random.random((2, 13, 17)) > random.random()
        packed = [coco.encode(np.asfortranarray(mask, dtype=np.uint8)) for mask in (ours, theirs)]
        expected = coco.iou(packed[:1], packed[1:], [False])[0][0]
        assert intersection_over_union(ours, theirs) == pytest.approx(expected, abs=1e-15)


def test_two_empty_masks_have_nothing_in_common() -> None:
    nothing = np.zeros((3, 3), dtype=np.bool_)
    assert intersection_over_union(nothing, nothing) == 0.0
