"""How well somebody reviews and labels, from checks whose right answer is known: planted errors,
which they should find, and gold, which they should draw alike.

A figure is said when there is enough behind it, and never without its 95 % interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from maskloop.platform.intervals import (
    Interval,
    clustered_share_of,
    mean_of_few,
    share_of,
)
from maskloop.platform.states import Defect

LEAST_CHECKS: Final = 5
"""Planted errors, or images with gold, before a figure is said."""


@dataclass(frozen=True)
class PlantedAnswer:
    """What somebody said to a planted error. A wrong category that was put right was found."""

    defect: Defect
    let_through: bool


@dataclass(frozen=True)
class GoldAnswer:
    """What somebody has of a gold object: None and None where nothing of theirs matches it."""

    image: str
    iou: float | None
    boundary_f: float | None


@dataclass(frozen=True)
class Measured:
    interval: Interval
    of: int
    """Planted errors, or gold objects."""


@dataclass(frozen=True)
class TooFew:
    """No figure yet: so many planted errors, or images with gold, and `needed` are asked for."""

    of: int
    needed: int = LEAST_CHECKS

    def __str__(self) -> str:
        return f"too few checks to say ({self.of} of {self.needed})"


@dataclass(frozen=True)
class Skill:
    let_through: Measured | TooFew
    """Share of planted errors that were accepted as they were; less is better."""
    by_defect: Mapping[Defect, Measured | TooFew]
    """The same of each kind, all kinds being there."""
    mean_iou: Measured | TooFew
    """With gold, of objects that match; over images."""
    boundary_f: Measured | TooFew
    """Likewise."""
    missed: Measured | TooFew
    """Share of gold objects that nothing matches; less is better."""


def skill_of(planted: Sequence[PlantedAnswer], gold: Sequence[GoldAnswer]) -> Skill:
    """Of one person. Planted errors count one by one (Wilson's interval); gold counts by image,
    because objects of an image are found and missed together. Means of five images of ordinary
    IoUs have intervals that hold the truth nine times of ten; of thirty, as often as they say."""
    return Skill(
        let_through=_share(planted),
        by_defect={
            defect: _share([answer for answer in planted if answer.defect is defect])
            for defect in Defect
        },
        mean_iou=_mean([(one.image, one.iou) for one in gold]),
        boundary_f=_mean([(one.image, one.boundary_f) for one in gold]),
        missed=_missed(gold),
    )


def _share(answers: Sequence[PlantedAnswer]) -> Measured | TooFew:
    found = share_of(sum(answer.let_through for answer in answers), len(answers))
    return _said(found, of=len(answers), checks=len(answers))


def _mean(figures: Sequence[tuple[str, float | None]]) -> Measured | TooFew:
    there = [(image, figure) for image, figure in figures if figure is not None]
    images = [image for image, _ in there]
    found = mean_of_few([figure for _, figure in there], images)
    return _said(found, of=len(there), checks=len(set(images)))


def _missed(gold: Sequence[GoldAnswer]) -> Measured | TooFew:
    images = [one.image for one in gold]
    found = clustered_share_of([one.iou is None for one in gold], images)
    return _said(found, of=len(gold), checks=len(set(images)))


def _said(found: Interval | None, *, of: int, checks: int) -> Measured | TooFew:
    if found is None or checks < LEAST_CHECKS:
        return TooFew(checks)
    return Measured(found, of)
