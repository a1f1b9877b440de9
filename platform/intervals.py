"""Intervals with the bounds of their 95 % confidence, from samples that are not all independent."""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from scipy import special

_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Interval:
    mean: float
    low: float
    high: float


def share_of(successes: float, trials: float) -> Interval | None:
    """Wilson's interval of a share (E. B. Wilson, JASA 1927); None of nothing."""
    if trials == 0:
        return None
    mean, z2 = successes / trials, _Z * _Z
    middle = (mean + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = math.sqrt(mean * (1 - mean) / trials + z2 / (4 * trials * trials))
    half = _Z * spread / (1 + z2 / trials)
    # At 0 and 1 the bound is the share itself but for rounding.
    return Interval(mean, max(0.0, middle - half), min(1.0, middle + half))


def clustered_share_of(flags: Sequence[bool], clusters: Sequence[Hashable]) -> Interval | None:
    """The share of true flags, with Wilson's interval of as many trials as they are worth: divided
    by how many times their variance over clusters is that of independent ones (the design effect;
    E. L. Korn and B. I. Graubard, Survey Methodology, 1998), and never more than they are. Flags
    that are all alike show no variance, and are worth a trial a cluster. None of nothing."""
    if not flags:
        return None
    worth = float(len(set(clusters)))
    if 0 < sum(flags) < len(flags) and worth > 1:
        alone, together = _error_of(flags, range(len(flags))), _error_of(flags, clusters)
        worth = len(flags) * (1.0 if together <= alone else (alone / together) ** 2)
    return share_of(worth * sum(flags) / len(flags), worth)


def mean_of(values: Sequence[float], clusters: Sequence[Hashable]) -> Interval | None:
    """The mean of values between 0 and 1, with a normal interval over clusters, not values: those
    of one cluster may hang together as much as they like. None of nothing; of a single cluster the
    interval is everything."""
    return _mean_within(values, clusters, lambda count: _Z)


def mean_of_few(values: Sequence[float], clusters: Sequence[Hashable]) -> Interval | None:
    """As `mean_of`, by Student's t with as many degrees of freedom as there are clusters but one:
    of fewer than some fifty the normal interval is too narrow."""
    return _mean_within(values, clusters, lambda count: float(special.stdtrit(count - 1, 0.975)))


def mean_count_of(counts: Sequence[int]) -> Interval | None:
    """The mean of counts, one of each cluster, by Student's t and not below zero. Where nothing was
    counted at all, the bound above is Poisson's (F. Garwood, Biometrika, 1936). None of nothing; of
    a single count there is no bound above."""
    if not counts:
        return None
    mean, count = sum(counts) / len(counts), len(counts)
    if mean == 0:
        return Interval(0.0, 0.0, -math.log(0.025) / count)
    if count == 1:
        return Interval(mean, 0.0, math.inf)
    half = float(special.stdtrit(count - 1, 0.975)) * _error_of(counts, range(count))
    return Interval(mean, max(0.0, mean - half), mean + half)


def _mean_within(
    values: Sequence[float], clusters: Sequence[Hashable], quantile: Callable[[int], float]
) -> Interval | None:
    if not values:
        return None
    mean, count = sum(values) / len(values), len(set(clusters))
    if count == 1:
        return Interval(mean, 0.0, 1.0)
    half = quantile(count) * _error_of(values, clusters)
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half))


def _error_of(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Standard error of the mean of values from two clusters or more."""
    mean = sum(values) / len(values)
    residuals: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        residuals[cluster] += value - mean
    count = len(residuals)
    squares = sum(residual * residual for residual in residuals.values())
    return math.sqrt(squares * count / (count - 1)) / len(values)
