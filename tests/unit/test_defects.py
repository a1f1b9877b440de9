"""Planted errors are wrong in the way they say, by the amount they say, and by the seed alone."""

import numpy as np
import pytest
from scipy import ndimage

from maskloop.platform.defects import LEAST_AREA, TOLERANCE, Mask, spoil
from maskloop.platform.states import Defect

SPOILING = [defect for defect in Defect if defect is not Defect.WRONG_CATEGORY]


def rectangle(top: int, left: int, height: int, width: int) -> Mask:
    """In a picture of 120 by 160 pixels."""
    mask = np.zeros((120, 160), dtype=np.bool_)
    mask[top : top + height, left : left + width] = True
    return mask


def disc(row: float, column: float, radius: float) -> Mask:
    rows, columns = np.mgrid[:120, :160]
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


DISC, BESIDE = disc(60, 70, 25), disc(60, 122, 25)


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def spoiled(defect: Defect, truth: Mask = DISC, iou: float = 0.6, seed: int = 0) -> Mask:
    found = spoil(defect, truth, [BESIDE], iou=iou, rng=random(seed))
    assert found is not None
    return found


def iou_of(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("defect", SPOILING)
@pytest.mark.parametrize("iou", [0.5, 0.6, 0.75, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_the_iou_with_the_truth_is_the_wanted_one(defect: Defect, iou: float, seed: int) -> None:
    found = spoiled(defect, iou=iou, seed=seed)
    assert iou_of(found, DISC) == pytest.approx(iou, abs=TOLERANCE)
    assert found.shape == DISC.shape
    assert found.dtype == np.bool_


def test_an_eroded_mask_is_what_a_distance_from_the_outline_leaves() -> None:
    # 40 by 40: without a rim of 4 pixels 32 * 32 / 1600 = 0.64, without one of 5 0.5625.
    found = spoiled(Defect.ERODED, rectangle(40, 40, 40, 40), iou=0.62)
    assert np.array_equal(found, rectangle(44, 44, 32, 32))
    assert np.array_equal(
        spoiled(Defect.ERODED, rectangle(40, 40, 40, 40), iou=0.58), rectangle(45, 45, 30, 30)
    )


def test_erosion_takes_nothing_away_where_the_picture_ends() -> None:
    # Into the corner: a rim of 8 on two sides leaves 32 * 32 of 40 * 40.
    found = spoiled(Defect.ERODED, rectangle(0, 0, 40, 40), iou=0.64)
    assert np.array_equal(found, rectangle(0, 0, 32, 32))


def test_a_shifted_mask_is_the_same_shape_elsewhere_in_the_picture() -> None:
    for seed in range(20):
        found = spoiled(Defect.SHIFTED, seed=seed)
        assert found.sum() == DISC.sum()
        down, right = np.subtract(
            ndimage.center_of_mass(found), ndimage.center_of_mass(DISC)
        ).round()
        assert np.array_equal(found, disc(60 + down, 70 + right, 25))


def test_a_shift_goes_where_there_is_room_as_far_as_arithmetic_says() -> None:
    """Five rows are free above and below, so it goes sideways: d of 40 columns alone would give
    (40 - d) / (40 + d), which is 0.6 at d = 10, and each row gone takes away a little more."""
    truth = rectangle(5, 60, 110, 40)
    for seed in range(20):
        found = spoil(Defect.SHIFTED, truth, [], rng=random(seed))
        assert found is not None
        top, left = np.argwhere(found)[0]
        assert np.array_equal(found, rectangle(top, left, 110, 40))
        assert 8 <= abs(left - 60) <= 11


def test_without_room_nothing_is_shifted() -> None:
    whole = rectangle(0, 0, 120, 160)
    assert spoil(Defect.SHIFTED, whole, [], rng=random()) is None
    assert spoil(Defect.SHIFTED, rectangle(2, 2, 116, 156), [], rng=random()) is None


def test_a_merged_mask_has_all_of_the_object_and_the_nearest_part_of_a_neighbour() -> None:
    truth, far = rectangle(40, 40, 40, 40), rectangle(40, 10, 40, 20)
    near = rectangle(40, 85, 40, 60)
    found = spoil(Defect.MERGED, truth, [far, near], iou=0.625, rng=random())
    # 1600 / 0.625 = 2560: 960 pixels more, which are 24 columns of 40.
    assert found is not None
    assert np.array_equal(found, truth | rectangle(40, 85, 40, 24))


def test_a_neighbour_that_is_too_small_is_passed_over_for_the_next() -> None:
    truth, speck = rectangle(40, 40, 40, 40), rectangle(81, 50, 3, 3)
    next_one = rectangle(40, 10, 40, 20)
    found = spoil(Defect.MERGED, truth, [speck, next_one], iou=1600 / 2400, rng=random())
    assert found is not None
    assert np.array_equal(found, truth | next_one)
    assert spoil(Defect.MERGED, truth, [speck], rng=random()) is None


def test_nothing_is_merged_with_what_is_not_there_or_too_far_away() -> None:
    truth = rectangle(40, 10, 40, 40)
    assert spoil(Defect.MERGED, truth, [], rng=random()) is None
    assert spoil(Defect.MERGED, truth, [rectangle(40, 91, 40, 60)], rng=random()) is None
    assert spoil(Defect.MERGED, truth, [rectangle(40, 80, 40, 60)], rng=random()) is None
    assert spoil(Defect.MERGED, truth, [rectangle(40, 60, 40, 60)], rng=random()) is not None


def test_a_missing_part_lies_behind_a_straight_line() -> None:
    for seed in range(20):
        found = spoiled(Defect.MISSING_PART, seed=seed)
        assert not (found & ~DISC).any()
        missing, kept = np.argwhere(DISC & ~found), np.argwhere(found)
        across = missing.mean(axis=0) - kept.mean(axis=0)
        across /= np.hypot(*across)
        # By symmetry the line stands across what joins the centres, but for a pixel of rounding.
        assert (missing @ across).min() > (kept @ across).max() - 1.5


def test_a_wrong_category_leaves_a_fresh_copy_of_the_mask() -> None:
    found = spoiled(Defect.WRONG_CATEGORY)
    assert np.array_equal(found, DISC)
    assert not np.shares_memory(found, DISC)


@pytest.mark.parametrize("defect", Defect)
def test_the_truth_stays_and_the_same_seed_gives_the_same_mask(defect: Defect) -> None:
    truth = DISC.copy()
    once, again = (spoil(defect, truth, [BESIDE], rng=random(7)) for _ in range(2))
    assert once is not None
    assert again is not None
    assert np.array_equal(once, again)
    assert np.array_equal(truth, DISC)


@pytest.mark.parametrize("defect", [Defect.SHIFTED, Defect.MISSING_PART])
def test_another_seed_gives_another_direction(defect: Defect) -> None:
    assert not np.array_equal(spoiled(defect, seed=1), spoiled(defect, seed=2))


@pytest.mark.parametrize("defect", Defect)
def test_nothing_is_planted_in_a_mask_that_is_too_small_to_see(defect: Defect) -> None:
    small = rectangle(50, 50, 7, 9)
    assert small.sum() == LEAST_AREA - 1
    beside = rectangle(50, 59, 20, 20)
    assert spoil(defect, small, [beside], rng=random()) is None
    assert spoil(defect, rectangle(50, 50, 8, 8), [beside], rng=random()) is not None


def test_a_mask_that_no_threshold_brings_near_is_not_eroded() -> None:
    """Four pixels wide: without its rim half of it is left, and then nothing."""
    thin = rectangle(20, 20, 4, 100)
    assert spoil(Defect.ERODED, thin, [], iou=0.6, rng=random()) is None
    assert spoil(Defect.ERODED, thin, [], iou=0.5, rng=random()) is not None
    assert spoil(Defect.ERODED, rectangle(0, 0, 120, 160), [], rng=random()) is None
