"""`maskloop quality`: the figures of the quality page."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.platform.agreement import Alpha, Undefined
    from maskloop.platform.db.quality_figures import Edits, Effort, Of, Spread
    from maskloop.platform.db.quality_rows import Period
    from maskloop.platform.intervals import Interval
    from maskloop.platform.reviewer_skill import Measured, TooFew
    from maskloop.services.agreement import Agreement
    from maskloop.services.labeling_quality import LabelerQuality
    from maskloop.services.quality import CheckFigures, Shares
    from maskloop.services.quality_checks import PersonQuality
    from maskloop.services.quality_csv import Asked

Row = Sequence[object]
_DAY = ["%Y-%m-%d"]


def quality(
    project_name: ProjectName,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="From this day of UTC on.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Up to this day, with it.")
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            "--csv", metavar="FIGURE", help="One figure as CSV, as docs/quality.md lists."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What people did in a project, and how far it can be relied on; shares with 95 % intervals."""
    from maskloop.services.projects import find_project
    from maskloop.services.quality_csv import Asked, figure_csv

    with runtime() as opened:
        asked = Asked(opened, find_project(opened, project_name).id, _period(first, last))
        if figure is not None:
            sys.stdout.write(figure_csv(asked, figure))
        elif as_json:
            found = asdict(asked.quality)
            of_checks, agreed = asdict(asked.of_checks), asdict(asked.agreement)
            labelers = [asdict(one) for one in asked.labelers]
            beside = {"checks_by_person": of_checks, "gold_images_by_person": labelers}
            console.write_json(found | beside | {"agreement": agreed})
        else:
            _tell(asked)


def _period(first: datetime | None, last: datetime | None) -> "Period":
    from maskloop.platform.db.quality_rows import Period

    return Period(
        None if first is None else first.replace(tzinfo=UTC),
        None if last is None else last.replace(tzinfo=UTC) + timedelta(days=1),
    )


def _tell(asked: "Asked") -> None:
    found = asked.quality
    done = found.throughput
    days = [(row.day, row.verdicts, row.second_looks, row.votes, row.drawn) for row in done]
    _table("Done per day", ["day", "verdicts", "second looks", "votes", "drawn"], days)
    effort = ["", "masks", "seconds", "clicks"]
    _table("Seconds and clicks per mask, by day", effort, map(_effort, found.effort_by_day))
    _table("… by version", effort, map(_effort, found.effort_by_version))
    _table("… by way", effort, map(_effort, found.effort_by_origin))
    shares = ["", "verdicts", "accepted", "corrected", "rejected", "seconds"]
    _table("Verdicts by version", shares, map(_shares, found.verdicts_by_version))
    _table("Verdicts by category", shares, map(_shares, found.verdicts_by_category))
    _table("Verdicts by person", shares, map(_shares, found.people))
    edits = ["", "corrected", "1 - IoU"]
    _table("How far corrections go, by version", edits, map(_edits, found.edits_by_version))
    _table("… by category", edits, map(_edits, found.edits_by_category))
    if found.checks is not None:
        _tell_checks(found.checks)
    columns = ["", "planted", "let through", "gold", "rejected", "IoU", "boundary F", "taken back"]
    _table("Checks by person", columns, map(_person, asked.of_checks.people))
    missed = [
        "",
        "images",
        "objects",
        "missed",
        "extra an image",
        "named wrongly",
        "IoU",
        "boundary F",
    ]
    _table("Gold images by person", missed, map(_labeler, asked.labelers))
    _tell_agreement(asked.agreement)


def _table(title: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Under its title; said in a line where there is nothing in it."""
    listed = list(rows)
    console.say(title if listed else f"{title}: nothing")
    if listed:
        console.table(columns, listed)
    console.say("")


def _tell_checks(checks: "CheckFigures") -> None:
    gold = checks.gold
    iou = "-" if gold.iou is None else f"{gold.iou:.3f}"
    rows = [(gold.answers, gold.passed, _share(gold.passed_share), iou)] if gold.answers else []
    _table("Gold", ["answers", "right", "share", "mean IoU"], rows)
    shown = [one for one in checks.planted if one.answers]
    planted = [(one.defect, one.answers, _share(one.share)) for one in shown]
    _table("Errors let through", ["defect", "shown", "let through"], planted)


def _tell_agreement(found: "Agreement") -> None:
    images = found.images
    rows = [
        ("proposals that two people or more voted on", found.proposals),
        ("settled", found.settled),
        ("in dispute", found.in_dispute),
        ("IoU of two people", _figure(found.mean_iou)),
        ("alpha of categories", _alpha(found.alpha)),
    ]
    _table("Agreement, of all days", ["", ""], rows if found.votes else [])
    rows = [
        ("images that two people or more labelled", images.images),
        ("settled", images.settled),
        ("in dispute", images.in_dispute),
        ("IoU of two people", _figure(images.mean_iou)),
        ("objects that all of them drew", _share(images.found_by_all)),
        ("alpha of categories", _alpha(images.alpha)),
    ]
    _table("Agreement on images, of all days", ["", ""], rows if images.images else [])


def _alpha(found: "Alpha | Undefined") -> str:
    from maskloop.platform.agreement import Undefined
    from maskloop.platform.intervals import Interval

    if isinstance(found, Undefined):
        return found.reason
    return _figure(Interval(found.value, found.low, found.high))


def _effort(row: "Effort") -> Row:
    return _name(row.of), row.masks, _spread(row.seconds, 1), _spread(row.clicks, 1)


def _shares(row: "Shares") -> Row:
    shares = (row.accepted_share, row.corrected_share, row.rejected_share)
    return (_name(row.of), row.verdicts, *map(_share, shares), _spread(row.seconds, 1))


def _edits(row: "Edits") -> Row:
    return _name(row.of), row.corrected, _spread(row.distance, 2)


def _person(one: "PersonQuality") -> Row:
    counts, skill = one.quality, one.quality.skill
    return (
        one.user,
        counts.planted,
        _told(skill.let_through, _share),
        counts.gold,
        _told(skill.missed, _share),
        _told(skill.mean_iou, _figure),
        _told(skill.boundary_f, _figure),
        one.withdrawn,
    )


def _labeler(one: "LabelerQuality") -> Row:
    skill = one.skill
    return (
        one.user,
        one.images,
        one.objects,
        _told(skill.missed, _share),
        _told(skill.extra, _figure),
        _told(skill.wrong_category, _share),
        _told(skill.mean_iou, _figure),
        _told(skill.boundary_f, _figure),
    )


def _name(of: "Of") -> str:
    """Days, origins and what was drawn by hand have no number."""
    return of.name if of.id is None else f"{of.name} ({of.id})"


def _told(told: "Measured | TooFew", write: Callable[["Interval"], str]) -> str:
    from maskloop.platform.reviewer_skill import TooFew

    if isinstance(told, TooFew):
        return f"too few ({told.of} of {told.needed})"
    return write(told.interval)


def _share(share: "Interval | None") -> str:
    if share is None:
        return "-"
    return f"{share.mean:.0%} ({share.low:.0%} to {share.high:.0%})"


def _figure(figure: "Interval | None") -> str:
    if figure is None:
        return "-"
    return f"{figure.mean:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _spread(spread: "Spread | None", digits: int) -> str:
    """The median, and the quartiles."""
    if spread is None:
        return "-"
    low, middle, high = (
        f"{value:.{digits}f}" for value in (spread.low, spread.median, spread.high)
    )
    return f"{middle} ({low} to {high})"
