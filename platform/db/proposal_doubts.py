"""Rows of `proposal_doubts`: how much pending proposals are worth a look, and why. Derived, and
computed anew when another version serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.review_tables import proposal_doubts, queues
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.states import ProposalState, QueueOrder, QueueSubject


@dataclass(frozen=True)
class NewDoubt:
    """`reasons`: mappings with reason, text, value and share, the heaviest first."""

    proposal_id: int
    score: float
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Progress:
    """Of the pending proposals of a project: how many have a doubt, and wait for one."""

    doubted: int
    waiting: int


@dataclass(frozen=True)
class Undoubted:
    """An image some of whose pending proposals have no doubt of this version."""

    image_id: int
    sha256: bytes


def put(
    connection: sa.Connection,
    project_id: int,
    new: Sequence[NewDoubt],
    *,
    model_version_id: int,
) -> None:
    """In the place of earlier ones."""
    if not new:
        return
    added = insert(proposal_doubts)
    statement = added.on_conflict_do_update(
        index_elements=["project_id", "proposal_id"],
        set_={
            "score": added.excluded.score,
            "reasons": added.excluded.reasons,
            "model_version_id": added.excluded.model_version_id,
            "created_at": sa.func.now(),
        },
    )
    # By id, so that two who write at once do not wait for each other.
    rows = [
        {
            "project_id": project_id,
            "proposal_id": one.proposal_id,
            "score": one.score,
            "reasons": [dict(reason) for reason in one.reasons],
            "model_version_id": model_version_id,
        }
        for one in sorted(new, key=lambda one: one.proposal_id)
    ]
    connection.execute(statement, rows)


def drop(connection: sa.Connection, project_id: int) -> int:
    """How many there were."""
    return connection.execute(
        sa.delete(proposal_doubts).where(proposal_doubts.c.project_id == project_id)
    ).rowcount


def undoubted(
    connection: sa.Connection, project_id: int, model_version_id: int, *, after: int, limit: int
) -> list[Undoubted]:
    """By the images' ids, later than `after`."""
    rows = connection.execute(
        sa.select(images.c.id, images.c.sha256)
        .where(
            images.c.project_id == project_id,
            images.c.id > after,
            sa.exists().where(
                proposals.c.image_id == images.c.id, *_waits(project_id, model_version_id)
            ),
        )
        .order_by(images.c.id)
        .limit(limit)
    )
    return [Undoubted(row.id, bytes(row.sha256)) for row in rows]


def progress(connection: sa.Connection, project_id: int, model_version_id: int) -> Progress:
    pending = sa.and_(
        proposals.c.project_id == project_id, proposals.c.state == ProposalState.PENDING
    )
    waiting = sa.and_(*_waits(project_id, model_version_id))
    row = connection.execute(
        sa.select(
            sa.func.count().filter(~waiting).label("doubted"),
            sa.func.count().filter(waiting).label("waiting"),
        ).where(pending)
    ).one()
    return Progress(row.doubted, row.waiting)


def wanted_in(connection: sa.Connection) -> list[int]:
    """Ids of projects with an open queue that begins with the doubtful."""
    rows = connection.execute(
        sa.select(queues.c.project_id)
        .where(
            queues.c.subject.in_((QueueSubject.PROPOSALS, QueueSubject.IMAGES)),
            queues.c.ordering == QueueOrder.DOUBT,
            queues.c.closed_at.is_(None),
        )
        .distinct()
        .order_by(queues.c.project_id)
    )
    return list(rows.scalars())


def _waits(project_id: int, model_version_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    has_one = sa.exists().where(
        proposal_doubts.c.project_id == project_id,
        proposal_doubts.c.proposal_id == proposals.c.id,
        proposal_doubts.c.model_version_id == model_version_id,
    )
    return (
        proposals.c.project_id == project_id,
        proposals.c.state == ProposalState.PENDING,
        ~has_one,
    )
