"""The quality page's figures as CSV, one file each: a header whose names carry units, a row for
everything that the figure is of. Shares and intervals go from 0 to 1; the intervals are 95 %."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

from maskloop.platform.db.quality_figures import Edits, Effort, Of, Spread, Throughput
from maskloop.platform.errors import NotFoundError
from maskloop.platform.intervals import Interval
from maskloop.services.quality import CheckFigures, Quality, Shares

Cell = str | int | float | None
Table = tuple[Sequence[str], list[Sequence[Cell]]]
"""Header and rows."""


def figure_csv(found: Quality, figure: str) -> str:
    """Raises `NotFoundError` for a figure that there is not, or not for whoever asks."""
    if figure not in FIGURES or (figure in _OF_CHECKS and found.checks is None):
        known = ", ".join(name for name in FIGURES if found.checks or name not in _OF_CHECKS)
        raise NotFoundError("figure", figure, f"There are: {known}.")
    header, rows = FIGURES[figure](found)
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


FIGURES: Final[dict[str, Callable[[Quality], Table]]] = {
    "throughput": lambda found: _throughput(found.throughput),
    "effort-by-day": lambda found: _effort(found.effort_by_day, ["day (UTC)"], False),
    "effort-by-version": lambda found: _effort(
        found.effort_by_version, ["model version id", "model version"], True
    ),
    "effort-by-origin": lambda found: _effort(found.effort_by_origin, ["origin"], False),
    "verdicts-by-version": lambda found: _verdicts(found.verdicts_by_version, "model version"),
    "verdicts-by-category": lambda found: _verdicts(found.verdicts_by_category, "category"),
    "edits-by-version": lambda found: _edits(found.edits_by_version, "model version"),
    "edits-by-category": lambda found: _edits(found.edits_by_category, "category"),
    "people": lambda found: _verdicts(found.people, "person"),
    "gold": lambda found: _gold(found.checks),
    "planted": lambda found: _planted(found.checks),
}
"""By the name in the address."""
_OF_CHECKS: Final = frozenset({"gold", "planted"})
