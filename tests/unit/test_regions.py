"""Small holes and islands, as the official `remove_small_regions` treats them."""

import numpy as np
import numpy.typing as npt
import pytest

from maskloop.actors.regions import drop_islands, fill_holes

Mask = npt.NDArray[np.bool_]


def drawn(*rows: str) -> Mask:
    return np.array([[mark == "#" for mark in row] for row in rows])


def assert_becomes(found: tuple[Mask, bool], expected: Mask, *, changed: bool) -> None:
    assert found[1] is changed
    assert found[0].dtype == np.bool_
    np.testing.assert_array_equal(found[0], expected)


RING = drawn(
    ".......",
    ".#####.",
    ".#..##.",
    ".####..",
    ".......",
)


def test_a_hole_smaller_than_the_least_area_is_filled() -> None:
    filled = drawn(
        ".......",
        ".#####.",
        ".#####.",
        ".####..",
        ".......",
    )
    assert_becomes(fill_holes(RING, 3), filled, changed=True)
    assert_becomes(fill_holes(RING, 2), RING, changed=False)


def test_a_hole_that_touches_outside_by_a_corner_is_no_hole() -> None:
    """Eight neighbours: the gap in the corner joins the two pixels to the outside."""
    open_ring = drawn(
        "......",
        ".####.",
        ".#..#.",
        ".###..",
        "......",
    )
    assert_becomes(fill_holes(open_ring, 3), open_ring, changed=False)


def test_a_small_outside_is_filled_like_a_hole() -> None:
    """As in the official code, which does not tell them apart."""
    corner = drawn(".##", "###", "###")
    assert_becomes(fill_holes(corner, 2), drawn("###", "###", "###"), changed=True)


ISLANDS = drawn(
    "##....#",
    "##.....",
    "....##.",
    "....#..",
)


def test_an_island_smaller_than_the_least_area_is_dropped() -> None:
    without_one = drawn("##.....", "##.....", "....##.", "....#..")
    only_four = drawn("##.....", "##.....", ".......", ".......")
    assert_becomes(drop_islands(ISLANDS, 1), ISLANDS, changed=False)
    assert_becomes(drop_islands(ISLANDS, 2), without_one, changed=True)
    assert_becomes(drop_islands(ISLANDS, 3), without_one, changed=True)
    assert_becomes(drop_islands(ISLANDS, 4), only_four, changed=True)


def test_when_all_islands_are_small_the_largest_stays() -> None:
    """The official quirk: 9 and 16 pixels at a least area of 100 leave the 16."""
    mask, largest = np.zeros((20, 20), dtype=bool), np.zeros((20, 20), dtype=bool)
    mask[1:4, 1:4] = True
    mask[10:14, 10:14] = largest[10:14, 10:14] = True
    assert_becomes(drop_islands(mask, 100), largest, changed=True)


def test_of_equal_small_islands_the_first_stays() -> None:
    assert_becomes(drop_islands(drawn("#.#"), 5), drawn("#.."), changed=True)


def test_a_lone_small_island_stays_and_counts_as_changed() -> None:
    """So the official code lets its score fall to 0 too."""
    assert_becomes(drop_islands(drawn(".#.."), 5), drawn(".#.."), changed=True)


def test_islands_that_meet_at_a_corner_are_one() -> None:
    stairs = drawn("#..", ".#.", "..#")
    assert_becomes(drop_islands(stairs, 3), stairs, changed=False)


@pytest.mark.parametrize("value", [True, False])
def test_a_mask_of_one_value_has_neither_small_holes_nor_small_islands(value: bool) -> None:
    mask = np.full((4, 5), value)
    assert_becomes(fill_holes(mask, 20), mask, changed=False)
    assert_becomes(drop_islands(mask, 20), mask, changed=False)


def test_the_callers_mask_is_left_alone() -> None:
    ring, islands = RING.copy(), ISLANDS.copy()
    fill_holes(ring, 100)
    drop_islands(islands, 100)
    np.testing.assert_array_equal(ring, RING)
    np.testing.assert_array_equal(islands, ISLANDS)
