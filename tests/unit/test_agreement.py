"""Agreement equals published examples, another implementation, and plain loops."""

from collections.abc import Sequence
from itertools import permutations

import krippendorff
import numpy as np
import pytest

from maskloop.platform.agreement import (
    Alpha,
    Likeness,
    Pair,
    Undefined,
    alpha_of,
    likeness_of,
    pairs_of,
    units_of,
)
from maskloop.platform.bootstrap import RESAMPLES
from maskloop.platform.intervals import Interval, mean_of
from maskloop.platform.masks import Rle


def bar(left: int, width: int = 10) -> Rle:
    """Of one row of 100 pixels: bars of 10 that are d apart have IoU (10 - d) / (10 + d)."""
    mask = np.zeros((1, 100), dtype=np.bool_)
    mask[0, left : left + width] = True
    return Rle.encode(mask)


def units(table: str) -> list[list[str]]:
    """From one line of values per person, a dot where there is none."""
    rows = [line.split() for line in table.strip().splitlines()]
    return [[value for value in column if value != "."] for column in zip(*rows, strict=True)]


def apart(count: int) -> list[str]:
    """Every unit on an image of its own."""
    return [f"image {place}" for place in range(count)]


def alpha(table: Sequence[Sequence[str]]) -> Alpha:
    found = alpha_of(table, apart(len(table)))
    assert isinstance(found, Alpha)
    return found


def by_package(table: Sequence[Sequence[str]]) -> float:
    names = sorted({value for unit in table for value in unit})
    counts = [[list(unit).count(name) for name in names] for unit in table]
    return float(krippendorff.alpha(value_counts=np.array(counts), level_of_measurement="nominal"))


def drawn_units(seed: int, count: int = 60) -> list[list[str]]:
    """Five people who mostly say the object's true category, or nothing."""
    random = np.random.default_rng(seed)
    found = []
    for truth in random.integers(4, size=count):
        said = np.where(random.uniform(size=5) < 0.7, truth, random.integers(4, size=5))
        found.append([str(each) for each in said[random.uniform(size=5) < 0.7]])
    return found


def test_two_people_s_objects_are_paired_by_iou() -> None:
    ours, theirs = [bar(0), bar(30), bar(60)], [bar(62), bar(1), bar(90)]
    assert pairs_of(ours, theirs) == [
        Pair(0, 1, pytest.approx(9 / 11)),
        Pair(2, 0, pytest.approx(8 / 12)),
    ]


def test_an_iou_of_a_half_makes_a_pair_and_less_does_not() -> None:
    assert pairs_of([bar(0, 10)], [bar(0, 20)]) == [Pair(0, 0, 0.5)]
    assert pairs_of([bar(0, 10)], [bar(0, 21)]) == []
    assert pairs_of([bar(0, 10)], [bar(0, 21)], least=0.4) == [Pair(0, 0, pytest.approx(10 / 21))]


def test_pairs_have_the_largest_sum_and_not_the_largest_first() -> None:
    """The best pair, of IoU 9/11, would leave two objects alone: 9/11 < 8/12 + 8/12."""
    ours, theirs = [bar(2), bar(5)], [bar(3), bar(0)]
    found = pairs_of(ours, theirs)
    assert [(pair.ours, pair.theirs) for pair in found] == [(0, 1), (1, 0)]
    assert [pair.iou for pair in found] == pytest.approx([8 / 12, 8 / 12])


@pytest.mark.parametrize("seed", range(10))
def test_no_other_pairing_has_a_larger_sum(seed: int) -> None:
    random = np.random.default_rng(seed)
    starts = random.integers(30, size=(2, 5))
    ours, theirs = ([bar(int(start)) for start in row] for row in starts)
    gaps = np.abs(starts[0][:, None] - starts[1])
    ious = np.clip((10 - gaps) / (10 + gaps), 0, None)
    ious[ious < 0.5] = 0
    best = max(sum(ious[row, order[row]] for row in range(5)) for order in permutations(range(5)))
    assert sum(pair.iou for pair in pairs_of(ours, theirs)) == pytest.approx(best)


def test_nothing_is_paired_with_nothing() -> None:
    assert pairs_of([], []) == pairs_of([bar(0)], []) == pairs_of([], [bar(0)]) == []


def test_likeness_counts_over_images() -> None:
    found = likeness_of(
        {
            "a": ([bar(0), bar(50)], [bar(0), bar(52)]),
            "b": ([bar(0)], [bar(1), bar(80)]),
            "c": ([bar(0)], []),
        }
    )
    expected = mean_of([1.0, 8 / 12, 9 / 11], ["a", "a", "b"])
    assert expected is not None
    assert found.mean_iou is not None
    assert found.mean_iou.mean == pytest.approx(expected.mean)
    assert found.mean_iou.low == pytest.approx(expected.low)
    # 3 pairs of 8 objects, 4 of each person.
    assert (found.f1, found.pairs, found.objects) == (6 / 8, 3, 8)


def test_likeness_of_nothing_is_no_figure() -> None:
    assert likeness_of({"a": ([], [])}) == Likeness(None, None, 0, 0)
    assert likeness_of({"a": ([bar(0)], [bar(50)])}) == Likeness(None, 0.0, 0, 2)
    one = likeness_of({"a": ([bar(0)], [bar(0)])})
    assert one == Likeness(Interval(1.0, 0.0, 1.0), 1.0, 1, 2)


def test_what_several_people_have_is_put_together_object_by_object() -> None:
    found = units_of({7: [bar(0), bar(50)], 8: [bar(51), bar(1)], 9: [bar(2), bar(80)]})
    assert found == [{7: 0, 8: 1, 9: 0}, {7: 1, 8: 0}, {9: 1}]


def test_a_unit_is_joined_over_a_third_person() -> None:
    """The ends are 8 apart, of IoU 1/9; the one in the middle is like both."""
    assert units_of({1: [bar(0)], 2: [bar(8)]}, least=0.4) == [{1: 0}, {2: 0}]
    assert units_of({1: [bar(0)], 2: [bar(8)], 3: [bar(4)]}, least=0.4) == [{1: 0, 2: 0, 3: 0}]


def test_no_unit_has_two_objects_of_one_person() -> None:
    """2's and 3's are most alike, and 1's first comes to them, so that 1's second stays alone,
    though it is like 3's."""
    people = {1: [bar(0), bar(9)], 2: [bar(3)], 3: [bar(5)]}
    assert pairs_of(people[1], people[3], least=0.4) == [Pair(1, 0, pytest.approx(6 / 14))]
    assert units_of(people, least=0.4) == [{1: 0, 2: 0, 3: 0}, {1: 1}]


def test_units_of_nobody_and_nothing_are_none() -> None:
    assert units_of({}) == units_of({1: [], 2: []}) == []
    assert units_of({1: [bar(0)], 2: []}) == [{1: 0}]


@pytest.mark.parametrize(
    ("table", "expected"),
    [  # Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, sections A, B and C
        ("0 1 0 0 0 0 0 0 1 0\n1 1 1 0 0 1 0 0 0 0", 0.095),
        ("a a b b d c c c e d d a\nb a b b b c c c e d d d", 0.692),
        (
            "1 2 3 3 2 1 4 1 2 . . .\n1 2 3 3 2 2 4 1 2 5 . 3\n"
            ". 3 3 3 2 3 4 2 2 5 1 .\n1 2 3 3 2 4 4 1 2 5 1 .",
            0.743,
        ),
    ],
)
def test_alpha_is_that_of_krippendorff_s_examples(table: str, expected: float) -> None:
    assert alpha(units(table)).value == pytest.approx(expected, abs=0.0005)


def test_what_only_one_person_has_says_nothing_of_agreement() -> None:
    table = units("1 2 3 3 2 1 4 1 2 .\n1 2 3 3 2 2 4 1 . .\n. . . . . . . . . 9")
    assert alpha(table).units == 8
    assert alpha(table) == alpha(table[:8])


@pytest.mark.parametrize("seed", range(10))
def test_alpha_equals_that_of_the_package_krippendorff(seed: int) -> None:
    table = drawn_units(seed)
    assert alpha(table).value == pytest.approx(by_package(table))


def test_the_interval_equals_a_plain_loop_over_the_same_draws_of_images() -> None:
    table = drawn_units(3, count=24)
    images = [f"image {place // 3:02}" for place in range(24)]
    found = alpha_of(table, images, confidence=0.9)
    draws = np.random.default_rng(0).multinomial(8, [1 / 8] * 8, size=RESAMPLES)
    values = [
        by_package([unit for place, unit in enumerate(table) for _ in range(draw[place // 3])])
        for draw in draws
    ]
    assert isinstance(found, Alpha)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
    assert found.low < found.value < found.high


def test_of_one_image_the_interval_is_over_its_units() -> None:
    table = drawn_units(4)
    assert alpha_of(table, ["one"] * 60) == alpha_of(table, [f"{place:02}" for place in range(60)])


def test_units_of_an_image_are_no_independent_witnesses() -> None:
    table = drawn_units(5, count=20)
    often = alpha_of(table * 5, apart(20) * 5)
    once = alpha(table)
    assert isinstance(often, Alpha)
    width = once.high - once.low
    assert often.high - often.low == pytest.approx(width, rel=0.1)


def test_perfect_agreement_is_one_and_chance_about_nothing() -> None:
    assert alpha([["a", "a"], ["b", "b", "b"], ["a", "a"], ["b", "b"]]).value == 1.0
    random = np.random.default_rng(6)
    chance = alpha([[str(each) for each in random.integers(3, size=3)] for _ in range(600)])
    assert chance.low < 0 < chance.high
    assert abs(chance.value) < 0.05


def test_without_variation_there_is_no_alpha() -> None:
    same = Undefined("everything was given the same category, so chance alone would agree")
    assert alpha_of([["a", "a"], ["a", "a", "a"], ["b"]], apart(3)) == same
    alone = Undefined("no object was given a category by two people")
    assert alpha_of([["a"], ["b"], []], apart(3)) == alone
    assert alpha_of([], []) == alone


def test_draws_without_variation_are_left_out_of_the_interval() -> None:
    """One of eight images has another category: every third draw misses it."""
    found = alpha([["a", "a"]] * 7 + [["b", "b"]])
    assert found == Alpha(1.0, 1.0, 1.0, 8)
