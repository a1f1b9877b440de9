"""Gold images: on which everything is known, given to people as if nobody had labelled them, to
see what they miss and what they draw that is not there."""

from collections.abc import Sequence

import sqlalchemy as sa

from maskloop.platform.db import annotations, audit_events, gold_images, images, never_trained
from maskloop.platform.db.gold_images import GoldImage
from maskloop.platform.errors import RefusedTransitionError
from maskloop.platform.states import ImageState, NeverTrained
from maskloop.services.runtime import Runtime


def make(
    runtime: Runtime, project_id: int, image_ids: Sequence[int], *, by: int
) -> list[GoldImage]:
    """Make images gold as they are now, all of them or none; in that order.

    No version will be trained on what is on them any more. What is gold already stays as it is,
    unless something on it was changed since: then the earlier one is retired, and another takes
    its place. Raises `NotFoundError`, and `RefusedTransitionError` for an image that is not done.
    """
    with runtime.engine.begin() as connection:
        return make_in(connection, project_id, image_ids, by=by)


def make_in(
    connection: sa.Connection, project_id: int, image_ids: Sequence[int], *, by: int
) -> list[GoldImage]:
    """`make` in the caller's transaction."""
    wanted = list(dict.fromkeys(image_ids))
    for image_id in sorted(wanted):  # in one order, so that two who do this wait and never deadlock
        state = images.lock(connection, project_id, image_id)
        if state is not ImageState.DONE:
            raise RefusedTransitionError("Image", str(image_id), state, "made gold")
    made = {image_id: _made(connection, project_id, image_id, by=by) for image_id in wanted}
    found = {one.id: one for one in gold_images.by_ids(connection, project_id, made.values())}
    return [found[made[image_id]] for image_id in wanted]


def _made(connection: sa.Connection, project_id: int, image_id: int, *, by: int) -> int:
    now = [(one.id, one.revision) for one in annotations.of_image(connection, project_id, image_id)]
    never_trained.mark(connection, project_id, [number for number, _ in now], NeverTrained.GOLD)
    there = gold_images.in_use(connection, project_id, image_id)
    if there is not None:
        truth = gold_images.truth(connection, project_id, there)
        if [(one.annotation_id, one.revision) for one in truth] == now:
            return there
        gold_images.retire(connection, project_id, there)
    made = gold_images.insert(connection, project_id, image_id, by=by)
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=by,
        action="made gold",
        subject="image",
        subject_id=image_id,
        detail={"gold_image": made, "objects": len(now)},
    )
    return made


def page(
    runtime: Runtime,
    project_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    retired: bool | None = None,
) -> list[GoldImage]:
    """Newest first, older than the id `before`; `retired` None: all of them."""
    with runtime.engine.connect() as connection:
        return gold_images.page(connection, project_id, before=before, limit=limit, retired=retired)


def retire(runtime: Runtime, project_id: int, gold_image_id: int, *, by: int) -> None:
    """Nobody is given it any more; how people did stays and counts, and what is on it stays out of
    training. A second time nothing happens. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        found = gold_images.by_ids(connection, project_id, [gold_image_id])
        if not found:
            raise gold_images.missing(gold_image_id)
        if gold_images.retire(connection, project_id, gold_image_id):
            audit_events.record(
                connection,
                project_id=project_id,
                user_id=by,
                action="retired",
                subject="gold image",
                subject_id=gold_image_id,
                detail={"image": found[0].image_id},
            )
