"""Which images a queue that asks several people about each may hand out, and which it keeps."""

from collections.abc import Iterator

import sqlalchemy as sa

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.gold_image_picking import met_by
from maskloop.platform.db.labeling_tables import annotations, image_leases
from maskloop.platform.db.pass_schema import of_passes
from maskloop.platform.db.pass_tables import folds, passes
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.review_tables import queues
from maskloop.platform.db.tables import images
from maskloop.platform.states import FoldState, PassKind, PassOutcome


def is_in_fold() -> sa.ColumnElement[bool]:
    """Of a row of `images`: several people label it, and nothing is decided. A queue that is closed
    lets go of those for which some are missing."""
    waits = sa.and_(folds.c.state == FoldState.OPEN, _is_of_open_queue())
    return sa.exists().where(_of_image(), sa.or_(folds.c.state == FoldState.DISPUTED, waits))


def has_place(queue: Queue, user_id: int | None) -> Iterator[sa.ColumnElement[bool]]:
    """Of a row of `images`. One on which something is drawn is no blank to label blindly."""
    yield ~is_drawn_on()
    others = sa.or_(
        sa.and_(folds.c.queue_id != queue.id, _is_of_open_queue()),
        folds.c.state != FoldState.OPEN,
        _counted() >= folds.c.fold,
    )
    yield ~sa.exists().where(_of_image(), others)
    if user_id is not None:
        yield from (~met for met in met_by(user_id))


def is_drawn_on() -> sa.ColumnElement[bool]:
    """Of a row of `images`."""
    return sa.exists().where(
        annotations.c.project_id == images.c.project_id,
        annotations.c.image_id == images.c.id,
        is_current(),
    )


def is_in_hand() -> sa.ColumnElement[bool]:
    """Of a row of `passes` that is open: its lease is alive."""
    leases = of_passes(image_leases)
    return sa.exists().where(
        leases.c.project_id == passes.c.project_id,
        leases.c.image_id == passes.c.pass_image_id,
        leases.c.until > sa.func.now(),
    )


def counts() -> sa.ColumnElement[bool]:
    """Of a row of `passes`: it takes a place of its image's fold."""
    said = passes.c.outcome.in_([PassOutcome.DONE, PassOutcome.SKIPPED])
    held = sa.and_(passes.c.ended_at.is_(None), is_in_hand())
    return sa.and_(passes.c.kind == PassKind.FOLD, sa.or_(said, held))


def _is_of_open_queue() -> sa.ColumnElement[bool]:
    """Of a row of `folds`."""
    return sa.exists().where(
        queues.c.project_id == folds.c.project_id,
        queues.c.id == folds.c.queue_id,
        queues.c.closed_at.is_(None),
    )


def _counted() -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .select_from(passes)
        .where(
            passes.c.project_id == folds.c.project_id,
            passes.c.image_id == folds.c.image_id,
            counts(),
        )
        .correlate(folds)
        .scalar_subquery()
    )


def _of_image() -> sa.ColumnElement[bool]:
    return sa.and_(folds.c.project_id == images.c.project_id, folds.c.image_id == images.c.id)
