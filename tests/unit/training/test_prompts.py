"""Prompts as people would give them."""

import numpy as np
import pytest

from maskloop.actors.training.prompts import (
    Asked,
    error_prompt,
    first_prompt,
    mask_box,
    noisy_box,
    recorded_prompt,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def mask() -> np.ndarray:
    """256 wide: a pixel of the original is four of the input."""
    mask = np.zeros((128, 256), dtype=np.bool_)
    mask[10:30, 40:80] = True
    return mask


def test_a_first_point_lies_in_the_mask_and_a_box_around_it_equally_often(
    mask: np.ndarray, rng: np.random.Generator
) -> None:
    found = [first_prompt(mask, rng) for _ in range(400)]

    points = [each.points_xy[0] for each in found if each.box_xyxy is None]
    assert 160 < len(points) < 240
    assert all(mask[int(y / 4), int(x / 4)] for x, y in points)
    assert {each.labels for each in found} == {(1,), ()}
    assert all(each.ambiguous for each in found)


def test_every_pixel_of_the_mask_may_be_the_first_point(rng: np.random.Generator) -> None:
    small = np.zeros((256, 256), dtype=np.bool_)
    small[3, 5] = small[9, 2] = True

    found = {each.points_xy for each in (first_prompt(small, rng) for _ in range(50))}

    assert {((20.0, 12.0),), ((8.0, 36.0),)} <= found


def test_a_box_goes_along_the_outer_edges(mask: np.ndarray) -> None:
    assert mask_box(mask) == (160.0, 40.0, 320.0, 120.0)


def test_noise_is_a_tenth_of_the_side_and_20_pixels_at_most(rng: np.random.Generator) -> None:
    box = (400.0, 400.0, 500.0, 900.0)

    moved = np.array([noisy_box(box, (1024, 1024), rng) for _ in range(3000)]) - box

    assert moved[:, 0].std() == pytest.approx(10.0, rel=0.1)  # few reach 20
    assert np.abs(moved).max() == 20.0
    assert (np.abs(moved[:, 1]) == 20.0).mean() > 0.5  # a tenth of 500 is 50


def test_a_noisy_box_stays_in_the_image_and_keeps_its_corners_order(
    rng: np.random.Generator,
) -> None:
    for _ in range(200):
        x1, y1, x2, y2 = noisy_box((0.0, 500.0, 1.0, 512.0), (512, 1024), rng)

        assert 0 <= x1 <= x2 <= 1024
        assert 0 <= y1 <= y2 <= 512


def test_further_points_come_from_the_error_region(rng: np.random.Generator) -> None:
    truth = np.zeros((256, 256), dtype=np.bool_)
    truth[10, 10:12] = True
    answered = np.zeros_like(truth)
    answered[10, 11:14] = True

    found = {
        (int((x + 0.5) // 4), int((y + 0.5) // 4), label)
        for (x, y), label in (error_prompt(answered, truth, rng) for _ in range(200))
    }

    assert found == {(10, 10, 1), (12, 10, 0), (13, 10, 0)}


def test_where_nothing_is_wrong_the_point_is_of_the_object(rng: np.random.Generator) -> None:
    truth = np.zeros((256, 256), dtype=np.bool_)
    truth[20, 30] = True

    (x, y), label = error_prompt(truth.copy(), truth, rng)

    assert (int((x + 0.5) // 4), int((y + 0.5) // 4), label) == (30, 20, 1)


def test_what_a_person_asked_first_is_taken_in_the_inputs_pixels(mask: np.ndarray) -> None:
    prompts = ({"points": [[50.0, 20.0, 1], [90.0, 20.0, 0]]}, {"points": [[60.0, 20.0, 1]]})

    assert recorded_prompt(prompts, mask) == Asked(((200.0, 80.0), (360.0, 80.0)), (1, 0))


def test_a_recorded_box_is_taken(mask: np.ndarray) -> None:
    found = recorded_prompt(({"points": [], "box": [40.0, 10.0, 80.0, 30.0]},), mask)

    assert found == Asked(box_xyxy=(160.0, 40.0, 320.0, 120.0))


def test_a_click_beside_the_mask_asked_for_something_else(mask: np.ndarray) -> None:
    beside, on_the_edge = {"points": [[100.0, 20.0, 1]]}, {"points": [[81.0, 20.0, 1]]}

    assert recorded_prompt((beside,), mask) is None
    assert recorded_prompt((beside, on_the_edge), mask) == Asked(((324.0, 80.0),), (1,))
    assert recorded_prompt(({"previous": "r1"},), mask) is None


@pytest.mark.parametrize(
    ("asked", "ambiguous"),
    [
        (Asked(((1.0, 1.0),), (1,)), True),
        (Asked(box_xyxy=(0.0, 0.0, 9.0, 9.0)), True),
        (Asked(((1.0, 1.0), (2.0, 2.0)), (1, 0)), False),
        (Asked(((1.0, 1.0),), (1,), (0.0, 0.0, 9.0, 9.0)), False),
    ],
)
def test_one_point_or_a_box_alone_is_ambiguous(asked: Asked, ambiguous: bool) -> None:
    assert asked.ambiguous is ambiguous
