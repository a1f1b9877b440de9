"""What people did in a project, counted for the quality page: verdicts, masks, seconds, clicks.

What was withdrawn does not count, nor what maskloop accepted by itself: nobody looked at it.
Days are UTC's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.quality_rows import Period, counts, day_of, masks_of, verdicts_of
from maskloop.platform.db.review_tables import annotation_reviews, votes, withdrawals
from maskloop.platform.states import Verdict


@dataclass(frozen=True)
class Of:
    """What a row is of: a version, category or person by id and name; a day or an origin by name
    alone."""

    id: int | None
    name: str


@dataclass(frozen=True)
class Spread:
    """Quartiles of what was measured, by linear interpolation; `count`: of how many."""

    count: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Throughput:
    """Of a day. `verdicts` on proposals, `second_looks` at annotations, `votes` where several are
    asked the same, `drawn`: masks that no proposal was made into."""

    day: str
    verdicts: int
    second_looks: int
    votes: int
    drawn: int


@dataclass(frozen=True)
class Effort:
    """What masks took, by their first revision."""

    of: Of
    masks: int
    seconds: Spread | None
    clicks: Spread | None


@dataclass(frozen=True)
class Verdicts:
    """How many of each."""

    of: Of
    accepted: int
    corrected: int
    rejected: int
    seconds: Spread | None

    @property
    def all(self) -> int:
        return self.accepted + self.corrected + self.rejected


@dataclass(frozen=True)
class Edits:
    """How far corrections went: 1 - IoU of the corrected mask with the proposed one. `corrected`
    counts those too whose distance nobody measured."""

    of: Of
    corrected: int
    distance: Spread | None


def throughput(connection: sa.Connection, project_id: int, period: Period) -> list[Throughput]:
    """Days on which something was done, in order."""
    did = sa.union_all(
        sa.select(day_of(reviews.c.created_at), sa.literal("verdict").label("what")).where(
            counts(reviews, withdrawals.c.review_id, project_id, period),
            reviews.c.auto_accept_id.is_(None),
        ),
        sa.select(day_of(annotation_reviews.c.created_at), sa.literal("second look")).where(
            counts(annotation_reviews, withdrawals.c.annotation_review_id, project_id, period)
        ),
        sa.select(day_of(votes.c.created_at), sa.literal("vote")).where(
            counts(votes, withdrawals.c.vote_id, project_id, period)
        ),
        sa.select(day_of(annotations.c.created_at), sa.literal("drawn")).where(
            annotations.c.project_id == project_id,
            annotations.c.revision == 1,
            annotations.c.proposal_id.is_(None),
            period.holds(annotations.c.created_at),
        ),
    ).subquery()
    rows = connection.execute(
        sa.select(
            did.c.day,
            *(
                sa.func.count().filter(did.c.what == what).label(f"count_{number}")
                for number, what in enumerate(("verdict", "second look", "vote", "drawn"))
            ),
        )
        .group_by(did.c.day)
        .order_by(did.c.day)
    )
    return [Throughput(*row) for row in rows]


def effort_by_day(connection: sa.Connection, project_id: int, period: Period) -> list[Effort]:
    masks = masks_of(project_id, period)
    return _effort(connection, masks, sa.null(), masks.c.day)


def effort_by_version(connection: sa.Connection, project_id: int, period: Period) -> list[Effort]:
    """The version that drew the mask; by hand last, without an id."""
    masks = masks_of(project_id, period)
    name = sa.func.coalesce(masks.c.version, "by hand")
    return _effort(connection, masks, masks.c.version_id, name)


def effort_by_origin(connection: sa.Connection, project_id: int, period: Period) -> list[Effort]:
    masks = masks_of(project_id, period)
    return _effort(connection, masks, sa.null(), masks.c.origin)


def verdicts_by_version(
    connection: sa.Connection, project_id: int, period: Period
) -> list[Verdicts]:
    judged = verdicts_of(project_id, period)
    return _verdicts(connection, judged, judged.c.version_id, judged.c.version)


def verdicts_by_category(
    connection: sa.Connection, project_id: int, period: Period
) -> list[Verdicts]:
    """What was rejected has no category, and stands in none of them."""
    judged = verdicts_of(project_id, period)
    of = judged.c.category_id, judged.c.category
    return _verdicts(connection, judged, *of, judged.c.category_id.is_not(None))


def verdicts_by_person(
    connection: sa.Connection, project_id: int, period: Period
) -> list[Verdicts]:
    judged = verdicts_of(project_id, period)
    return _verdicts(connection, judged, judged.c.reviewer_id, judged.c.reviewer)


def edits_by_version(connection: sa.Connection, project_id: int, period: Period) -> list[Edits]:
    judged = verdicts_of(project_id, period)
    return _edits(connection, judged, judged.c.version_id, judged.c.version)


def edits_by_category(connection: sa.Connection, project_id: int, period: Period) -> list[Edits]:
    judged = verdicts_of(project_id, period)
    return _edits(connection, judged, judged.c.category_id, judged.c.category)


def _effort(
    connection: sa.Connection,
    masks: sa.Subquery,
    of: sa.ColumnElement[Any],
    name: sa.ColumnElement[Any],
) -> list[Effort]:
    rows = _grouped(
        connection, of, name, sa.func.count(), *_spread(masks.c.seconds, masks.c.clicks)
    )
    return [
        Effort(Of(id_, called), masks_, _read(*seconds_clicks[:2]), _read(*seconds_clicks[2:]))
        for id_, called, masks_, *seconds_clicks in rows
    ]


def _verdicts(
    connection: sa.Connection,
    judged: sa.Subquery,
    of: sa.ColumnElement[Any],
    name: sa.ColumnElement[Any],
    *conditions: sa.ColumnElement[bool],
) -> list[Verdicts]:
    each = [sa.func.count().filter(judged.c.verdict == verdict) for verdict in Verdict]
    rows = _grouped(connection, of, name, *each, *_spread(judged.c.seconds), where=conditions)
    return [
        Verdicts(Of(id_, called), accepted, corrected, rejected, _read(*seconds))
        for id_, called, accepted, corrected, rejected, *seconds in rows
    ]


def _edits(
    connection: sa.Connection,
    judged: sa.Subquery,
    of: sa.ColumnElement[Any],
    name: sa.ColumnElement[Any],
) -> list[Edits]:
    corrected = judged.c.verdict == Verdict.CORRECTED
    measured = _spread(judged.c.distance)
    rows = _grouped(connection, of, name, sa.func.count(), *measured, where=[corrected])
    return [
        Edits(Of(id_, called), count, _read(*distance)) for id_, called, count, *distance in rows
    ]


def _grouped(
    connection: sa.Connection,
    of: sa.ColumnElement[Any],
    name: sa.ColumnElement[Any],
    *figures: sa.ColumnElement[Any],
    where: Sequence[sa.ColumnElement[bool]] = (),
) -> list[tuple[Any, ...]]:
    """In the order of ids, then of names."""
    wanted = sa.select(of.label("of"), name.label("called"), *figures).where(*where)
    by_id, by_name = sa.text("1 NULLS LAST"), sa.text("2")
    rows = connection.execute(wanted.group_by(sa.text("1"), by_name).order_by(by_id, by_name))
    return [tuple(row) for row in rows]


def _spread(*measured: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    """Of each: how many, and their quartiles."""
    shares = sa.cast([0.25, 0.5, 0.75], sa.ARRAY(sa.Double))
    return [
        figure
        for column in measured
        for figure in (
            sa.func.count(column),
            sa.func.percentile_cont(shares).within_group(sa.cast(column, sa.Double)),
        )
    ]


def _read(count: int, quartiles: list[float] | None) -> Spread | None:
    return None if count == 0 or quartiles is None else Spread(count, *quartiles)
