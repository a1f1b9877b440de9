"""Rows of `reviews`: verdicts on proposals. The last round counts, unless it was withdrawn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import reviews
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.states import Verdict


@dataclass(frozen=True)
class Review:
    """`annotation`: (id, revision) of what was made of the proposal; None where it was rejected."""

    id: int
    proposal_id: int
    round: int
    verdict: Verdict
    reviewer_id: int
    reviewer: str
    annotation: tuple[int, int] | None
    reason: str | None
    seconds: float | None
    card_id: int | None
    auto_accept_id: int | None
    withdrawn: bool
    created_at: datetime


def insert(
    connection: sa.Connection,
    *,
    project_id: int,
    proposal_id: int,
    verdict: Verdict,
    reviewer_id: int,
    annotation: tuple[int, int] | None,
    reason: str | None,
    seconds: float | None,
    card_id: int | None = None,
    auto_accept_id: int | None = None,
) -> None:
    """The next round of its proposal, whose row the transaction has locked."""
    annotation_id, revision = annotation or (None, None)
    earlier = sa.select(sa.func.coalesce(sa.func.max(reviews.c.round), 0)).where(
        reviews.c.proposal_id == proposal_id
    )
    connection.execute(
        sa.insert(reviews).values(
            project_id=project_id,
            proposal_id=proposal_id,
            round=earlier.scalar_subquery() + 1,
            verdict=verdict,
            reviewer_id=reviewer_id,
            annotation_id=annotation_id,
            annotation_revision=revision,
            reason=reason,
            seconds=seconds,
            card_id=card_id,
            auto_accept_id=auto_accept_id,
        )
    )


def of_proposal(connection: sa.Connection, project_id: int, proposal_id: int) -> Review | None:
    """The one that stands."""
    row = connection.execute(
        _reviews(project_id)
        .where(reviews.c.proposal_id == proposal_id, is_counted(reviews))
        .order_by(reviews.c.round.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _review(row)


def page(
    connection: sa.Connection, project_id: int, *, before: int | None, limit: int
) -> list[Review]:
    """Newest first, withdrawn ones too; `before` is the id of the last one that was seen."""
    wanted = _reviews(project_id)
    if before is not None:
        wanted = wanted.where(reviews.c.id < before)
    rows = connection.execute(wanted.order_by(reviews.c.id.desc()).limit(limit))
    return [_review(row) for row in rows]


def _reviews(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            reviews,
            users.c.name.label("reviewer"),
            sa.not_(is_counted(reviews)).label("withdrawn"),
        )
        .join(users, users.c.id == reviews.c.reviewer_id)
        .where(reviews.c.project_id == project_id)
    )


def _review(row: sa.Row[*tuple[Any, ...]]) -> Review:
    made = row.annotation_id is not None
    return Review(
        id=row.id,
        proposal_id=row.proposal_id,
        round=row.round,
        verdict=Verdict(row.verdict),
        reviewer_id=row.reviewer_id,
        reviewer=row.reviewer,
        annotation=(row.annotation_id, row.annotation_revision) if made else None,
        reason=row.reason,
        seconds=row.seconds,
        card_id=row.card_id,
        auto_accept_id=row.auto_accept_id,
        withdrawn=row.withdrawn,
        created_at=row.created_at,
    )
