"""Reading the ledger: what became of each image of a job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db.tables import images, job_items
from maskloop.platform.forecast import Spent
from maskloop.platform.states import ItemState


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
    bytes: int | None
    """Written for it: embedding, candidates and result; none of what was there already."""
    retries: int
    """Times it was put off."""
    retry_at: datetime | None
    """It is put off until then; `error` says why."""
    error_code: str | None
    error: str | None
    finished_at: datetime | None


def ledger(
    connection: sa.Connection,
    project_id: int,
    job_id: int,
    *,
    states: Sequence[ItemState] = tuple(ItemState),
    size: int = 1000,
) -> Iterator[LedgerRow]:
    """The ledger in the order of the items, read a page at a time."""
    wanted = _ledger(project_id, job_id).where(job_items.c.state.in_(states))
    return _in_order(connection, wanted, size)


def troubled(connection: sa.Connection, project_id: int, job_id: int) -> Iterator[LedgerRow]:
    """The items that failed, were quarantined or are put off, in the order of the items."""
    bad = job_items.c.state.in_((ItemState.FAILED, ItemState.QUARANTINED))
    wanted = _ledger(project_id, job_id).where(sa.or_(bad, job_items.c.retry_at.is_not(None)))
    return _in_order(connection, wanted, size=1000)


def _in_order(
    connection: sa.Connection, chosen: sa.Select[tuple[object, ...]], size: int
) -> Iterator[LedgerRow]:
    last = 0
    wanted = chosen.order_by(job_items.c.id).limit(size)
    while True:
        rows = connection.execute(wanted.where(job_items.c.id > last)).all()
        if not rows:
            return
        last = rows[-1].id
        yield from map(_ledger_row, rows)


def sample(connection: sa.Connection, project_id: int, job_id: int) -> list[LedgerRow]:
    """The items of a job's sample that are settled, in the order in which they were."""
    wanted = _ledger(project_id, job_id).where(
        job_items.c.sampled, job_items.c.finished_at.is_not(None)
    )
    return [
        _ledger_row(row) for row in connection.execute(wanted.order_by(job_items.c.finished_at))
    ]


def computed(
    connection: sa.Connection, project_id: int, job_id: int, *, limit: int
) -> list[LedgerRow]:
    """Images of a job for which something was computed and written, in an order that has nothing to
    do with them."""
    wanted = _ledger(project_id, job_id).where(
        job_items.c.state == ItemState.DONE, job_items.c.bytes > 0, job_items.c.masks.is_not(None)
    )
    rows = connection.execute(wanted.order_by(images.c.sha256).limit(limit))
    return [_ledger_row(row) for row in rows]


def spent(connection: sa.Connection, job_id: int) -> Spent:
    """By all items that are done."""
    stage = sa.func.jsonb_each_text(job_items.c.seconds).table_valued("key", "value")
    seconds = sa.select(sa.func.sum(sa.cast(stage.c.value, sa.Double))).scalar_subquery()
    total, masks, written = connection.execute(
        sa.select(
            sa.func.sum(seconds), sa.func.sum(job_items.c.masks), sa.func.sum(job_items.c.bytes)
        ).where(job_items.c.job_id == job_id, job_items.c.state == ItemState.DONE)
    ).one()
    return Spent(float(total or 0), int(masks or 0), int(written or 0))


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
    wanted = _ledger(project_id, job_id).where(
        job_items.c.state.in_(states), job_items.c.image_id > after
    )
    rows = connection.execute(wanted.order_by(job_items.c.image_id).limit(limit))
    return [_ledger_row(row) for row in rows]


def _ledger(project_id: int, job_id: int) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(job_items, images.c.source_uri, images.c.sha256, images.c.width, images.c.height)
        .join(images, images.c.id == job_items.c.image_id)
        .where(
            job_items.c.project_id == project_id,
            job_items.c.job_id == job_id,
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
        bytes=row.bytes,
        retries=row.retries,
        retry_at=row.retry_at,
        error_code=row.error_code,
        error=row.error,
        finished_at=row.finished_at,
    )
