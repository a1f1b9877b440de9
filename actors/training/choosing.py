"""Which weights are kept: of the trained ones the best, and how far to go from the parent to them.

Weights between parent and trained ones, theta = parent + a (trained - parent), often keep most of
what was gained and lose less of what the parent knew (WiSE-FT, arXiv 2109.01903).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from maskloop.actors.training.student import Weights
from maskloop.actors.training.validate import Figures

SHARES: Final = (0.25, 0.5, 0.75, 1.0)
GAIN_KEPT: Final = 0.9
"""Of the best gain on the validation side, what a choice has to keep."""


@dataclass(frozen=True)
class Candidate:
    """`share` is a: 1 is the trained weights."""

    share: float
    figures: Figures


def between(parent: Weights, trained: Weights, share: float) -> Weights:
    """Whole numbers among the tensors are the parent's, which training does not change."""
    if share == 1.0:
        return trained
    return {
        name: parent[name] + share * (value - parent[name])
        if value.is_floating_point()
        else parent[name]
        for name, value in trained.items()
    }


def chosen(parent: Figures, candidates: Sequence[Candidate]) -> Candidate:
    """Of those that keep the gain, the one that agrees best with the parent on replayed images.

    Without a validation side it is the trained weights; where nothing gained, the best there is.
    """
    if parent.score is None:
        return max(candidates, key=lambda each: each.share)
    gains = {each.share: (each.figures.score or 0.0) - parent.score for each in candidates}
    most = max(gains.values())
    least = GAIN_KEPT * most if most > 0 else most
    keeping = [each for each in candidates if gains[each.share] >= least]
    return max(keeping, key=lambda each: (each.figures.replay or 0.0, gains[each.share]))
