"""Prompts that are taken from a mask."""

import numpy as np
import pytest

from maskloop.actors.doubt.jitter import BOXES, POINTS, jittered
from maskloop.platform.errors import BadMaskError

MASK = np.zeros((40, 60), dtype=np.bool_)
MASK[5:25, 10:40] = True


def test_the_same_mask_and_name_give_the_same_prompts() -> None:
    one, other = jittered(MASK, "7"), jittered(MASK.copy(), "7")
    np.testing.assert_array_equal(one.boxes_xyxy, other.boxes_xyxy)
    np.testing.assert_array_equal(one.points_xy, other.points_xy)


def test_another_name_moves_them_otherwise() -> None:
    one, other = jittered(MASK, "7"), jittered(MASK, "8")
    assert (one.boxes_xyxy[1:] != other.boxes_xyxy[1:]).all()
    assert (one.points_xy[1:] != other.points_xy[1:]).any()


def test_the_first_box_and_point_are_the_mask_s_own() -> None:
    found = jittered(MASK, "7")
    assert found.boxes_xyxy.shape == (BOXES, 4)
    assert found.points_xy.shape == (POINTS, 2)
    assert found.boxes_xyxy[0].tolist() == [10, 5, 40, 25]
    # Of the ridge in the middle of the bar the first pixel.
    assert found.points_xy[0].tolist() == [19.5, 14.5]


def test_no_side_moves_by_more_than_a_tenth_and_none_leaves_the_picture() -> None:
    whole = np.ones((40, 60), dtype=np.bool_)
    for number in range(20):
        boxes = jittered(MASK, f"{number}").boxes_xyxy
        assert (np.abs(boxes - boxes[0]) <= np.array([3, 2, 3, 2])).all()
        boxes = jittered(whole, f"{number}").boxes_xyxy
        assert (boxes >= 0).all()
        assert (boxes <= np.array([60, 40, 60, 40])).all()


def test_points_lie_deep_in_the_mask() -> None:
    points = np.vstack([jittered(MASK, f"{number}").points_xy for number in range(20)])
    depths = np.minimum.reduce(
        [points[:, 0] - 10, 40 - points[:, 0], points[:, 1] - 5, 25 - points[:, 1]]
    )
    assert depths.min() >= 3.5  # of the greatest depth, 10, four tenths, but for half a pixel


def test_a_mask_without_a_pixel_is_refused() -> None:
    with pytest.raises(BadMaskError):
        jittered(np.zeros((4, 4), dtype=np.bool_), "7")
