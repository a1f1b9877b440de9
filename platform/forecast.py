"""What a job will take, from a random sample of its images; and how much it may take at most."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev, variance
from typing import Any, Final

from scipy import special

from maskloop.platform.errors import BadBudgetError
from maskloop.platform.intervals import Interval

DRIFT: Final = 0.1
"""A machine is not always as fast as while it was measured: so much is added to both sides of the
time on the clock."""


@dataclass(frozen=True)
class Measured:
    """What one image took; nothing, where it could not be done. `seconds` of one worker."""

    seconds: float
    masks: int
    bytes: int


@dataclass(frozen=True)
class Forecast:
    """Of the whole job, the sample included; each with a 95 % interval.

    The interval tells what chance did by choosing these images, not what else may happen.
    """

    images: int
    sampled: int
    workers: int
    wall_seconds: Interval
    """On the clock, with so many `workers`."""
    worker_seconds: Interval
    """Of all workers together."""
    masks: Interval
    bytes: Interval
    """Written to the object store: embeddings, candidates and results."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Forecast":
        intervals = {
            name: Interval(**value) for name, value in found.items() if isinstance(value, dict)
        }
        return cls(**{**found, **intervals})


def forecast(
    sample: Sequence[Measured], *, images: int, workers: int, start_seconds: float, stretch: float
) -> Forecast:
    """Of so many `images`, of which the `sample` was chosen at random.

    `start_seconds` pass before the first image is begun; `stretch`: how much longer than busy the
    workers were, 1 or more. Raises `ValueError` for a sample of none.
    """
    worker_seconds = total_of([one.seconds for one in sample], images)

    def on_clock(seconds: float) -> float:
        return start_seconds + seconds * stretch / workers

    return Forecast(
        images=images,
        sampled=len(sample),
        workers=workers,
        wall_seconds=Interval(
            on_clock(worker_seconds.mean),
            on_clock(worker_seconds.low) * (1 - DRIFT),
            on_clock(worker_seconds.high) * (1 + DRIFT),
        ),
        worker_seconds=worker_seconds,
        masks=total_of([one.masks for one in sample], images),
        bytes=total_of([one.bytes for one in sample], images),
    )


@dataclass(frozen=True)
class Compared:
    """One quantity of a forecast beside what it was in the end; `truth` is None until then."""

    quantity: str
    """A field of `Forecast`."""
    expected: Interval
    truth: float | None

    @property
    def holds(self) -> bool | None:
        """Whether the truth lies in the interval."""
        if self.truth is None:
            return None
        return self.expected.low <= self.truth <= self.expected.high


def compared(
    forecast: Forecast, truth: "Spent | None", wall_seconds: float | None
) -> list[Compared]:
    """`truth` and `wall_seconds` of a job that has ended well; None: it has not."""
    spent = Spent() if truth is None else truth
    truths: dict[str, float | None] = {
        "wall_seconds": wall_seconds,
        "worker_seconds": spent.seconds,
        "masks": spent.masks,
        "bytes": spent.bytes,
    }
    return [
        Compared(name, getattr(forecast, name), None if truth is None else found)
        for name, found in truths.items()
    ]


def total_of(values: Sequence[float], count: int) -> Interval:
    """The sum of `count` values of which these were chosen at random: what they are, and Student's
    prediction interval of the rest. Where few values are large the bound above is moved up by
    N. J. Johnson's correction for skewness (JASA 1978). Of a single value there is none."""
    if not values:
        raise ValueError("a sample of nothing tells nothing")
    known, rest, sampled = sum(values), count - len(values), len(values)
    mean = known + rest * fmean(values)
    if rest == 0:
        return Interval(mean, mean, mean)
    if sampled == 1:
        return Interval(mean, known, math.inf)
    quantile = float(special.stdtrit(sampled - 1, 0.975))
    half = quantile * stdev(values) * rest * math.sqrt(1 / sampled + 1 / rest)
    shift = rest * _skew(values) / (6 * sampled) * (1 + 2 * quantile**2)
    return Interval(mean, max(known, mean - half), mean + half + max(0.0, shift))


def _skew(values: Sequence[float]) -> float:
    """The third central moment over the variance: skewness in the values' own unit."""
    mean = fmean(values)
    return fmean((value - mean) ** 3 for value in values) / (variance(values) or 1.0)


@dataclass(frozen=True)
class Spent:
    """By all that a job has settled. `seconds` of all workers together."""

    seconds: float = 0.0
    masks: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Budget:
    """A job is paused when it has spent one of these; None: as much as it takes."""

    seconds: float | None = None
    """Of all workers together."""
    masks: int | None = None
    bytes: int | None = None

    def to_json(self) -> dict[str, float]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, found: dict[str, Any] | None) -> "Budget":
        return cls(**(found or {}))

    @classmethod
    def parse(cls, given: str) -> "Budget":
        """`8h`, `90m`, `50GB`, `1000000masks`, or several with commas. Raises `BadBudgetError`."""
        found: dict[str, float] = {}
        for part in given.split(","):
            matched = _PART.fullmatch(part.strip())
            if matched is None or float(matched["amount"]) <= 0:
                raise BadBudgetError(given)
            field, factor = _UNITS[matched["unit"].lower()]
            if field in found:
                raise BadBudgetError(given)
            found[field] = float(matched["amount"]) * factor
        masks, written = (found.get(name) for name in ("masks", "bytes"))
        return cls(
            found.get("seconds"),
            None if masks is None else math.ceil(masks),
            None if written is None else math.ceil(written),
        )

    def reached(self, spent: Spent) -> str | None:
        """What is spent, in words; None while nothing is."""
        for name, words in _WORDS.items():
            limit: float | None = getattr(self, name)
            if limit is not None and getattr(spent, name) >= limit:
                return words(limit)
        return None

    def __str__(self) -> str:
        return ", ".join(_WORDS[name](value) for name, value in self.to_json().items())


_UNITS: Final = {
    "h": ("seconds", 3600),
    "m": ("seconds", 60),
    "s": ("seconds", 1),
    "tb": ("bytes", 10**12),
    "gb": ("bytes", 10**9),
    "mb": ("bytes", 10**6),
    "masks": ("masks", 1),
}
_PART: Final = re.compile(
    r"(?P<amount>[0-9]+(\.[0-9]+)?)\s*(?P<unit>h|m|s|tb|gb|mb|masks)", re.IGNORECASE
)
_WORDS: Final[dict[str, Callable[[float], str]]] = {
    "seconds": lambda seconds: f"{seconds / 3600:,.4g} worker hours",
    "masks": lambda masks: f"{masks:,.0f} masks",
    "bytes": lambda count: f"{count / 1e9:,.10g} GB written",
}
