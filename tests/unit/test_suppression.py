"""Greedy non-maximum suppression against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskloop.actors.suppression import suppress

Box = tuple[int, int, int, int]


def iou(a: Box, b: Box) -> float:
    across = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    down = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = across * down
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    union = sum(areas) - shared
    return shared / union if union else 0.0


def by_definition(boxes: list[Box], scores: list[float], thresh: float) -> list[int]:
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if all(iou(boxes[index], boxes[better]) <= thresh for better in kept):
            kept.append(index)
    return kept


def suppressed(boxes: list[Box], scores: list[float], thresh: float) -> list[int]:
    found = suppress(np.array(boxes, dtype=float).reshape(-1, 4), np.array(scores), thresh)
    return [int(index) for index in found]


corner = st.integers(0, 12)
box = st.tuples(corner, corner, st.integers(0, 8), st.integers(0, 8)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
scored = st.lists(st.tuples(box, st.sampled_from([0.1, 0.5, 0.5, 0.9, 1.0])), max_size=25)


@given(scored, st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.7, 1.0]))
def test_what_stays_is_what_the_definition_keeps(
    found: list[tuple[Box, float]], thresh: float
) -> None:
    boxes, scores = [b for b, _ in found], [score for _, score in found]
    assert suppressed(boxes, scores, thresh) == by_definition(boxes, scores, thresh)


def test_a_worse_box_goes_only_above_the_threshold() -> None:
    """The second shares 50 of 150 with the first."""
    boxes = [(0, 0, 10, 10), (5, 0, 15, 10), (100, 0, 110, 10)]
    scores = [0.8, 0.9, 0.1]
    assert suppressed(boxes, scores, 0.3) == [1, 2]
    assert suppressed(boxes, scores, 1 / 3) == [1, 0, 2]


def test_a_box_that_went_suppresses_nothing() -> None:
    chain = [(0, 0, 10, 10), (3, 0, 13, 10), (6, 0, 16, 10)]
    assert suppressed(chain, [0.9, 0.8, 0.7], 0.5) == [0, 2]


def test_of_equal_scores_the_first_stays() -> None:
    same = [(0, 0, 10, 10)] * 4
    assert suppressed(same, [0.5, 0.9, 0.9, 0.5], 0.7) == [1]
    apart = [(i * 20, 0, i * 20 + 10, 10) for i in range(4)]
    assert suppressed(apart, [0.5, 0.9, 0.9, 0.5], 0.7) == [1, 2, 0, 3]


@pytest.mark.parametrize("flat", [(5, 5, 5, 5), (0, 5, 10, 5), (5, 0, 5, 10)])
def test_boxes_without_area_overlap_nothing_not_even_themselves(flat: Box) -> None:
    assert suppressed([flat, flat, (0, 0, 10, 10)], [0.9, 0.8, 0.7], 0.0) == [0, 1, 2]


def test_no_boxes_leave_no_boxes() -> None:
    assert suppressed([], [], 0.7) == []
