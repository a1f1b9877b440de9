"""From which queues of images somebody gets the next one, and how it is picked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import folds, image_picking, image_summaries, queue_turns
from maskloop.platform.db.image_leases import Lease
from maskloop.platform.db.queues import Queue
from maskloop.services import open_queues


@dataclass(frozen=True)
class Found:
    """An image whose row is locked. `queue`: that hands it out; None for one's own, and for what
    comes from no queue."""

    image_id: int
    queue: Queue | None


@dataclass(frozen=True)
class Source:
    """`queues`: in the order in which they are asked; none: all that is to do.
    `is_chosen`: somebody asked for this one queue."""

    queues: Sequence[Queue]
    is_chosen: bool

    def queue_of(self, queue_id: int | None) -> Queue | None:
        """The one of this id; where it is none of these, the first."""
        named = (queue for queue in self.queues if queue.id == queue_id)
        return next(named, self.queues[0] if self.queues else None)

    def pick(
        self, connection: sa.Connection, project_id: int, *, user_id: int, after: int | None
    ) -> Found | None:
        """Without `after`, what the user has already comes first: they go on with it. With
        `after`, it comes last, so nobody who has two images is sent to and fro between them. What
        others are taking at this moment is passed over."""
        return self._first(connection, project_id, user_id, after, lock=True)

    def look(
        self, connection: sa.Connection, project_id: int, *, user_id: int, after: int | None
    ) -> Found | None:
        """What `pick` would be but for those who are taking it; its row is not locked."""
        return self._first(connection, project_id, user_id, after, lock=False)

    def _first(
        self,
        connection: sa.Connection,
        project_id: int,
        user_id: int,
        after: int | None,
        *,
        lock: bool,
    ) -> Found | None:
        own = self._own(connection, project_id, user_id, lock=lock)
        free = self._free(connection, project_id, after, user_id, lock=lock)
        order = (own, free) if after is None else (free, own)
        return next((one for each in order for one in each), None)

    def note(
        self,
        connection: sa.Connection,
        project_id: int,
        found: Found,
        lease: Lease,
        *,
        user_id: int,
    ) -> Queue | None:
        """That a queue handed it out, for good; the queue that it is of."""
        if found.queue is not None:
            queue_turns.insert(
                connection,
                project_id,
                queue_id=found.queue.id,
                image_id=found.image_id,
                user_id=user_id,
                lease_token=lease.token,
            )
            return found.queue
        of = queue_turns.queue_of(connection, project_id, found.image_id, lease.token)
        return self.queue_of(of)

    def left(self, connection: sa.Connection, project_id: int, *, user_id: int) -> int:
        if not self.queues:
            kept = folds.kept(connection, project_id)
            return image_summaries.counts(connection, project_id).todo - kept
        return image_picking.left(connection, project_id, self.queues, user_id=user_id)

    def _own(
        self, connection: sa.Connection, project_id: int, user_id: int, *, lock: bool
    ) -> Iterator[Found]:
        (queue,) = self.queues if self.is_chosen else (None,)
        image_id = image_picking.pick_own(connection, project_id, queue, user_id=user_id, lock=lock)
        if image_id is not None:
            yield Found(image_id, None)

    def _free(
        self,
        connection: sa.Connection,
        project_id: int,
        after: int | None,
        user_id: int,
        *,
        lock: bool,
    ) -> Iterator[Found]:
        for queue in self.queues or (None,):
            image_id = image_picking.pick(
                connection, project_id, queue, after=after, lock=lock, user_id=user_id
            )
            if image_id is not None:
                yield Found(image_id, queue)


def source_of(
    connection: sa.Connection, project_id: int, queue_id: int | None, *, user_id: int
) -> Source:
    """Raises `NotFoundError`, `BadParametersError`, `QueueClosedError`."""
    subjects = open_queues.OF_IMAGES
    if queue_id is not None:
        chosen = open_queues.named(connection, project_id, queue_id, subjects, user_id=user_id)
        open_queues.refuse_closed(chosen)
        return Source([chosen], is_chosen=True)
    mine = open_queues.all_of(connection, project_id, subjects, user_id=user_id)
    newest = queue_turns.newest(connection, project_id, [queue.id for queue in mine])
    tiers = open_queues.in_tiers(mine, newest)
    return Source([queue for tier in tiers for queue in tier], is_chosen=False)
