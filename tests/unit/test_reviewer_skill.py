"""What is said of people is right as often as it says, and not said of a few checks."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from maskloop.platform.intervals import Interval, clustered_share_of, mean_of_few, share_of
from maskloop.platform.reviewer_skill import (
    GoldAnswer,
    Measured,
    PlantedAnswer,
    Skill,
    TooFew,
    skill_of,
)
from maskloop.platform.states import Defect


def planted(defect: Defect, answers: Sequence[bool]) -> list[PlantedAnswer]:
    return [PlantedAnswer(defect, bool(answer)) for answer in answers]


def measured(found: Measured | TooFew) -> Interval:
    assert isinstance(found, Measured)
    return found.interval


def holds(interval: Interval | None, truth: float) -> bool:
    assert interval is not None
    return interval.low <= truth <= interval.high


def least_of(trials: int, share: float) -> int:
    """What a share of this is not below but once in a thousand times."""
    return int(stats.binom.ppf(0.001, trials, share))


def drawn_gold(
    random: np.random.Generator, images: int, *, missed: float = 0.1
) -> list[GoldAnswer]:
    """One to four objects an image, of a mean IoU of 0.8; their IoUs, and whether they are missed
    at all, hang together as do objects of an image that is hard."""
    found = []
    for image in range(images):
        level, missing = random.beta(16, 4), random.beta(missed, 1 - missed)
        for iou in random.beta(level * 20, (1 - level) * 20, size=random.integers(1, 5)):
            there = random.uniform() >= missing
            found.append(
                GoldAnswer(str(image), float(iou), float(iou) / 2)
                if there
                else GoldAnswer(str(image), None, None)
            )
    return found


def test_the_share_let_through_has_the_interval_of_statsmodels_by_kind_too() -> None:
    found = skill_of(
        planted(Defect.ERODED, [True] * 3 + [False] * 17)
        + planted(Defect.MERGED, [True] * 5)
        + planted(Defect.SHIFTED, [False] * 4),
        [],
    )
    low, high = proportion_confint(8, 29, method="wilson")
    assert measured(found.let_through) == Interval(8 / 29, pytest.approx(low), pytest.approx(high))
    assert measured(found.by_defect[Defect.ERODED]) == share_of(3, 20)
    assert found.by_defect == {
        Defect.ERODED: Measured(measured(found.by_defect[Defect.ERODED]), 20),
        Defect.MERGED: Measured(measured(found.by_defect[Defect.MERGED]), 5),
        Defect.SHIFTED: TooFew(4),
        Defect.MISSING_PART: TooFew(0),
        Defect.WRONG_CATEGORY: TooFew(0),
    }


def test_of_nobody_checked_nothing_is_said() -> None:
    none = TooFew(0)
    assert skill_of([], []) == Skill(none, dict.fromkeys(Defect, none), none, none, none)


def test_four_checks_are_too_few_and_five_are_not() -> None:
    four = skill_of(planted(Defect.SHIFTED, [False] * 4), [])
    assert four.let_through == TooFew(4, needed=5)
    assert str(four.let_through) == "too few checks to say (4 of 5)"
    five = skill_of(planted(Defect.SHIFTED, [False] * 5), [])
    assert measured(five.let_through) == share_of(0, 5)


def test_gold_counts_by_image_and_not_by_object() -> None:
    """Forty objects of four images are four checks."""
    four = [GoldAnswer(str(place % 4), 0.8, 0.7) for place in range(40)]
    found = skill_of([], four)
    assert found.mean_iou == found.boundary_f == found.missed == TooFew(4)
    fifth = skill_of([], [*four, GoldAnswer("4", 0.9, 0.8)])
    assert measured(fifth.mean_iou).mean == pytest.approx((40 * 0.8 + 0.9) / 41)
    assert isinstance(fifth.mean_iou, Measured)
    assert fifth.mean_iou.of == 41


def test_what_is_missed_counts_as_missed_and_has_no_iou() -> None:
    gold = [
        GoldAnswer(str(image), *figures)
        for image in range(6)
        for figures in [(0.9 - image / 100, 0.5), (0.8, 0.6)]
    ]
    gold += [GoldAnswer("0", None, None), GoldAnswer("7", None, None)]
    found = skill_of([], gold)
    images = [one.image for one in gold]
    kept = [one for one in gold if one.iou is not None]
    ious = [one.iou for one in kept if one.iou is not None]
    expected = mean_of_few(ious, [one.image for one in kept])
    assert expected is not None
    assert found.mean_iou == Measured(expected, 12)
    assert measured(found.boundary_f).mean == pytest.approx(0.55)
    flags = [one.iou is None for one in gold]
    missed = clustered_share_of(flags, images)
    assert missed is not None
    assert found.missed == Measured(missed, 14)
    assert missed.mean == pytest.approx(2 / 14)


@pytest.mark.parametrize("skill", [0.1, 0.25, 0.5])
def test_intervals_of_reviewers_of_known_skill_hold_it_as_often_as_they_say(skill: float) -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        answers = planted(Defect.ERODED, list(random.uniform(size=60) < skill))
        held += holds(measured(skill_of(answers, []).let_through), skill)
    assert held >= least_of(1000, 0.95)


def test_intervals_of_labelers_of_known_skill_hold_it_as_often_as_they_say() -> None:
    random = np.random.default_rng(2)
    found = [skill_of([], drawn_gold(random, 60)) for _ in range(400)]
    assert sum(holds(measured(one.mean_iou), 0.8) for one in found) >= least_of(400, 0.95)
    assert sum(holds(measured(one.boundary_f), 0.4) for one in found) >= least_of(400, 0.95)


def test_misses_that_go_together_are_not_taken_for_independent_ones() -> None:
    """Wilson's interval of the objects is the control: it holds the truth far too seldom."""
    random = np.random.default_rng(3)
    held = plainly = 0
    for _ in range(400):
        gold = drawn_gold(random, 60, missed=0.2)
        held += holds(measured(skill_of([], gold).missed), 0.2)
        plainly += holds(share_of(sum(one.iou is None for one in gold), len(gold)), 0.2)
    assert held >= least_of(400, 0.95)
    assert plainly < least_of(400, 0.95)
