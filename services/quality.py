"""What the quality page shows: how much is done, what a mask takes, what becomes of what models
propose, and how well people judge what is known beforehand. docs/quality.md defines each figure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db import check_shares, quality_figures
from maskloop.platform.db.check_shares import Answered
from maskloop.platform.db.quality_figures import Edits, Effort, Of, Spread, Throughput, Verdicts
from maskloop.platform.db.quality_rows import Period, today
from maskloop.platform.errors import BadParametersError
from maskloop.platform.intervals import Interval, share_of
from maskloop.platform.states import CheckKind
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Shares:
    """Verdicts of a version, a category or a person, and which share of them was which. Of a
    category there are no rejected ones."""

    of: Of
    verdicts: int
    accepted: int
    corrected: int
    rejected: int
    accepted_share: Interval | None
    corrected_share: Interval | None
    rejected_share: Interval | None
    seconds: Spread | None


@dataclass(frozen=True)
class GoldShare:
    """`iou`: the mean of what people stood behind with the truth."""

    answers: int
    passed: int
    passed_share: Interval | None
    iou: float | None


@dataclass(frozen=True)
class LetThrough:
    """Of the errors planted on purpose; `defect` is "all" for all of them together."""

    defect: str
    answers: int
    let_through: int
    share: Interval | None


@dataclass(frozen=True)
class CheckFigures:
    gold: GoldShare
    planted: list[LetThrough]
    """All together first, then each defect that somebody was shown."""


@dataclass(frozen=True)
class Quality:
    period: Period
    throughput: list[Throughput]
    effort_by_day: list[Effort]
    effort_by_version: list[Effort]
    effort_by_origin: list[Effort]
    verdicts_by_version: list[Shares]
    verdicts_by_category: list[Shares]
    edits_by_version: list[Edits]
    edits_by_category: list[Edits]
    people: list[Shares]
    people_as_of: datetime | None
    """What `people` leave out was said from then on; None: nothing."""
    checks: CheckFigures | None
    """None: kept from whoever is measured by them."""


Counted = Callable[[sa.Connection, int, Period], list[Verdicts]]


def quality(
    runtime: Runtime, project_id: int, period: Period, *, person_id: int | None = None
) -> Quality:
    """`person_id`: whose own row of `people` it is, without `checks`; None: everybody's, and with
    checks. A count of checks that goes up with an answer would tell that it was one, as would one's
    own verdicts that do not: so they are as of the beginning of UTC's day.

    Raises `BadParametersError` for a period that ends before it begins.
    """
    check_period(period)
    asked = project_id, period
    with runtime.engine.connect() as connection:
        # One state of the database for all figures, so that they agree with each other.
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

        def shares(count: Counted) -> list[Shares]:
            return [shares_of(found) for found in count(connection, *asked)]

        people_as_of = None if person_id is None else today(connection)
        of_people = replace(period, as_of=people_as_of)
        people = quality_figures.verdicts_by_person(connection, project_id, of_people)
        return Quality(
            period=period,
            throughput=quality_figures.throughput(connection, *asked),
            effort_by_day=quality_figures.effort_by_day(connection, *asked),
            effort_by_version=quality_figures.effort_by_version(connection, *asked),
            effort_by_origin=quality_figures.effort_by_origin(connection, *asked),
            verdicts_by_version=shares(quality_figures.verdicts_by_version),
            verdicts_by_category=shares(quality_figures.verdicts_by_category),
            edits_by_version=quality_figures.edits_by_version(connection, *asked),
            edits_by_category=quality_figures.edits_by_category(connection, *asked),
            people=[shares_of(row) for row in people if person_id in (None, row.of.id)],
            people_as_of=people_as_of,
            checks=None
            if person_id is not None
            else checks_of(check_shares.of_project(connection, *asked)),
        )


def shares_of(found: Verdicts) -> Shares:
    """With Wilson's intervals."""
    return Shares(
        of=found.of,
        verdicts=found.all,
        accepted=found.accepted,
        corrected=found.corrected,
        rejected=found.rejected,
        accepted_share=share_of(found.accepted, found.all),
        corrected_share=share_of(found.corrected, found.all),
        rejected_share=share_of(found.rejected, found.all),
        seconds=found.seconds,
    )


def checks_of(answered: list[Answered]) -> CheckFigures:
    gold = [one for one in answered if one.kind is CheckKind.GOLD]
    planted = [one for one in answered if one.kind is CheckKind.PLANTED]
    answers, passed = sum(one.answers for one in gold), sum(one.passed for one in gold)
    each = [(str(one.defect), one.answers, one.let_through) for one in planted]
    altogether = ("all", sum(count for _, count, _ in each), sum(through for _, _, through in each))
    return CheckFigures(
        gold=GoldShare(answers, passed, share_of(passed, answers), gold[0].iou if gold else None),
        planted=[
            LetThrough(defect, count, through, share_of(through, count))
            for defect, count, through in [altogether, *each]
        ],
    )


def check_period(period: Period) -> None:
    """Raises `BadParametersError` for one that ends before it begins."""
    if period.since is not None and period.until is not None and period.until <= period.since:
        raise BadParametersError("until", period.until.isoformat(), "it must lie after since")
