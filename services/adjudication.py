"""Folds for those who decide them: which there are, what was drawn, and whose is taken over."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from maskloop.platform.db import audit_events, folds, image_leases, images, queues
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.folds import Fold, FoldPass
from maskloop.platform.errors import ImageLeasedError, NotFoundError, RefusedTransitionError
from maskloop.platform.states import FoldState, ImageState, PassOutcome
from maskloop.services.folds import Likeness, likeness, said_of
from maskloop.services.labeling import duration_of
from maskloop.services.runtime import Runtime
from maskloop.services.taking_over import take_over


@dataclass(frozen=True)
class ListedFold:
    """`passes`: with what was drawn in each, None as long as not all are in; then there is no
    `likeness` either, nor of skipped ones."""

    fold: Fold
    passes: Sequence[tuple[FoldPass, Sequence[Annotation] | None]]
    likeness: Likeness | None


def page(
    runtime: Runtime,
    project_id: int,
    *,
    state: FoldState | None = None,
    queue_id: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[ListedFold]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        found = folds.page(
            connection,
            project_id,
            states=tuple(FoldState) if state is None else (state,),
            queue_id=queue_id,
            before=before,
            limit=limit,
        )
        return _listed(connection, project_id, found)


def one(runtime: Runtime, project_id: int, image_id: int) -> ListedFold:
    """Raises `NotFoundError`, and `RefusedTransitionError` as long as not all are in."""
    with runtime.engine.connect() as connection:
        fold = folds.by_image(connection, project_id, image_id)
        _refuse_open(connection, project_id, fold, "shown")
        return _listed(connection, project_id, [fold])[0]


def settle_in(
    connection: sa.Connection,
    runtime: Runtime,
    project_id: int,
    image_id: int,
    pass_id: int,
    *,
    finish: bool,
    by: int,
) -> ListedFold:
    """Take a pass over. Without `finish` the image stays to do, leased to whoever decided.

    Raises `NotFoundError`, `RefusedTransitionError`, also where somebody drew on the image by hand,
    and `ImageLeasedError`.
    """
    state = images.lock(connection, project_id, image_id)
    fold = folds.by_image(connection, project_id, image_id)
    _refuse_open(connection, project_id, fold, "settled")
    if fold.state is FoldState.SETTLED or state is not ImageState.TODO:
        raise RefusedTransitionError("Fold of image", str(image_id), "settled", "settled again")
    if folds.is_drawn(connection, project_id, image_id):
        drawn = "drawn on by hand meanwhile"
        raise RefusedTransitionError("Fold of image", str(image_id), drawn, "settled by a pass")
    named = [one for one in said_of(connection, fold, project_id) if one.id == pass_id]
    if not named:
        raise NotFoundError("pass", str(pass_id), "Choose one of the fold's.")
    holder = image_leases.holder(connection, project_id, image_id)
    lease = image_leases.take(
        connection,
        project_id,
        image_id,
        user_id=by,
        duration=duration_of(runtime.settings),
    )
    if lease is None:
        assert holder is not None, "the image's row is locked"
        raise ImageLeasedError(image_id, holder.user, holder.until.isoformat(timespec="seconds"))
    take_over(connection, project_id, named[0], finish=finish)
    if finish:
        image_leases.end(connection, project_id, image_id, user_id=by, token=lease.token)
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=by,
        action="settled",
        subject="image",
        subject_id=image_id,
        detail={"pass": pass_id, "finish": finish},
    )
    settled = folds.by_image(connection, project_id, image_id)
    return _listed(connection, project_id, [settled])[0]


def _refuse_open(connection: sa.Connection, project_id: int, fold: Fold, wanted: str) -> None:
    if _goes_on(connection, project_id, fold):
        waits = "still labelled by others"
        raise RefusedTransitionError("Fold of image", str(fold.image_id), waits, wanted)


def _goes_on(connection: sa.Connection, project_id: int, fold: Fold) -> bool:
    """Then nobody may see what some said; once its queue is closed, no others come."""
    if fold.state is not FoldState.OPEN:
        return False
    return queues.by_id(connection, project_id, fold.queue_id).closed_at is None


def _listed(connection: sa.Connection, project_id: int, some: Sequence[Fold]) -> list[ListedFold]:
    closed = {fold.id for fold in some if not _goes_on(connection, project_id, fold)}
    passes = folds.passes_of(connection, project_id, [fold.image_id for fold in some])
    seen = [one for fold in some if fold.id in closed for one in passes[fold.image_id]]
    drawn = folds.drawn_in_each(connection, project_id, seen)
    found = []
    for fold in some:
        theirs = sorted(passes[fold.image_id], key=_place)
        if fold.id not in closed:
            found.append(ListedFold(fold, [(one, None) for one in theirs], None))
            continue
        done = [drawn[one.id] for one in theirs if one.outcome is PassOutcome.DONE]
        like = likeness(done) if len(done) > 1 else None
        found.append(ListedFold(fold, [(one, drawn[one.id]) for one in theirs], like))
    return found


def _place(one: FoldPass) -> bytes:
    """An order that tells nothing."""
    return sha256(f"{one.pass_image_id}".encode()).digest()
