"""Intervals with the bounds of their 95 % confidence, from samples that are not all independent."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Interval:
    mean: float
    low: float
    high: float


def share_of(successes: int, trials: int) -> Interval | None:
    """Wilson's interval of a share (E. B. Wilson, JASA 1927); None of nothing."""
    if trials == 0:
        return None
    mean, z2 = successes / trials, _Z * _Z
    middle = (mean + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = math.sqrt(mean * (1 - mean) / trials + z2 / (4 * trials * trials))
    half = _Z * spread / (1 + z2 / trials)
    # At 0 and 1 the bound is the share itself but for rounding.
    return Interval(mean, max(0.0, middle - half), min(1.0, middle + half))


def mean_of(values: Sequence[float], clusters: Sequence[Hashable]) -> Interval | None:
    """The mean of values between 0 and 1, with a normal interval over clusters, not values: those
    of one cluster may hang together as much as they like. None of nothing; of a single cluster the
    interval is everything."""
    if not values:
        return None
    mean = sum(values) / len(values)
    residuals: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        residuals[cluster] += value - mean
    count = len(residuals)
    if count == 1:
        return Interval(mean, 0.0, 1.0)
    squares = sum(residual * residual for residual in residuals.values())
    half = _Z * math.sqrt(squares * count / (count - 1)) / len(values)
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half))
