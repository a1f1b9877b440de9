"""The quality page's figures as CSV, one file each: a header whose names carry units, a row for
everything that the figure is of. Shares and intervals go from 0 to 1; the intervals are 95 %."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from maskloop.platform.agreement import Alpha, Undefined
from maskloop.platform.db.quality_figures import Edits, Effort, Of, Spread, Throughput
from maskloop.platform.db.quality_rows import Period
from maskloop.platform.errors import NotFoundError
from maskloop.platform.intervals import Interval
from maskloop.platform.labeling_skill import LabelingSkill
from maskloop.platform.reviewer_skill import Measured, Skill, TooFew
from maskloop.services import agreement, labeling_quality, quality, quality_checks
from maskloop.services.agreement import Agreement
from maskloop.services.labeling_quality import LabelerQuality
from maskloop.services.quality import CheckFigures, Quality, Shares
from maskloop.services.runtime import Runtime

Cell = str | int | float | None
Table = tuple[Sequence[str], list[Sequence[Cell]]]
"""Header and rows."""


@dataclass(frozen=True)
class Asked:
    """What figures are of, and for whom; each is counted when it is asked for first. `person_id`:
    of people this one only; None: all, and checks. `reviews`: whether checks are their business."""

    runtime: Runtime
    project_id: int
    period: Period
    person_id: int | None = None
    reviews: bool = True

    @cached_property
    def quality(self) -> Quality:
        return quality.quality(self.runtime, self.project_id, self.period, person_id=self.person_id)

    @cached_property
    def of_checks(self) -> quality_checks.Quality:
        return quality_checks.of_project(
            self.runtime, self.project_id, self.period, user_id=self.person_id
        )

    @cached_property
    def labelers(self) -> list[LabelerQuality]:
        return labeling_quality.of_project(
            self.runtime, self.project_id, self.period, user_id=self.person_id
        )

    @cached_property
    def agreement(self) -> Agreement:
        """Of all days."""
        return agreement.agreement(self.runtime, self.project_id)

    @property
    def figures(self) -> Iterator[str]:
        """The names of those that there are for whoever asks."""
        for name in FIGURES:
            of_all, of_reviews = name in _OF_CHECKS, name in _OF_REVIEWERS
            if not (of_all and self.person_id is not None) and (self.reviews or not of_reviews):
                yield name


def figure_csv(asked: Asked, figure: str) -> str:
    """Raises `NotFoundError` for a figure that there is not, or not for whoever asks."""
    known = list(asked.figures)
    if figure not in known:
        raise NotFoundError("figure", figure, f"There are: {', '.join(known)}.")
    header, rows = FIGURES[figure](asked)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.6g}"
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"  # a name that somebody chose is no formula of a spreadsheet
    return "" if cell is None else str(cell)


def _throughput(rows: list[Throughput]) -> Table:
    header = ("day (UTC)", "verdicts", "second looks", "votes", "masks drawn without a proposal")
    return header, [(row.day, row.verdicts, row.second_looks, row.votes, row.drawn) for row in rows]


def _effort(rows: list[Effort], of: Sequence[str], named: bool) -> Table:
    header = (*of, "masks", *_quartiles("seconds per mask", "s"), *_quartiles("clicks per mask"))
    return header, [
        (*_of(row.of, named), row.masks, *_spread(row.seconds), *_spread(row.clicks))
        for row in rows
    ]


def _verdicts(rows: list[Shares], what: str) -> Table:
    header = (
        *(f"{what} id", what, "verdicts", "accepted", "corrected", "rejected"),
        *_interval("accepted"),
        *_interval("corrected"),
        *_interval("rejected"),
        *_quartiles("seconds per verdict", "s"),
    )
    return header, [
        (
            *(row.of.id, row.of.name),
            *(row.verdicts, row.accepted, row.corrected, row.rejected),
            *_bounds(row.accepted_share),
            *_bounds(row.corrected_share),
            *_bounds(row.rejected_share),
            *_spread(row.seconds),
        )
        for row in rows
    ]


def _edits(rows: list[Edits], what: str) -> Table:
    header = (f"{what} id", what, "corrected masks", *_quartiles("edit distance", "1 - IoU"))
    return header, [(row.of.id, row.of.name, row.corrected, *_spread(row.distance)) for row in rows]


def _gold(checks: CheckFigures | None) -> Table:
    header = ("answers", "passed", *_interval("passed"), "mean IoU with the truth")
    if checks is None or checks.gold.answers == 0:
        return header, []
    gold = checks.gold
    return header, [(gold.answers, gold.passed, *_bounds(gold.passed_share), gold.iou)]


def _planted(checks: CheckFigures | None) -> Table:
    header = ("defect", "shown", "let through", *_interval("let through"))
    rows = [] if checks is None else checks.planted
    return header, [(row.defect, row.answers, row.let_through, *_bounds(row.share)) for row in rows]


def _by_person(found: quality_checks.Quality) -> Table:
    header = (
        *("person id", "person", "figure", "of defect", "checks", "needed"),
        *("mean", "mean, 95 % from", "mean, 95 % to"),
        *("planted", "planted found", "gold", "gold got right", "answers taken back"),
    )
    rows: list[Sequence[Cell]] = []
    for one in found.people:
        counts = one.quality
        behind = (counts.planted, counts.planted_passed, counts.gold, counts.gold_passed)
        for figure, defect, told in _skills(counts.skill):
            named = (one.user_id, one.user, figure, defect)
            rows.append((*named, *_told(told), *behind, one.withdrawn))
    return header, rows


def _skills(skill: Skill) -> Iterator[tuple[str, str | None, Measured | TooFew]]:
    yield "let through", None, skill.let_through
    for defect, told in skill.by_defect.items():
        yield "let through", defect, told
    yield "missed", None, skill.missed
    yield "IoU", None, skill.mean_iou
    yield "boundary F", None, skill.boundary_f


def _by_labeler(found: list[LabelerQuality]) -> Table:
    header = (
        *("person id", "person", "figure", "of category", "measured on", "needed"),
        *("mean", "mean, 95 % from", "mean, 95 % to"),
        *("images", "images skipped", "objects", "objects found", "objects extra"),
    )
    rows: list[Sequence[Cell]] = []
    for one in found:
        behind = (one.images, one.skipped, one.objects, one.found, one.extra)
        for category, skill in ((None, one.skill), *one.categories.items()):
            for figure, told in _labeling_skills(skill, with_extra=category is None):
                rows.append((one.user_id, one.user, figure, category, *_told(told), *behind))
    return header, rows


def _labeling_skills(
    skill: LabelingSkill, *, with_extra: bool
) -> Iterator[tuple[str, Measured | TooFew]]:
    yield "missed", skill.missed
    if with_extra:
        yield "extra objects per image", skill.extra
    yield "wrong category", skill.wrong_category
    yield "IoU", skill.mean_iou
    yield "boundary F", skill.boundary_f


def _told(told: Measured | TooFew) -> Sequence[Cell]:
    if isinstance(told, TooFew):
        return (told.of, told.needed, None, None, None)
    return (told.of, None, *_bounds(told.interval))


def _agreement(found: Agreement) -> Table:
    header = ("figure", "of", "value", "value, 95 % from", "value, 95 % to", "undefined as")
    images = found.images
    return header, [
        ("votes", found.proposals, found.votes, None, None, None),
        ("settled", found.proposals, found.settled, None, None, None),
        ("in dispute", None, found.in_dispute, None, None, None),
        ("mean IoU", found.proposals, *_bounds(found.mean_iou), None),
        ("alpha of categories", *_alpha(found.alpha, found.proposals)),
        ("images: labelings", images.images, images.passes, None, None, None),
        ("images: settled", images.images, images.settled, None, None, None),
        ("images: in dispute", None, images.in_dispute, None, None, None),
        ("images: mean IoU", images.images, *_bounds(images.mean_iou), None),
        ("images: found by all", images.images, *_bounds(images.found_by_all), None),
        ("images: alpha of categories", *_alpha(images.alpha, images.images)),
    ]


def _alpha(alpha: Alpha | Undefined, of: int) -> Sequence[Cell]:
    if isinstance(alpha, Undefined):
        return (of, None, None, None, alpha.reason)
    return (alpha.units, alpha.value, alpha.low, alpha.high, None)


def _of(of: Of, named: bool) -> Sequence[Cell]:
    return (of.id, of.name) if named else (of.name,)


def _quartiles(what: str, unit: str | None = None) -> Sequence[str]:
    ending = f" ({unit})" if unit else ""
    words = ("lower quartile", "median", "upper quartile")
    return (f"{what}, measured", *(f"{what}, {word}{ending}" for word in words))


def _spread(spread: Spread | None) -> Sequence[Cell]:
    if spread is None:
        return (0, None, None, None)
    return (spread.count, spread.low, spread.median, spread.high)


def _interval(what: str) -> Sequence[str]:
    return (f"{what} share", f"{what} share, 95 % from", f"{what} share, 95 % to")


def _bounds(share: Interval | None) -> Sequence[Cell]:
    return (None, None, None) if share is None else (share.mean, share.low, share.high)


FIGURES: Final[dict[str, Callable[[Asked], Table]]] = {
    "throughput": lambda asked: _throughput(asked.quality.throughput),
    "effort-by-day": lambda asked: _effort(asked.quality.effort_by_day, ["day (UTC)"], False),
    "effort-by-version": lambda asked: _effort(
        asked.quality.effort_by_version, ["model version id", "model version"], True
    ),
    "effort-by-origin": lambda asked: _effort(asked.quality.effort_by_origin, ["origin"], False),
    "verdicts-by-version": lambda asked: _verdicts(
        asked.quality.verdicts_by_version, "model version"
    ),
    "verdicts-by-category": lambda asked: _verdicts(asked.quality.verdicts_by_category, "category"),
    "edits-by-version": lambda asked: _edits(asked.quality.edits_by_version, "model version"),
    "edits-by-category": lambda asked: _edits(asked.quality.edits_by_category, "category"),
    "people": lambda asked: _verdicts(asked.quality.people, "person"),
    "gold": lambda asked: _gold(asked.quality.checks),
    "planted": lambda asked: _planted(asked.quality.checks),
    "checks-by-person": lambda asked: _by_person(asked.of_checks),
    "gold-images-by-person": lambda asked: _by_labeler(asked.labelers),
    "agreement": lambda asked: _agreement(asked.agreement),
}
"""By the name in the address."""
_OF_CHECKS: Final = frozenset({"gold", "planted"})
_OF_REVIEWERS: Final = frozenset({"checks-by-person", "gold-images-by-person"})
