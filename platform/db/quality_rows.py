"""Rows that the quality page's figures are counted from: masks that people made, verdicts that they
gave. What was withdrawn is not among them, nor what maskloop accepted by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from maskloop.platform.db.clicks import clicks_of
from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import withdrawals
from maskloop.platform.db.tables import categories, model_versions, proposals
from maskloop.platform.states import Verdict
from maskloop.platform.training import Origin


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`; None: without that end. `as_of`: told as it was then,
    what was said or taken back from then on being unknown."""

    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None

    def holds(self, moment: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        since = sa.true() if self.since is None else moment >= self.since
        ends = [moment < end for end in (self.until, self.as_of) if end is not None]
        return sa.and_(since, *ends)


EVER: Final = Period()


def today(connection: sa.Connection) -> datetime:
    """When UTC's day began, by the clock that dates the rows."""
    wanted = sa.select(sa.func.date_trunc("day", sa.func.now(), "UTC"))
    began: datetime = connection.execute(wanted).scalar_one()
    return began


def masks_of(project_id: int, period: Period) -> sa.Subquery:
    """First revisions that people made, each with the version that drew it."""
    accepted = reviews.c.verdict == Verdict.ACCEPTED
    drew = annotations.c.model_version_id
    origin = sa.case(
        (accepted, Origin.ACCEPTED),
        (reviews.c.verdict == Verdict.CORRECTED, Origin.CORRECTED),
        (drew.is_not(None), Origin.PROMPTED),
        else_=Origin.DRAWN,
    )
    clicks = sa.case(
        (accepted, 0),
        (sa.func.jsonb_array_length(annotations.c.prompts) > 0, clicks_of(annotations)),
    )
    made_by_it = sa.and_(
        reviews.c.annotation_id == annotations.c.id,
        reviews.c.annotation_revision == annotations.c.revision,
        reviews.c.project_id == project_id,
    )
    return (
        sa.select(
            day_of(annotations.c.created_at),
            annotations.c.seconds,
            drew.label("version_id"),
            model_versions.c.name.label("version"),
            origin.label("origin"),
            clicks.label("clicks"),
        )
        .outerjoin(reviews, made_by_it)
        .outerjoin(model_versions, model_versions.c.id == drew)
        .where(
            annotations.c.project_id == project_id,
            annotations.c.revision == 1,
            period.holds(annotations.c.created_at),
            reviews.c.auto_accept_id.is_(None),
            stands(withdrawals.c.review_id, reviews.c.id, period.as_of),
        )
        .subquery()
    )


def verdicts_of(project_id: int, period: Period) -> sa.Subquery:
    """Verdicts of people, each with the version that proposed and what was made of it."""
    made = sa.and_(
        annotations.c.id == reviews.c.annotation_id,
        annotations.c.revision == reviews.c.annotation_revision,
    )
    return (
        sa.select(
            reviews.c.verdict,
            reviews.c.seconds,
            reviews.c.reviewer_id,
            users.c.name.label("reviewer"),
            proposals.c.model_version_id.label("version_id"),
            model_versions.c.name.label("version"),
            annotations.c.category_id,
            categories.c.name.label("category"),
            (1.0 - sa.cast(annotations.c.parent_iou, sa.Double)).label("distance"),
        )
        .join(users, users.c.id == reviews.c.reviewer_id)
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .join(model_versions, model_versions.c.id == proposals.c.model_version_id)
        .outerjoin(annotations, made)
        .outerjoin(categories, categories.c.id == annotations.c.category_id)
        .where(
            counts(reviews, withdrawals.c.review_id, project_id, period),
            reviews.c.auto_accept_id.is_(None),
        )
        .subquery()
    )


def day_of(moment: sa.ColumnElement[Any]) -> sa.Label[str]:
    return sa.func.to_char(sa.func.timezone("UTC", moment), "YYYY-MM-DD").label("day")


def counts(
    table: sa.Table, withdrawn: sa.ColumnElement[Any], project_id: int, period: Period
) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.project_id == project_id,
        period.holds(table.c.created_at),
        stands(withdrawn, table.c.id, period.as_of),
    )


def stands(
    withdrawn: sa.ColumnElement[Any],
    answer: sa.ColumnElement[Any],
    as_of: datetime | None = None,
) -> sa.ColumnElement[bool]:
    then = sa.true() if as_of is None else withdrawals.c.created_at < as_of
    return ~sa.exists().where(withdrawn == answer, then)
