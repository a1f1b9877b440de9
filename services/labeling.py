"""The labeling queue: who works on which image, and what they say when they are through with it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta

import sqlalchemy as sa

from maskloop.platform.db import (
    folds,
    image_leases,
    image_picking,
    image_summaries,
    images,
    submissions,
)
from maskloop.platform.db.image_leases import Lease
from maskloop.platform.db.image_summaries import ImageSummary
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.submissions import Effort, Submission
from maskloop.platform.errors import (
    ImageLeasedError,
    ImageLeaseLostError,
    RefusedTransitionError,
)
from maskloop.platform.settings import Settings
from maskloop.platform.states import STATE_AFTER, FoldState, ImageState, SubmissionOutcome
from maskloop.services import blind_passes, image_queues
from maskloop.services.image_queues import Source
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Turn:
    """What somebody gets from the queue."""

    image: ImageSummary | None
    """None: nothing is left that nobody else has."""
    lease: Lease | None
    """Of the image."""
    ahead: Sequence[ImageSummary]
    """What they would probably get behind it."""
    left: int
    """Images that are to do: this one, and those that others have, too; of the queues asked for,
    each once."""
    queue_id: int | None = None
    """The queue that the image is of; None: of none."""


@dataclass(frozen=True)
class Conclusion:
    """What somebody says of an image that they hold the lease of, by its `token`."""

    token: uuid.UUID
    outcome: SubmissionOutcome
    reason: str | None = None
    """A skipped image needs one."""
    effort: Effort = field(default_factory=Effort)


def next_turn(
    runtime: Runtime,
    project_id: int,
    *,
    user_id: int,
    queue_id: int | None = None,
    after: int | None = None,
    ahead: int = 0,
) -> Turn:
    """Lease an image: the next one behind `after`; without it, the one the user has already. A
    blind pass that they have in hand is one of these.

    `queue_id`: None takes from all open queues of images that are theirs, those of the highest
    priority first and equal ones in turn; where there is none, from all that is to do. Raises
    `NotFoundError`, `BadParametersError`, `QueueClosedError`.
    """
    with runtime.engine.connect() as connection:
        source = image_queues.source_of(connection, project_id, queue_id, user_id=user_id)
    taken = None
    if after is None:
        taken = _pass_in_hand(runtime, project_id, source, user_id)
    else:
        after = blind_passes.place_behind(runtime, project_id, after)
    if taken is None:
        taken = _take_next(runtime, project_id, source, user_id, after)
    if taken is None:
        taken = _pass_in_hand(runtime, project_id, source, user_id)
    return _turn(runtime, project_id, source, taken, ahead, user_id=user_id)


@dataclass(frozen=True)
class _Taken:
    """`behind`: whose followers come next; the image itself, but for one in a pass. `besides`: it
    is not among what its queue has left for its person."""

    image_id: int
    lease: Lease
    queue: Queue | None
    behind: int
    in_pass: bool = False
    besides: bool = False


def _turn(
    runtime: Runtime,
    project_id: int,
    source: Source,
    taken: _Taken | None,
    ahead: int,
    *,
    user_id: int,
) -> Turn:
    with runtime.engine.connect() as connection:
        left = source.left(connection, project_id, user_id=user_id)
        if taken is None:
            return Turn(None, None, (), left)
        left += taken.besides
        behind = image_picking.ahead_of(
            connection, project_id, taken.queue, taken.behind, limit=ahead, user_id=user_id
        )
        others = image_summaries.of_images(connection, project_id, behind)
    where = runtime.in_passes if taken.in_pass else runtime
    with where.engine.connect() as connection:
        image = image_summaries.of_image(connection, project_id, taken.image_id)
    queue_id = None if taken.queue is None else taken.queue.id
    return Turn(image, taken.lease, others, left, queue_id)


def _pass_in_hand(runtime: Runtime, project_id: int, source: Source, user_id: int) -> _Taken | None:
    """Where somebody chose a queue, only one that came of it; one that asks several people about
    each image begins another pass, and nobody has two in hand."""
    (chosen,) = source.queues if source.is_chosen else (None,)
    if chosen is not None and chosen.plan.fold > 1:
        chosen = None
    with runtime.engine.begin() as connection:
        found = blind_passes.resumed_in(
            connection,
            project_id,
            user_id=user_id,
            queue_id=None if chosen is None else chosen.id,
            duration=duration_of(runtime.settings),
        )
        return None if found is None else _of_pass(source, found)


def _of_pass(source: Source, found: blind_passes.Taken) -> _Taken:
    queue = source.queue_of(found.queue_id)
    return _Taken(
        found.image_id, found.lease, queue, found.behind, in_pass=True, besides=found.is_fold
    )


def _take_next(
    runtime: Runtime, project_id: int, source: Source, user_id: int, after: int | None
) -> _Taken | None:
    """Every try that fails is an image that somebody else took at the same moment, so it ends; and
    is a transaction of its own, so that nobody waits for an image while they hold another. They
    wait for others only where there is nothing else: those may take the image, or not.

    Where a queue has a next image, a gold one may come in its place, as often as its rate says."""
    duration = duration_of(runtime.settings)
    may_be_gold, in_other_hands = True, None
    while True:
        with runtime.engine.begin() as connection:
            if in_other_hands is not None:
                images.lock(connection, project_id, in_other_hands)
            found = source.pick(connection, project_id, user_id=user_id, after=after)
            # What others were quicker with was to be no check, and stays so.
            if found is not None and found.queue is not None and may_be_gold:
                may_be_gold = False
                passed = blind_passes.drawn(
                    connection,
                    project_id,
                    found.queue,
                    user_id=user_id,
                    behind=after or 0,
                    duration=duration,
                )
                if passed is not None:
                    return _of_pass(source, passed)
            if found is not None and found.queue is not None and found.queue.plan.fold > 1:
                passed = blind_passes.begun_fold(
                    connection,
                    project_id,
                    found.queue,
                    found.image_id,
                    user_id=user_id,
                    duration=duration,
                )
                if passed is not None:
                    return _of_pass(source, passed)
                if blind_passes.has_one(connection, project_id, user_id):
                    return None
                continue
            if found is not None:
                lease = image_leases.take(
                    connection, project_id, found.image_id, user_id=user_id, duration=duration
                )
                if lease is not None:
                    queue = source.note(connection, project_id, found, lease, user_id=user_id)
                    return _Taken(found.image_id, lease, queue, found.image_id)
        in_other_hands = None
        if found is None:
            with runtime.engine.connect() as connection:
                seen = source.look(connection, project_id, user_id=user_id, after=after)
            if seen is None:
                return None
            in_other_hands = seen.image_id


def duration_of(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.image_lease_minutes)


def take(
    runtime: Runtime, project_id: int, image_id: int, *, user_id: int, decides: bool = True
) -> Lease:
    """Lease an image that is opened by hand, in whatever state it is; one's own lease goes on.

    `decides`: may open one that several people label blindly (`Permission.ANNOTATE_ALL`).

    Raises `ImageLeasedError` while somebody else has it, `RefusedTransitionError`, and
    `NotFoundError`.
    """
    with runtime.engine.begin() as connection:
        images.lock(connection, project_id, image_id)
        fold = None if decides else folds.find(connection, project_id, image_id)
        if fold is not None and fold.state is not FoldState.SETTLED:
            state = "labeled by several people"
            raise RefusedTransitionError("Image", str(image_id), state, "opened by one")
        lease = image_leases.take(
            connection,
            project_id,
            image_id,
            user_id=user_id,
            duration=duration_of(runtime.settings),
        )
        if lease is None:
            raise _leased(connection, project_id, image_id)
        return lease


def _leased(connection: sa.Connection, project_id: int, image_id: int) -> ImageLeasedError:
    """Within the transaction that was refused: its clock stands still, so the lease is alive."""
    holder = image_leases.holder(connection, project_id, image_id)
    assert holder is not None, "the image's row is locked, so nobody gave the lease back meanwhile"
    until = holder.until.astimezone(UTC).isoformat(timespec="seconds")
    return ImageLeasedError(image_id, holder.user, until)


def renew(
    runtime: Runtime, project_id: int, image_id: int, *, user_id: int, token: uuid.UUID
) -> Lease:
    """The lease for longer; one that lapsed goes on if nobody else took the image meanwhile.

    Raises `ImageLeaseLostError` if somebody did, and `NotFoundError`.
    """
    with runtime.engine.begin() as connection:
        images.lock(connection, project_id, image_id)
        lease = image_leases.renew(
            connection,
            project_id,
            image_id,
            user_id=user_id,
            token=token,
            duration=duration_of(runtime.settings),
        )
        if lease is None:
            raise _lost(connection, project_id, image_id)
        return lease


def _lost(connection: sa.Connection, project_id: int, image_id: int) -> ImageLeaseLostError:
    holder = image_leases.holder(connection, project_id, image_id)
    return ImageLeaseLostError(image_id, "nobody" if holder is None else holder.user)


def give_back(
    runtime: Runtime, project_id: int, image_id: int, *, user_id: int, token: uuid.UUID
) -> None:
    """Nothing happens to a lease that is not this one any more. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        images.lock(connection, project_id, image_id)
        image_leases.end(connection, project_id, image_id, user_id=user_id, token=token)


def submit_in(
    connection: sa.Connection,
    project_id: int,
    image_id: int,
    conclusion: Conclusion,
    *,
    user_id: int,
) -> Submission:
    """End the lease, store what is said and let the image's state follow, in the caller's
    transaction. A lease that lapsed counts as long as nobody else took the image.

    Raises `ImageLeaseLostError` with who has it now, and `NotFoundError`.
    """
    images.lock(connection, project_id, image_id)
    held = image_leases.end(
        connection, project_id, image_id, user_id=user_id, token=conclusion.token
    )
    if not held:
        raise _lost(connection, project_id, image_id)
    images.set_state(connection, project_id, image_id, STATE_AFTER[conclusion.outcome])
    folds.set_state(connection, project_id, image_id, FoldState.SETTLED)
    return submissions.insert(
        connection,
        project_id=project_id,
        image_id=image_id,
        user_id=user_id,
        outcome=conclusion.outcome,
        reason=conclusion.reason,
        lease_token=conclusion.token,
        effort=conclusion.effort,
    )


def reopen_in(
    connection: sa.Connection, project_id: int, image_id: int, *, user_id: int, reason: str | None
) -> Submission:
    """Put an image back into the queue, in the caller's transaction; it needs no lease.

    Raises `RefusedTransitionError` for one that is there, and `NotFoundError`.
    """
    state = images.lock(connection, project_id, image_id)
    if state is ImageState.TODO:
        raise RefusedTransitionError("Image", str(image_id), state, "reopened")
    images.set_state(connection, project_id, image_id, ImageState.TODO)
    return submissions.insert(
        connection,
        project_id=project_id,
        image_id=image_id,
        user_id=user_id,
        outcome=SubmissionOutcome.REOPENED,
        reason=reason,
        lease_token=None,
        effort=Effort(),
    )


def submissions_of(runtime: Runtime, project_id: int, image_id: int) -> list[Submission]:
    """The first one first. Raises `NotFoundError` for the image."""
    with runtime.engine.connect() as connection:
        images.by_id(connection, project_id, image_id)
        return submissions.of_image(connection, project_id, image_id)
