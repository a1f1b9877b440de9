"""Rows of `job_items`: the ledger, one row per image of a job.

An item is leased with the token of its job's lease, so one heartbeat keeps all of them, and an item
whose token is not its job's any more belongs to a worker that is gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
    candidates_key: str | None

    @property
    def image_key(self) -> str:
        return object_key(self.sha256)


@dataclass(frozen=True)
class LedgerRow:
    """One image of a job, as the ledger has it."""

    image_id: int
    source_uri: str
    sha256: bytes
    width: int
    height: int
    state: ItemState
    attempts: int
    result_key: str | None
    candidates_key: str | None
    masks: int | None
    seconds: dict[str, float]
    error_code: str | None
    error: str | None


@dataclass(frozen=True)
class Counts:
    """Items of a job by state."""

    queued: int = 0
    leased: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    masks: int = 0

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


def lease(connection: sa.Connection, job_id: int, held: Lease, *, limit: int) -> list[LeasedItem]:
    """Take up to `limit` queued items, in the order of their images; none when the lease was lost.

    The job is locked first: who takes it over meanwhile waits, and then gives these items back.
    """
    if not jobs.still_held(connection, job_id, held):
        return []
    chosen = (
        sa.select(job_items.c.id)
        .where(job_items.c.job_id == job_id, job_items.c.state == ItemState.QUEUED)
        .order_by(job_items.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        sa.update(job_items)
        .where(job_items.c.id.in_(chosen), images.c.id == job_items.c.image_id)
        .values(state=ItemState.LEASED, lease_token=held.token)
        .returning(
            job_items.c.id,
            job_items.c.image_id,
            images.c.sha256,
            images.c.source_uri,
            job_items.c.attempts,
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
        .values(state=ItemState.QUEUED, error=None, error_code=None, finished_at=None)
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
    candidates_key: str | None = None,
) -> bool:
    """False when the item is not leased with this token any more."""
    values = {
        "result_key": result_key,
        "masks": masks,
        "seconds": seconds,
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
        )
        .where(job_items.c.job_id == job_id)
        .group_by(job_items.c.state)
    ).all()
    by_state = {str(row[0]): int(row[1]) for row in rows}
    return Counts(**by_state, masks=sum(int(row[2]) for row in rows))


def ledger(
    connection: sa.Connection,
    project_id: int,
    job_id: int,
    *,
    states: Sequence[ItemState] = tuple(ItemState),
    size: int = 1000,
) -> Iterator[LedgerRow]:
    """The ledger in the order of the items, read a page at a time."""
    last = 0
    wanted = _ledger(project_id, job_id, states).order_by(job_items.c.id).limit(size)
    while True:
        rows = connection.execute(wanted.where(job_items.c.id > last)).all()
        if not rows:
            return
        last = rows[-1].id
        yield from map(_ledger_row, rows)


def page(
    connection: sa.Connection,
    project_id: int,
    job_id: int,
    *,
    states: Sequence[ItemState],
    after: int,
    limit: int,
) -> list[LedgerRow]:
    """By the images' ids; `after` is that of the last row that was seen."""
    wanted = _ledger(project_id, job_id, states).where(job_items.c.image_id > after)
    rows = connection.execute(wanted.order_by(job_items.c.image_id).limit(limit))
    return [_ledger_row(row) for row in rows]


def _ledger(
    project_id: int, job_id: int, states: Sequence[ItemState]
) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(job_items, images.c.source_uri, images.c.sha256, images.c.width, images.c.height)
        .join(images, images.c.id == job_items.c.image_id)
        .where(
            job_items.c.project_id == project_id,
            job_items.c.job_id == job_id,
            job_items.c.state.in_(states),
        )
    )


def _ledger_row(row: sa.Row[tuple[object, ...]]) -> LedgerRow:
    return LedgerRow(
        image_id=row.image_id,
        source_uri=row.source_uri,
        sha256=bytes(row.sha256),
        width=row.width,
        height=row.height,
        state=ItemState(row.state),
        attempts=row.attempts,
        result_key=row.result_key,
        candidates_key=row.candidates_key,
        masks=row.masks,
        seconds=row.seconds or {},
        error_code=row.error_code,
        error=row.error,
    )
