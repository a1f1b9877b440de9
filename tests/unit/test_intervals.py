"""Intervals against numbers from the literature and from hand."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from maskloop.platform.intervals import (
    Interval,
    clustered_share_of,
    mean_count_of,
    mean_of,
    mean_of_few,
    share_of,
)


def bounds(interval: Interval | None) -> tuple[float, float, float]:
    assert interval is not None
    return interval.mean, interval.low, interval.high


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (8, 10, (0.8, 0.490162, 0.943318)),
        (0, 10, (0.0, 0.0, 0.277533)),
        (10, 10, (1.0, 0.722467, 1.0)),
        (81, 263, (0.307985, 0.255289, 0.366210)),  # R. G. Newcombe, 1998, table I
    ],
)
def test_wilsons_interval(
    successes: int, trials: int, expected: tuple[float, float, float]
) -> None:
    assert bounds(share_of(successes, trials)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("trials", [1, 7, 60, 1000])
def test_wilsons_interval_equals_that_of_statsmodels(trials: int) -> None:
    for successes in range(0, trials + 1, max(1, trials // 7)):
        expected = proportion_confint(successes, trials, alpha=0.05, method="wilson")
        assert bounds(share_of(successes, trials))[1:] == pytest.approx(expected)


def test_values_of_one_cluster_count_as_one_observation() -> None:
    values = [1.0, 0.5, 0.5, 0.0]
    apart = mean_of(values, [1, 2, 3, 4])
    together = mean_of(values, ["a", "a", "b", "b"])
    # Residuals 0.5, 0, 0, -0.5; and 0.5, -0.5 by cluster.
    assert bounds(apart) == pytest.approx((0.5, 0.5 - 0.4000755, 0.5 + 0.4000755), abs=1e-6)
    assert bounds(together) == pytest.approx((0.5, 0.5 - 0.4899910, 0.5 + 0.4899910), abs=1e-6)


def test_nothing_has_no_interval_and_one_cluster_says_nothing_of_others() -> None:
    assert share_of(0, 0) is None
    assert mean_of([], []) is None
    assert mean_of_few([], []) is None
    assert clustered_share_of([], []) is None
    assert bounds(mean_of_few([0.9, 0.8], ["a", "a"])) == pytest.approx((0.85, 0.0, 1.0))
    assert bounds(mean_of([0.9, 0.8], ["a", "a"])) == pytest.approx((0.85, 0.0, 1.0))


def test_a_bound_stays_a_share() -> None:
    assert bounds(mean_of([1.0, 0.0], [1, 2])) == (0.5, 0.0, 1.0)


def test_of_a_cluster_a_value_the_interval_of_few_is_student_s() -> None:
    values = [0.91, 0.84, 0.88, 0.95, 0.79, 0.86]
    error = stats.sem(values)
    expected = stats.t.interval(0.95, 5, loc=np.mean(values), scale=error)
    assert bounds(mean_of_few(values, range(6)))[1:] == pytest.approx(expected)


def test_the_interval_of_few_counts_clusters_and_not_values() -> None:
    thrice = mean_of_few([0.9, 0.8, 0.7] * 3, ["a", "b", "c"] * 3)
    assert bounds(thrice) == pytest.approx(bounds(mean_of_few([0.9, 0.8, 0.7], ["a", "b", "c"])))


def test_flags_of_a_cluster_each_are_worth_as_many_trials() -> None:
    flags = [True, False, False, True, False, False, False]
    assert bounds(clustered_share_of(flags, range(7))) == pytest.approx(bounds(share_of(2, 7)))


def test_flags_that_go_together_are_worth_fewer_trials() -> None:
    """Four of each cluster, all alike: the design effect is (28 - 1) / (7 - 1) = 4.5, and not 4,
    since variances are of a sample."""
    flags = [True, False, False, True, False, False, False] * 4
    found = clustered_share_of(flags, list(range(7)) * 4)
    assert bounds(found) == pytest.approx(bounds(share_of(2 * 4 / 4.5, 7 * 4 / 4.5)))


def test_flags_spread_evenly_are_worth_no_more_than_they_are() -> None:
    flags, clusters = [True, False] * 5, [place // 2 for place in range(10)]
    assert bounds(clustered_share_of(flags, clusters)) == bounds(share_of(5, 10))


def test_flags_all_alike_are_worth_a_trial_a_cluster() -> None:
    clusters = ["a", "a", "b", "b", "c", "c"]
    assert clustered_share_of([False] * 6, clusters) == share_of(0, 3)
    assert clustered_share_of([True] * 6, clusters) == share_of(3, 3)
    assert clustered_share_of([True, False], ["a", "a"]) == share_of(0.5, 1)


def test_a_mean_of_counts_has_students_interval() -> None:
    counts = [0, 3, 1, 0, 2, 5, 1]
    low, high = stats.t.interval(0.95, 6, np.mean(counts), stats.sem(counts))
    assert bounds(mean_count_of(counts)) == pytest.approx((12 / 7, low, high))
    assert bounds(mean_count_of([0, 0, 0, 1]))[1] == 0.0


def test_where_nothing_was_counted_the_bound_is_that_of_poisson() -> None:
    assert bounds(mean_count_of([0] * 10)) == pytest.approx((0, 0, stats.chi2.ppf(0.975, 2) / 20))


def test_one_count_has_no_bound_above_and_none_has_no_mean() -> None:
    assert bounds(mean_count_of([2])) == (2.0, 0.0, np.inf)
    assert mean_count_of([]) is None
