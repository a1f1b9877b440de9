"""Doubt: how much a proposal is worth a look, from 0 to 1, and why.

Each signal says by itself that a mask may be wrong: 0 for none, 1 for as much as there can be.
They are independent witnesses (a noisy-or, Pearl, Probabilistic Reasoning in Intelligent Systems,
1988, section 4.3): a proposal is fine only if none of them has found something,

    doubt = 1 - product of (1 - trust · signal),

where `TRUST` is how far a signal alone can convince. A signal that was not measured says nothing.
In the same way the doubt is shared out to the reasons: by the logarithms of the factors.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import Final


class DoubtReason(StrEnum):
    """What speaks against a mask. The order decides where two weigh the same."""

    JITTER = "jitter"
    """Prompts taken from the mask and moved a little lead to another mask."""
    CANDIDATES = "candidates"
    """The three readings of its middle are far apart: what is meant is not clear."""
    CHALLENGER = "challenger"
    """Another version draws another mask."""
    CONFLICT = "conflict"
    """It overlaps another proposal, and neither lies in the other."""
    CALIBRATION = "calibration"
    """Masks of its predicted IoU are often wrong, by reviews or else by what it says itself."""


TRUST: Final[dict[DoubtReason, float]] = {
    DoubtReason.JITTER: 0.9,
    DoubtReason.CANDIDATES: 0.0,
    DoubtReason.CHALLENGER: 0.9,  # what it finds is of the kind of jitter; not measured by itself
    DoubtReason.CONFLICT: 0.0,
    DoubtReason.CALIBRATION: 0.5,
}
"""Chosen on other pictures than those that the figures of docs/review-order.md come from. What has
none did not help there."""
_LEAST_SHARE: Final = 0.05
"""Of the doubt; a reason with less is not told."""

_SENTENCES: Final[dict[DoubtReason, str]] = {
    DoubtReason.JITTER: (
        "Asked again, with prompts from this mask moved a little, the model draws masks that "
        "differ from it by {value:.0%}."
    ),
    DoubtReason.CANDIDATES: (
        "The model's three readings of its middle differ by {value:.0%}: it is not clear which "
        "object is meant."
    ),
    DoubtReason.CHALLENGER: "The challenger draws a mask that differs from it by {value:.0%}.",
    DoubtReason.CONFLICT: (
        "It overlaps another proposal without holding it or lying in it (conflict {value:.0%})."
    ),
    DoubtReason.CALIBRATION: (
        "By the IoU that the model predicts for it, the chance that it is wrong is about "
        "{value:.0%}."
    ),
}


@dataclass(frozen=True)
class Reason:
    """`value`: the signal, 0 to 1. `share`: of the doubt, all reasons together 1."""

    reason: DoubtReason
    value: float
    share: float

    @property
    def text(self) -> str:
        """For the card: why am I seeing this."""
        return _SENTENCES[self.reason].format(value=self.value)


@dataclass(frozen=True)
class Doubt:
    """`reasons`: those that count, the heaviest first."""

    score: float
    reasons: tuple[Reason, ...]


def doubt_of(
    signals: dict[DoubtReason, float], trust: dict[DoubtReason, float] | None = None
) -> Doubt:
    """`signals`: those that were measured, 0 to 1."""
    trust = TRUST if trust is None else trust
    weights = {
        reason: -log(1 - trust[reason] * signals[reason])
        for reason in DoubtReason
        if reason in signals
    }
    total = sum(weights.values())
    if total == 0:
        return Doubt(0.0, ())
    score = 1.0
    for reason in weights:
        score *= 1 - trust[reason] * signals[reason]
    told = [
        Reason(reason, signals[reason], weight / total)
        for reason, weight in weights.items()
        if weight / total >= _LEAST_SHARE
    ]
    return Doubt(1 - score, tuple(sorted(told, key=lambda reason: -reason.share)))
