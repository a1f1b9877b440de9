"""Accepting proposals without a look: from which score on, and when no longer.

The threshold is derived from audits, verdicts of people on proposals drawn at random, so that the
precision above it is the wanted one with the wanted confidence; it is never typed in. Once it is in
use, a sample of what it accepts is audited further, and as soon as these audits disagree with the
wanted precision it is to be revoked.

Audits have to be drawn at random from the proposals whose scores are given as pending, each as
likely as any other: no bound below survives an order that shows the doubtful ones first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil, floor, log
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

STEPS: Final = 20
"""Thresholds that are tried: quantiles of the pending scores, so each accepts 5 % more."""
_BETWEEN: Final = 5
"""Steps from one start of testing to the next."""
_ROOM: Final = 2
"""Times the fewest audits that can show anything: so that one may be wrong, and that as many as
were expected above a threshold are there."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Audit:
    """A proposal's score, and whether the auditor found it right."""

    score: float
    right: bool


@dataclass(frozen=True)
class Derived:
    """Accept what scores `threshold` or more."""

    threshold: float
    looked_at: int
    """Audits that decided; later ones wait for the next look."""
    audited: int
    """Of these with such a score."""
    right: int
    """Of these the right ones."""
    precision_low: float
    """What the precision is at least, with the confidence of this look."""
    coverage: float
    """Share of the pending proposals that would be accepted."""

    @property
    def precision(self) -> float:
        return self.right / self.audited

    @property
    def expected_error(self) -> float:
        """Share of the accepted ones that is expected to be wrong; at most 1 - `precision_low`."""
        return 1 - self.precision


@dataclass(frozen=True)
class NotYet:
    """There is no threshold; `audits_needed` more before the next look."""

    reason: str
    audits_needed: int


@dataclass(frozen=True)
class Disagreement:
    """The audits since a threshold came into use speak against it."""

    after: int
    """Audits, when they first did."""
    wrong: int
    """Of these."""
    evidence: float
    """Factor by which they are likelier under a precision below the wanted one."""


@dataclass(frozen=True)
class _Look:
    audits: int
    doubt: float
    """1 - confidence."""


def derive(
    audits: Sequence[Audit],
    pending_scores: Sequence[float],
    *,
    precision: float,
    confidence: float,
) -> Derived | NotYet:
    """The lowest threshold that the audits support. `audits`: in the order in which they were made.

    The chance that, of all thresholds this function ever returns while audits arrive, one has a
    true precision below `precision` is at most 1 - `confidence`. Thresholds are tested from a
    strict one to looser ones, each by the exact binomial bound, until one fails (fixed sequence
    testing: Angelopoulos et al., Learn then Test, arXiv 2110.01052, algorithm 1). There are several
    starts that share the doubt, as in that paper: the few audits above the strictest threshold
    alone would often stop at the first. What is tested depends on the pending scores and on the
    number of audits, never on a verdict.

    Whoever tests again after every audit finds a lucky moment sooner or later. So it is tested at
    numbers of audits fixed beforehand, each twice the one before, with a half, a quarter, an eighth
    ... of the doubt; between them the last look's answer stands. Keep it with the threshold: other
    pending scores would have the same audits tested anew.

    `precision` and `confidence`: above 0 and below 1.
    """
    if not len(pending_scores):
        return NotYet("no proposal is pending, so there are no scores to choose from", 0)
    last: _Look | None = None
    for look in _looks(precision, confidence):
        if look.audits > len(audits):
            break
        last = look
    missing = look.audits - len(audits)
    if last is None:
        return NotYet(
            f"{len(audits)} proposals were audited in random order; "
            f"whether {100 * precision:g}% are right is first judged at {look.audits}",
            missing,
        )
    found = _look(audits[: last.audits], pending_scores, precision, last.doubt)
    return NotYet(found, missing) if isinstance(found, str) else found


def _looks(precision: float, confidence: float) -> Iterator[_Look]:
    """Without an end; the doubts of all of them make up 1 - confidence."""
    doubt = (1 - confidence) / 2
    first = _ROOM * _fewest(precision, doubt)
    for place in count():
        yield _Look(first * 2**place, doubt / 2**place)


def _fewest(precision: float, doubt: float) -> int:
    """Audits that show the precision when all of them are right: precision^n <= doubt."""
    return ceil(log(doubt) / log(precision))


def _look(
    audits: Sequence[Audit], pending_scores: Sequence[float], precision: float, doubt: float
) -> Derived | str:
    """Or, in words, at what the loosest start failed."""
    pending = np.sort(np.asarray(pending_scores, dtype=np.float64))
    thresholds = _thresholds(pending, _ROOM * _fewest(precision, doubt) / len(audits))
    starts = sorted({0, *range(len(thresholds) - 1, 0, -_BETWEEN)})
    tried = [_try(audits, pending, threshold, doubt / len(starts)) for threshold in thresholds]
    holds = [one.precision_low >= precision for one in tried]
    reached = [end - 1 for start in starts if (end := _first_failure(holds, start)) > start]
    return tried[max(reached)] if reached else _fell_short(tried[starts[-1]], precision)


def _first_failure(holds: Sequence[bool], start: int) -> int:
    return next((place for place in range(start, len(holds)) if not holds[place]), len(holds))


def _try(audits: Sequence[Audit], pending: Floats, threshold: float, doubt: float) -> Derived:
    verdicts = [audit.right for audit in audits if audit.score >= threshold]
    return Derived(
        threshold=threshold,
        looked_at=len(audits),
        audited=len(verdicts),
        right=sum(verdicts),
        precision_low=lower_bound(sum(verdicts), len(verdicts), doubt),
        coverage=float((pending >= threshold).mean()),
    )


def _thresholds(pending: Floats, least_coverage: float) -> list[float]:
    """Falling quantiles of sorted scores that accept `least_coverage` of them, or all."""
    places = len(pending) - np.ceil(np.arange(1, STEPS + 1) * len(pending) / STEPS).astype(int)
    found = np.unique(pending[places])[::-1]
    covered = 1 - np.searchsorted(pending, found) / len(pending)
    return [float(threshold) for threshold in found[covered >= min(1.0, least_coverage)]]


def _fell_short(tried: Derived, precision: float) -> str:
    low = floor(1000 * tried.precision_low) / 10  # never told as higher than it is
    return (
        f"of {tried.looked_at} audits {tried.audited} score {tried.threshold:.3f} or more, and "
        f"{tried.right} of these are right, which shows a precision of {low}% at least; "
        f"{100 * precision:g}% is wanted"
    )


def lower_bound(right: int, audited: int, doubt: float) -> float:
    """Clopper and Pearson's one-sided bound of a share (Biometrika, 1934)."""
    if right == 0:
        return 0.0
    return float(special.betaincinv(right, audited - right + 1, doubt))


def disagreement(
    right: Sequence[bool], *, precision: float, confidence: float
) -> Disagreement | None:
    """Whether the audits since the threshold came into use, in order, ever disagreed with it.

    May be asked after each audit: where the precision is what was wanted or more, it is ever
    answered with a disagreement with a chance of at most 1 - `confidence`. The evidence is the
    audits' likelihood under a precision below the wanted one, all of them weighed alike, over that
    under the wanted one. Under any precision that is no lower this is a non-negative
    supermartingale that begins at 1 (Ville's inequality; Ramdas et al., arXiv 2210.01948).
    """
    good = np.cumsum(np.asarray(right, dtype=np.intp))
    after = np.arange(1, len(good) + 1)
    evidence = _evidence(good, after - good, precision)
    against = np.flatnonzero(evidence >= 1 / (1 - confidence))
    if not len(against):
        return None
    first = int(against[0])
    return Disagreement(first + 1, first + 1 - int(good[first]), float(evidence[first]))


def _evidence(right: npt.NDArray[np.intp], wrong: npt.NDArray[np.intp], precision: float) -> Floats:
    """The integral of p^right (1 - p)^wrong over p in (0, precision), divided by `precision` and by
    the same at p = precision. 0 where it is smaller than a float."""
    a, b = right + 1.0, wrong + 1.0
    with np.errstate(divide="ignore", over="ignore"):
        mixture = special.betaln(a, b) + np.log(special.betainc(a, b, precision))
        alone = right * log(precision) + wrong * log(1 - precision)
        return np.asarray(np.exp(mixture - log(precision) - alone))
