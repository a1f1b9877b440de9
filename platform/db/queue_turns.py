"""Rows of `queue_turns`: which image a queue handed to whom, under which lease, for ever."""

import uuid
from collections.abc import Collection

import sqlalchemy as sa

from maskloop.platform.db.image_leases import is_alive
from maskloop.platform.db.labeling_tables import image_leases
from maskloop.platform.db.review_tables import queue_turns


def insert(
    connection: sa.Connection,
    project_id: int,
    *,
    queue_id: int,
    image_id: int,
    user_id: int,
    lease_token: uuid.UUID,
) -> None:
    values = {
        "project_id": project_id,
        "queue_id": queue_id,
        "image_id": image_id,
        "user_id": user_id,
        "lease_token": lease_token,
    }
    connection.execute(sa.insert(queue_turns).values(values))


def newest(
    connection: sa.Connection, project_id: int, queue_ids: Collection[int]
) -> dict[int, int]:
    """The id of the newest turn by queue; a queue that handed out none is left out."""
    found = {}
    for queue_id in queue_ids:
        wanted = sa.select(sa.func.max(queue_turns.c.id)).where(
            queue_turns.c.project_id == project_id, queue_turns.c.queue_id == queue_id
        )
        newest_id = connection.execute(wanted).scalar_one()
        if newest_id is not None:
            found[queue_id] = newest_id
    return found


def queue_of(
    connection: sa.Connection, project_id: int, image_id: int, lease_token: uuid.UUID
) -> int | None:
    """The queue that the lease came from last; None: it was opened by hand, or from no queue."""
    wanted = (
        sa.select(queue_turns.c.queue_id)
        .where(
            queue_turns.c.project_id == project_id,
            queue_turns.c.image_id == image_id,
            queue_turns.c.lease_token == lease_token,
        )
        .order_by(queue_turns.c.id.desc())
        .limit(1)
    )
    found: int | None = connection.execute(wanted).scalar_one_or_none()
    return found


def count_own(connection: sa.Connection, project_id: int, user_id: int) -> dict[int, int]:
    """How many images a person holds, by the queue that handed them out."""
    rows = connection.execute(
        sa.select(queue_turns.c.queue_id, sa.func.count(queue_turns.c.image_id.distinct()))
        .join(image_leases, _is_under())
        .where(
            image_leases.c.project_id == project_id,
            image_leases.c.user_id == user_id,
            is_alive(),
        )
        .group_by(queue_turns.c.queue_id)
    )
    return {row[0]: row[1] for row in rows}


def came_from(queue_id: int) -> sa.ColumnElement[bool]:
    """Of a row of `image_leases`: whether it came from the queue."""
    return sa.exists().where(_is_under(), queue_turns.c.queue_id == queue_id)


def _is_under() -> sa.ColumnElement[bool]:
    return sa.and_(
        queue_turns.c.project_id == image_leases.c.project_id,
        queue_turns.c.image_id == image_leases.c.image_id,
        queue_turns.c.lease_token == image_leases.c.token,
    )
