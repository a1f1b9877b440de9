"""Rows of `submissions`: what somebody said of an image when they were through, for ever."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import submissions
from maskloop.platform.db.people_tables import users
from maskloop.platform.states import SubmissionOutcome


@dataclass(frozen=True)
class Effort:
    """What the image took; None where nobody measured it."""

    seconds: float | None = None
    objects: int | None = None
    """Masks that the person made or judged."""
    clicks: int | None = None


@dataclass(frozen=True)
class Submission:
    """`user` is a name."""

    id: int
    image_id: int
    user: str
    outcome: SubmissionOutcome
    reason: str | None
    effort: Effort
    created_at: datetime


def insert(
    connection: sa.Connection,
    *,
    project_id: int,
    image_id: int,
    user_id: int,
    outcome: SubmissionOutcome,
    reason: str | None,
    lease_token: uuid.UUID | None,
    effort: Effort,
) -> Submission:
    """`lease_token`: None for a reopening, which needs no lease."""
    statement = (
        sa.insert(submissions)
        .values(
            project_id=project_id,
            image_id=image_id,
            user_id=user_id,
            outcome=outcome,
            reason=reason,
            lease_token=lease_token,
            seconds=effort.seconds,
            objects=effort.objects,
            clicks=effort.clicks,
        )
        .returning(submissions.c.id)
    )
    made: int = connection.execute(statement).scalar_one()
    row = connection.execute(_submissions(project_id).where(submissions.c.id == made)).one()
    return _submission(row)


def of_image(connection: sa.Connection, project_id: int, image_id: int) -> list[Submission]:
    """The first one first."""
    rows = connection.execute(
        _submissions(project_id)
        .where(submissions.c.image_id == image_id)
        .order_by(submissions.c.id)
    )
    return [_submission(row) for row in rows]


def _submissions(project_id: int) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(submissions, users.c.name.label("user"))
        .join(users, users.c.id == submissions.c.user_id)
        .where(submissions.c.project_id == project_id)
    )


def _submission(row: sa.Row[tuple[object, ...]]) -> Submission:
    return Submission(
        id=row.id,
        image_id=row.image_id,
        user=row.user,
        outcome=SubmissionOutcome(row.outcome),
        reason=row.reason,
        effort=Effort(row.seconds, row.objects, row.clicks),
        created_at=row.created_at,
    )
