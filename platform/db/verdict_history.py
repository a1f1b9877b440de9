"""All that was said of one mask, what was taken back too, and its mark as gold or planted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import reviews
from maskloop.platform.db.learning_tables import never_trained
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import annotation_reviews, withdrawals
from maskloop.platform.states import NeverTrained, Verdict


@dataclass(frozen=True)
class Said:
    """A verdict. `of`: "proposal" or "annotation"; `revision`: that it made of a proposal, or
    that it judged of an annotation; `by_itself`: maskloop accepted it and nobody looked."""

    of: str
    verdict: Verdict
    reviewer: str
    annotation_id: int | None
    revision: int | None
    reason: str | None
    seconds: float | None
    by_itself: bool
    at: datetime
    withdrawn_at: datetime | None


def of_proposal(connection: sa.Connection, project_id: int, proposal_id: int) -> list[Said]:
    """By round."""
    wanted = (
        sa.select(
            *_common(reviews),
            sa.literal("proposal").label("of"),
            reviews.c.auto_accept_id.is_not(None).label("by_itself"),
        )
        .join(users, users.c.id == reviews.c.reviewer_id)
        .outerjoin(withdrawals, withdrawals.c.review_id == reviews.c.id)
        .where(reviews.c.project_id == project_id, reviews.c.proposal_id == proposal_id)
        .order_by(reviews.c.round)
    )
    return [_said(row) for row in connection.execute(wanted)]


def of_annotation(connection: sa.Connection, project_id: int, annotation_id: int) -> list[Said]:
    """Second looks, in order."""
    wanted = (
        sa.select(
            *_common(annotation_reviews),
            sa.literal("annotation").label("of"),
            sa.false().label("by_itself"),
        )
        .join(users, users.c.id == annotation_reviews.c.reviewer_id)
        .outerjoin(withdrawals, withdrawals.c.annotation_review_id == annotation_reviews.c.id)
        .where(
            annotation_reviews.c.project_id == project_id,
            annotation_reviews.c.annotation_id == annotation_id,
        )
        .order_by(annotation_reviews.c.id)
    )
    return [_said(row) for row in connection.execute(wanted)]


def mark_of(connection: sa.Connection, project_id: int, annotation_id: int) -> NeverTrained | None:
    reason = connection.execute(
        sa.select(never_trained.c.reason).where(
            never_trained.c.project_id == project_id,
            never_trained.c.annotation_id == annotation_id,
        )
    ).scalar_one_or_none()
    return None if reason is None else NeverTrained(reason)


def _common(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    return [
        table.c.verdict,
        users.c.name.label("reviewer"),
        table.c.annotation_id,
        table.c.annotation_revision,
        table.c.reason,
        table.c.seconds,
        table.c.created_at.label("at"),
        withdrawals.c.created_at.label("withdrawn_at"),
    ]


def _said(row: sa.Row[*tuple[Any, ...]]) -> Said:
    return Said(
        of=row.of,
        verdict=Verdict(row.verdict),
        reviewer=row.reviewer,
        annotation_id=row.annotation_id,
        revision=row.annotation_revision,
        reason=row.reason,
        seconds=row.seconds,
        by_itself=row.by_itself,
        at=row.at,
        withdrawn_at=row.withdrawn_at,
    )
