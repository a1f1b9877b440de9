"""What a predicted IoU is worth, from reviews."""

import pytest

from maskloop.platform.calibration import FEWEST, RAW, calibrate

LOW, MIDDLE, HIGH = 0.6, 0.8, 0.95


def reviewed(predicted_iou: float, rights: int, wrongs: int) -> list[tuple[float, bool]]:
    return [(predicted_iou, True)] * rights + [(predicted_iou, False)] * wrongs


@pytest.mark.parametrize(
    "few",
    [
        [],
        reviewed(LOW, 20, FEWEST - 21),
        reviewed(LOW, FEWEST, 0),
        reviewed(LOW, 0, FEWEST),
    ],
    ids=["none", "too few", "all right", "all wrong"],
)
def test_reviews_that_teach_nothing_leave_a_predicted_iou_as_it_is(
    few: list[tuple[float, bool]],
) -> None:
    assert calibrate(few) == RAW


@pytest.mark.parametrize(("predicted", "expected"), [(0.7, 0.7), (-0.1, 0.0), (1.02, 1.0)])
def test_a_raw_predicted_iou_stands_for_itself_within_0_and_1(
    predicted: float, expected: float
) -> None:
    assert RAW.probability(predicted) == expected


def test_a_step_is_the_share_of_accepted_masks_with_one_more_of_either_kind() -> None:
    found = calibrate(reviewed(LOW, 9, 29) + reviewed(HIGH, 48, 0))
    assert found.predicted_iou == pytest.approx((LOW, HIGH))
    assert found.correctness == (10 / 40, 49 / 50)
    assert found.reviews == 86


def test_between_two_steps_the_way_is_straight_and_beyond_them_flat() -> None:
    found = calibrate(reviewed(LOW, 9, 29) + reviewed(HIGH, 48, 0))
    assert found.probability((LOW + HIGH) / 2) == pytest.approx((0.25 + 0.98) / 2)
    assert found.probability(0.1) == 0.25
    assert found.probability(1.0) == 0.98


def test_shares_out_of_order_are_one_step_between_them() -> None:
    found = calibrate(reviewed(LOW, 20, 10) + reviewed(MIDDLE, 10, 20) + reviewed(HIGH, 38, 0))
    assert found.predicted_iou == pytest.approx(((LOW + MIDDLE) / 2, HIGH))
    assert found.correctness == pytest.approx((31 / 62, 39 / 40))


def test_a_higher_predicted_iou_is_never_worth_less() -> None:
    # Of the last step there is one review alone, which promises less than the step before.
    found = calibrate(reviewed(LOW, 5, 5) + reviewed(MIDDLE, 97, 1) + reviewed(HIGH, 1, 0))
    assert found.correctness == (6 / 12, 98 / 100, 98 / 100)
