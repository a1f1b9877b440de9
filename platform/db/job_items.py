"""Rows of `job_items`: the ledger, one row per image of a job.

An item is leased with the token of its job's lease, so one heartbeat keeps all of them, and an item
whose token is not its job's any more belongs to a worker that is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from maskloop.platform.db import jobs
from maskloop.platform.db.images import object_key
from maskloop.platform.db.jobs import Lease
from maskloop.platform.db.tables import images, job_items
from maskloop.platform.states import ItemState


@dataclass(frozen=True)
class LeasedItem:
    """What a worker needs to know to do one item."""

    id: int
    image_id: int
    sha256: bytes
    source_uri: str
    attempts: int
    retries: int
    """Times it was put off."""
    candidates_key: str | None

    @property
    def image_key(self) -> str:
        return object_key(self.sha256)


@dataclass(frozen=True)
class Counts:
    """Items of a job by state."""

    queued: int = 0
    leased: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    masks: int = 0
    put_off: int = 0
    """Of those queued, the ones that wait for another try."""

    @property
    def total(self) -> int:
        return self.queued + self.leased + self.done + self.failed + self.quarantined

    @property
    def settled(self) -> int:
        return self.done + self.failed + self.quarantined


def insert_for_project(connection: sa.Connection, project_id: int, job_id: int) -> int:
    """One queued item for every image of the project; how many."""
    chosen = sa.select(images.c.project_id, sa.literal(job_id), images.c.id).where(
        images.c.project_id == project_id
    )
    statement = sa.insert(job_items).from_select(["project_id", "job_id", "image_id"], chosen)
    counting = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counting).rowcount


def choose_sample(connection: sa.Connection, job_id: int, images: int) -> None:
    """So many of a job's items, at random, are its sample."""
    chosen = (
        sa.select(job_items.c.id)
        .where(job_items.c.job_id == job_id)
        .order_by(sa.func.random())
        .limit(images)
    )
    connection.execute(sa.update(job_items).where(job_items.c.id.in_(chosen)).values(sampled=True))


def insert_from_job(connection: sa.Connection, source_job_id: int, job_id: int) -> int:
    """One queued item for every image of another job that has kept candidates; how many."""
    copied = [job_items.c.project_id, job_items.c.image_id, job_items.c.candidates_key]
    chosen = (
        sa.select(sa.literal(job_id), *copied)
        .where(
            job_items.c.job_id == source_job_id,
            job_items.c.state == ItemState.DONE,
            job_items.c.candidates_key.is_not(None),
        )
        .order_by(job_items.c.id)
    )
    names = ["job_id", "project_id", "image_id", "candidates_key"]
    statement = sa.insert(job_items).from_select(names, chosen)
    counting = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counting).rowcount


def lease(
    connection: sa.Connection,
    job_id: int,
    held: Lease,
    *,
    limit: int,
    only_sampled: bool = False,
) -> list[LeasedItem]:
    """Take up to `limit` queued items that are not put off, in the order of their images; none when
    the lease was lost.

    The job is locked first: who takes it over meanwhile waits, and then gives these items back.
    """
    if not jobs.still_held(connection, job_id, held):
        return []
    chosen = (
        sa.select(job_items.c.id)
        .where(
            job_items.c.job_id == job_id,
            job_items.c.state == ItemState.QUEUED,
            sa.or_(job_items.c.retry_at.is_(None), job_items.c.retry_at <= sa.func.now()),
        )
        .order_by(job_items.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if only_sampled:
        chosen = chosen.where(job_items.c.sampled)
    rows = connection.execute(
        sa.update(job_items)
        .where(job_items.c.id.in_(chosen), images.c.id == job_items.c.image_id)
        .values(
            state=ItemState.LEASED,
            lease_token=held.token,
            retry_at=None,
            error_code=None,
            error=None,
        )
        .returning(
            job_items.c.id,
            job_items.c.image_id,
            images.c.sha256,
            images.c.source_uri,
            job_items.c.attempts,
            job_items.c.retries,
            job_items.c.candidates_key,
        )
    ).all()
    return [
        LeasedItem(
            id=row.id,
            image_id=row.image_id,
            sha256=bytes(row.sha256),
            source_uri=row.source_uri,
            attempts=row.attempts,
            retries=row.retries,
            candidates_key=row.candidates_key,
        )
        for row in sorted(rows, key=lambda row: int(row.id))
    ]


def give_back(
    connection: sa.Connection,
    job_id: int,
    held: Lease,
    *,
    count_attempt: bool,
    only: Sequence[int] | None = None,
) -> int:
    """Return the items of this lease to the queue; `only` these, where given."""
    whose = job_items.c.lease_token == held.token
    if only is not None:
        whose = sa.and_(whose, job_items.c.id.in_(only))
    return _give_back(connection, job_id, count_attempt, whose)


def give_back_of_others(connection: sa.Connection, job_id: int, *, count_attempt: bool) -> int:
    """Return all items in hand to the queue; for who has locked the job and ended its lease."""
    return _give_back(connection, job_id, count_attempt, sa.true())


def _give_back(
    connection: sa.Connection, job_id: int, count_attempt: bool, whose: sa.ColumnElement[bool]
) -> int:
    statement = (
        sa.update(job_items)
        .where(job_items.c.job_id == job_id, job_items.c.state == ItemState.LEASED, whose)
        .values(
            state=ItemState.QUEUED,
            lease_token=None,
            attempts=job_items.c.attempts + (1 if count_attempt else 0),
        )
    )
    return connection.execute(statement).rowcount


def requeue(connection: sa.Connection, job_id: int, state: ItemState) -> int:
    """Failed or quarantined items of a job to the queue again."""
    statement = (
        sa.update(job_items)
        .where(job_items.c.job_id == job_id, job_items.c.state == state)
        .values(state=ItemState.QUEUED, error=None, error_code=None, finished_at=None, retries=0)
    )
    return connection.execute(statement).rowcount


def finish_done(
    connection: sa.Connection,
    item_id: int,
    held: Lease,
    *,
    result_key: str,
    masks: int,
    seconds: dict[str, float],
    bytes: int | None = None,
    candidates_key: str | None = None,
) -> bool:
    """False when the item is not leased with this token any more."""
    values = {
        "result_key": result_key,
        "masks": masks,
        "seconds": seconds,
        "bytes": bytes,
        "candidates_key": candidates_key,
    }
    return _finish(connection, item_id, held, ItemState.DONE, values)


def finish_bad(
    connection: sa.Connection,
    item_id: int,
    held: Lease,
    state: ItemState,
    *,
    error_code: str,
    error: str,
) -> bool:
    """`state` is FAILED or QUARANTINED; False when the lease was lost."""
    return _finish(connection, item_id, held, state, {"error_code": error_code, "error": error})


def put_off(
    connection: sa.Connection,
    item_id: int,
    held: Lease,
    *,
    seconds: float,
    error_code: str,
    error: str,
) -> bool:
    """Back to the queue, to be tried again in so many seconds; False when the lease was lost."""
    statement = (
        sa.update(job_items)
        .where(job_items.c.id == item_id, job_items.c.lease_token == held.token)
        .values(
            state=ItemState.QUEUED,
            lease_token=None,
            attempts=job_items.c.attempts + 1,
            retries=job_items.c.retries + 1,
            retry_at=sa.func.now() + sa.literal(timedelta(seconds=seconds)),
            error_code=error_code,
            error=error,
        )
    )
    return connection.execute(statement).rowcount == 1


def seconds_to_next_try(
    connection: sa.Connection, job_id: int, *, only_sampled: bool = False
) -> float | None:
    """Until the first of a job's items that are put off may be tried; None when none is."""
    first = sa.select(sa.func.min(job_items.c.retry_at) - sa.func.now()).where(
        job_items.c.job_id == job_id, job_items.c.retry_at.is_not(None)
    )
    if only_sampled:
        first = first.where(job_items.c.sampled)
    left: timedelta | None = connection.execute(first).scalar_one()
    return None if left is None else max(0.0, left.total_seconds())


def count_put_off(connection: sa.Connection, job_id: int) -> int:
    """Items that wait for another try."""
    return connection.execute(
        sa.select(sa.func.count()).where(
            job_items.c.job_id == job_id, job_items.c.retry_at.is_not(None)
        )
    ).scalar_one()


def _finish(
    connection: sa.Connection,
    item_id: int,
    held: Lease,
    state: ItemState,
    values: dict[str, object],
) -> bool:
    statement = (
        sa.update(job_items)
        .where(job_items.c.id == item_id, job_items.c.lease_token == held.token)
        .values(
            state=state,
            lease_token=None,
            attempts=job_items.c.attempts + 1,
            finished_at=sa.func.now(),
            **values,
        )
    )
    return connection.execute(statement).rowcount == 1


def counts(connection: sa.Connection, job_id: int) -> Counts:
    rows = connection.execute(
        sa.select(
            job_items.c.state,
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(job_items.c.masks), 0),
            sa.func.count(job_items.c.retry_at),
        )
        .where(job_items.c.job_id == job_id)
        .group_by(job_items.c.state)
    ).all()
    by_state = {str(row[0]): int(row[1]) for row in rows}
    masks, put_off = (sum(int(row[at]) for row in rows) for at in (2, 3))
    return Counts(**by_state, masks=masks, put_off=put_off)
