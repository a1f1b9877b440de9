"""Rows of `reviews`: one verdict per proposal, for ever."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import reviews
from maskloop.platform.db.people_tables import users
from maskloop.platform.states import Verdict


@dataclass(frozen=True)
class Review:
    """`annotation`: (id, revision) of what was made of the proposal; None where it was rejected."""

    id: int
    proposal_id: int
    verdict: Verdict
    reviewer_id: int
    reviewer: str
    annotation: tuple[int, int] | None
    reason: str | None
    seconds: float | None
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
) -> None:
    annotation_id, revision = annotation or (None, None)
    connection.execute(
        sa.insert(reviews).values(
            project_id=project_id,
            proposal_id=proposal_id,
            verdict=verdict,
            reviewer_id=reviewer_id,
            annotation_id=annotation_id,
            annotation_revision=revision,
            reason=reason,
            seconds=seconds,
        )
    )


def of_proposal(connection: sa.Connection, project_id: int, proposal_id: int) -> Review | None:
    row = connection.execute(
        _reviews(project_id).where(reviews.c.proposal_id == proposal_id)
    ).one_or_none()
    return None if row is None else _review(row)


def page(
    connection: sa.Connection, project_id: int, *, before: int | None, limit: int
) -> list[Review]:
    """Newest first; `before` is the id of the last one that was seen."""
    wanted = _reviews(project_id)
    if before is not None:
        wanted = wanted.where(reviews.c.id < before)
    rows = connection.execute(wanted.order_by(reviews.c.id.desc()).limit(limit))
    return [_review(row) for row in rows]


def _reviews(project_id: int) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(reviews, users.c.name.label("reviewer"))
        .join(users, users.c.id == reviews.c.reviewer_id)
        .where(reviews.c.project_id == project_id)
    )


def _review(row: sa.Row[tuple[object, ...]]) -> Review:
    made = row.annotation_id is not None
    return Review(
        id=row.id,
        proposal_id=row.proposal_id,
        verdict=Verdict(row.verdict),
        reviewer_id=row.reviewer_id,
        reviewer=row.reviewer,
        annotation=(row.annotation_id, row.annotation_revision) if made else None,
        reason=row.reason,
        seconds=row.seconds,
        created_at=row.created_at,
    )
