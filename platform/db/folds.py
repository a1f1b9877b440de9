"""Rows of `folds`: images that several people label blindly, and their passes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_or

from maskloop.platform.db import annotations
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.fold_picking import is_drawn_on, is_in_fold, is_in_hand
from maskloop.platform.db.image_leases import is_alive
from maskloop.platform.db.labeling_tables import image_leases, submissions
from maskloop.platform.db.pass_schema import in_passes, of_passes
from maskloop.platform.db.pass_tables import folds, passes
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import queues
from maskloop.platform.db.tables import images
from maskloop.platform.errors import NotFoundError
from maskloop.platform.states import (
    FoldState,
    ImageState,
    PassKind,
    PassOutcome,
    SubmissionOutcome,
)


@dataclass(frozen=True)
class Fold:
    id: int
    image_id: int
    source_uri: str
    width: int
    height: int
    queue_id: int
    fold: int
    state: FoldState
    taken_pass_id: int | None
    created_at: datetime


@dataclass(frozen=True)
class FoldPass:
    """`pass_image_id`: of the copy; `outcome`: None while it is in somebody's hands. `user` is a
    name; `reason`: of a skipped one."""

    id: int
    image_id: int
    pass_image_id: int
    user_id: int
    user: str
    outcome: PassOutcome | None
    reason: str | None
    ended_at: datetime | None


def ensure(
    connection: sa.Connection, project_id: int, image_id: int, *, queue_id: int, fold: int
) -> Fold:
    """The image's, which begins here if there is none; its row is locked by the caller. An open one
    of a queue that is closed goes over to this queue, for as many people as it began for."""
    new = insert_or(folds).values(
        project_id=project_id, image_id=image_id, queue_id=queue_id, fold=fold
    )
    closed = sa.select(queues.c.id).where(
        queues.c.project_id == project_id, queues.c.closed_at.is_not(None)
    )
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["project_id", "image_id"],
            set_={"queue_id": new.excluded.queue_id},
            where=sa.and_(folds.c.state == FoldState.OPEN, folds.c.queue_id.in_(closed)),
        )
    )
    return by_image(connection, project_id, image_id)


def find(connection: sa.Connection, project_id: int, image_id: int) -> Fold | None:
    row = connection.execute(_folds(project_id).where(folds.c.image_id == image_id)).one_or_none()
    return None if row is None else _fold(row)


def by_image(connection: sa.Connection, project_id: int, image_id: int) -> Fold:
    """Raises `NotFoundError`."""
    found = find(connection, project_id, image_id)
    if found is None:
        hint = "Only images of queues that ask several people about each have one."
        raise NotFoundError("fold of image", str(image_id), hint)
    return found


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    states: Collection[FoldState] = tuple(FoldState),
    queue_id: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[Fold]:
    """Newest first, older than the id `before`."""
    wanted = _folds(project_id).where(folds.c.state.in_(states))
    if queue_id is not None:
        wanted = wanted.where(folds.c.queue_id == queue_id)
    if before is not None:
        wanted = wanted.where(folds.c.id < before)
    return [
        _fold(row) for row in connection.execute(wanted.order_by(folds.c.id.desc()).limit(limit))
    ]


def count_disputed(connection: sa.Connection, project_id: int) -> int:
    wanted = (
        sa.select(sa.func.count())
        .select_from(folds)
        .where(folds.c.project_id == project_id, folds.c.state == FoldState.DISPUTED)
    )
    return connection.execute(wanted).scalar_one()


def kept(connection: sa.Connection, project_id: int) -> int:
    """Images to do that no other queue hands out."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(images)
        .where(images.c.project_id == project_id, images.c.state == ImageState.TODO, is_in_fold())
    )
    return connection.execute(wanted).scalar_one()


def is_untouched(connection: sa.Connection, project_id: int, image_id: int) -> bool:
    """To do, in nobody's hands, and nothing is drawn on it; its row is locked by the caller."""
    leased = sa.exists().where(
        image_leases.c.project_id == images.c.project_id,
        image_leases.c.image_id == images.c.id,
        is_alive(),
    )
    wanted = sa.select(images.c.state == ImageState.TODO, ~leased, ~is_drawn_on()).where(
        images.c.project_id == project_id, images.c.id == image_id
    )
    return all(connection.execute(wanted).one())


def is_drawn(connection: sa.Connection, project_id: int, image_id: int) -> bool:
    """Whether there are annotations on it."""
    wanted = sa.select(is_drawn_on()).where(
        images.c.project_id == project_id, images.c.id == image_id
    )
    return connection.execute(wanted).scalar_one()


def set_state(
    connection: sa.Connection,
    project_id: int,
    image_id: int,
    state: FoldState,
    *,
    taken_pass_id: int | None = None,
) -> None:
    """Nothing happens to one that is settled, or where there is none."""
    connection.execute(
        sa.update(folds)
        .where(
            folds.c.project_id == project_id,
            folds.c.image_id == image_id,
            folds.c.state != FoldState.SETTLED,
        )
        .values(state=state, taken_pass_id=taken_pass_id)
    )


def passes_of(
    connection: sa.Connection, project_id: int, image_ids: Sequence[int]
) -> dict[int, list[FoldPass]]:
    """By image: those in hand and those that ended, the first that was submitted first; no
    abandoned ones. An open one whose lease lapsed is among them."""
    said = of_passes(submissions)
    reason = (
        sa.select(said.c.reason)
        .where(said.c.project_id == passes.c.project_id, said.c.image_id == passes.c.pass_image_id)
        .order_by(said.c.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(passes, users.c.name, reason.label("reason"))
        .join(users, users.c.id == passes.c.user_id)
        .where(
            passes.c.project_id == project_id,
            passes.c.image_id.in_(image_ids),
            passes.c.kind == PassKind.FOLD,
            sa.func.coalesce(passes.c.outcome, "") != PassOutcome.ABANDONED,
        )
        .order_by(passes.c.ended_at.asc().nulls_last(), passes.c.id)
    )
    found: dict[int, list[FoldPass]] = {image_id: [] for image_id in image_ids}
    for row in rows:
        outcome = None if row.outcome is None else PassOutcome(row.outcome)
        found[row.image_id].append(
            FoldPass(
                row.id,
                row.image_id,
                row.pass_image_id,
                row.user_id,
                row.name,
                outcome,
                row.reason,
                row.ended_at,
            )
        )
    return found


def drawn_in(connection: sa.Connection, project_id: int, one: FoldPass) -> list[Annotation]:
    """When its person was through with it; what they draw later is kept and changes nothing."""
    return drawn_in_each(connection, project_id, [one])[one.id]


def drawn_in_each(
    connection: sa.Connection, project_id: int, some: Sequence[FoldPass]
) -> dict[int, list[Annotation]]:
    """`drawn_in` by the pass's id; nothing in one that is in somebody's hands."""
    times = {one.pass_image_id: one.ended_at for one in some if one.ended_at is not None}
    with in_passes(connection):
        found = annotations.of_images_at(connection, project_id, times)
    return {one.id: found.get(one.pass_image_id, []) for one in some}


def copy_submission(connection: sa.Connection, project_id: int, one: FoldPass) -> SubmissionOutcome:
    """What the person said of their copy first, as said of the image."""
    there = of_passes(submissions)
    same = ["user_id", "outcome", "reason", "lease_token", "seconds", "objects", "clicks"]
    first = (
        sa.select(
            sa.literal(project_id, sa.BigInteger),
            sa.literal(one.image_id, sa.BigInteger),
            *(there.c[name] for name in same),
        )
        .where(there.c.project_id == project_id, there.c.image_id == one.pass_image_id)
        .order_by(there.c.id)
        .limit(1)
    )
    copied = sa.insert(submissions).from_select(["project_id", "image_id", *same], first)
    outcome = connection.execute(copied.returning(submissions.c.outcome)).scalar_one()
    return SubmissionOutcome(outcome)


def lapsed(connection: sa.Connection, project_id: int, image_id: int) -> list[int]:
    """Ids of the copies of open passes that nobody holds a lease of, the oldest first."""
    return list(
        connection.execute(
            sa.select(passes.c.pass_image_id)
            .where(
                passes.c.project_id == project_id,
                passes.c.image_id == image_id,
                passes.c.kind == PassKind.FOLD,
                passes.c.ended_at.is_(None),
                ~is_in_hand(),
            )
            .order_by(passes.c.id)
        ).scalars()
    )


def _folds(project_id: int) -> sa.Select[tuple[Any, ...]]:
    return (
        sa.select(folds, images.c.source_uri, images.c.width, images.c.height)
        .join(images, images.c.id == folds.c.image_id)
        .where(folds.c.project_id == project_id)
    )


def _fold(row: sa.Row[tuple[Any, ...]]) -> Fold:
    return Fold(
        id=row.id,
        image_id=row.image_id,
        source_uri=row.source_uri,
        width=row.width,
        height=row.height,
        queue_id=row.queue_id,
        fold=row.fold,
        state=FoldState(row.state),
        taken_pass_id=row.taken_pass_id,
        created_at=row.created_at,
    )
