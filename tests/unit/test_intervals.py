"""Intervals against numbers from the literature and from hand."""

import pytest

from maskloop.platform.intervals import Interval, mean_of, share_of


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
    assert bounds(mean_of([0.9, 0.8], ["a", "a"])) == pytest.approx((0.85, 0.0, 1.0))


def test_a_bound_stays_a_share() -> None:
    assert bounds(mean_of([1.0, 0.0], [1, 2])) == (0.5, 0.0, 1.0)
