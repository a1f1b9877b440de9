"""From which queues somebody is handed something, and which of them comes first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db import queues
from maskloop.platform.db.queues import Queue
from maskloop.platform.errors import BadParametersError, NotFoundError, QueueClosedError
from maskloop.platform.states import QueueSubject

OF_CARDS: Final = frozenset({QueueSubject.PROPOSALS, QueueSubject.ANNOTATIONS})
OF_IMAGES: Final = frozenset({QueueSubject.IMAGES})


def all_of(
    connection: sa.Connection,
    project_id: int,
    subjects: Collection[QueueSubject],
    *,
    user_id: int,
) -> list[Queue]:
    """The open ones that the person may have something of, by priority."""
    return [
        queue
        for queue in queues.of_project(connection, project_id)
        if queue.plan.subject in subjects and queue.is_for(user_id) and queue.closed_at is None
    ]


def named(
    connection: sa.Connection,
    project_id: int,
    queue_id: int,
    subjects: Collection[QueueSubject],
    *,
    user_id: int,
) -> Queue:
    """Open or closed. Raises `NotFoundError`, `BadParametersError`."""
    queue = queues.by_id(connection, project_id, queue_id)
    if not queue.is_for(user_id):
        raise NotFoundError("queue", str(queue_id), "It may be others'; list yours.")
    if queue.plan.subject not in subjects:
        where = "queue/next" if queue.plan.subject in OF_IMAGES else "cards/next"
        reason = f"that queue hands out {queue.plan.subject}, which are had from {where}"
        raise BadParametersError("queue_id", queue_id, reason)
    return queue


def refuse_closed(queue: Queue) -> None:
    """Raises `QueueClosedError`."""
    if queue.closed_at is not None:
        raise QueueClosedError(queue.plan.name)


def in_tiers(open_queues: Sequence[Queue], newest: Mapping[int, int]) -> list[list[Queue]]:
    """By falling priority; among equals the one first that handed out nothing for longest.

    `newest`: the id of what each handed out last; those that handed out nothing are left out."""
    ordered = sorted(open_queues, key=lambda one: (-one.plan.priority, newest.get(one.id, 0)))
    tiers: dict[int, list[Queue]] = {}
    for queue in ordered:
        tiers.setdefault(queue.plan.priority, []).append(queue)
    return list(tiers.values())
