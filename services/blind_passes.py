"""Blind passes: one person's labeling of an image that others have labelled, as if it were new.

A pass is worked on by the code of any image, in transactions in passes (`platform/db/pass_schema`):
no export, no training set and no figure of the project looks there.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from maskloop.actors.evaluation.boundaries import boundary_f_within, reach_of
from maskloop.platform.agreement import pairs_of
from maskloop.platform.db import (
    annotations,
    gold_image_picking,
    gold_images,
    image_leases,
    images,
    pass_objects,
    passes,
    queue_turns,
)
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.check_sources import Truth
from maskloop.platform.db.image_leases import Lease
from maskloop.platform.db.pass_objects import Compared, Side
from maskloop.platform.db.pass_schema import in_passes, in_project
from maskloop.platform.db.passes import NewPass, Pass
from maskloop.platform.db.queues import Queue
from maskloop.platform.errors import ImageLeaseLostError
from maskloop.platform.evaluation import Protocol
from maskloop.platform.masks import Rle
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import ImageState, PassKind, PassOutcome, SubmissionOutcome
from maskloop.services import folds
from maskloop.services.runtime import Runtime

_ANY: Final = Rule()
_CHANCE: Final = secrets.SystemRandom()
_TOLERANCE: Final = Protocol().boundary_tolerance
"""Of boundary F; as versions are measured by."""


@dataclass(frozen=True)
class Taken:
    """A pass in somebody's hands. `image_id`: of the copy; `behind`: of the image that they were
    through with before, whose followers come next; 0: the first ones do. `queue_id`: that mixed it
    in; None: none."""

    image_id: int
    lease: Lease
    behind: int
    queue_id: int | None
    is_fold: bool = False


def drawn(
    connection: sa.Connection,
    project_id: int,
    queue: Queue,
    *,
    user_id: int,
    behind: int,
    duration: timedelta,
) -> Taken | None:
    """As often as the queue's `gold_rate` says: a gold image in place of the next one, as long as
    there is one that the person knows nothing of; in the caller's transaction."""
    if _CHANCE.random() >= queue.plan.gold_rate:
        return None
    begun = begin_gold(
        connection,
        project_id,
        user_id=user_id,
        queue_id=queue.id,
        rule=queue.plan.rule,
        behind=behind,
    )
    return None if begun is None else _take(connection, project_id, begun, duration)


def begin_gold(
    connection: sa.Connection,
    project_id: int,
    *,
    user_id: int,
    queue_id: int | None = None,
    rule: Rule = _ANY,
    behind: int = 0,
) -> Pass | None:
    """A pass of a gold image that the person knows nothing of and that fits the rule; None where
    there is none, or where they have a pass in hand. `behind`: see `Taken`."""
    picked = gold_image_picking.pick(connection, project_id, user_id=user_id, rule=rule)
    if picked is None:
        return None
    new = NewPass(
        kind=PassKind.GOLD,
        user_id=user_id,
        image_id=picked.image_id,
        gold_image_id=picked.gold_image_id,
        queue_id=queue_id,
        came_from=behind or None,
    )
    return passes.insert(connection, project_id, new)


def resumed_in(
    connection: sa.Connection,
    project_id: int,
    *,
    user_id: int,
    queue_id: int | None = None,
    duration: timedelta,
) -> Taken | None:
    """The pass that the person has in hand, its lease for longer, in the caller's transaction;
    with a queue, only where that mixed it in."""
    found = passes.open_of(connection, project_id, user_id)
    if found is None or (queue_id is not None and found.new.queue_id != queue_id):
        return None
    return _take(connection, project_id, found, duration)


def _take(
    connection: sa.Connection, project_id: int, found: Pass, duration: timedelta
) -> Taken | None:
    """None where the person was through with it at this very moment."""
    with in_passes(connection):
        state = images.lock(connection, project_id, found.pass_image_id)
        if state is not ImageState.TODO:
            return None
        lease = image_leases.take(
            connection,
            project_id,
            found.pass_image_id,
            user_id=found.new.user_id,
            duration=duration,
        )
    assert lease is not None, "nobody else can lease the image of a pass"
    is_fold = found.new.kind is PassKind.FOLD
    return Taken(found.pass_image_id, lease, _place_behind(found), found.new.queue_id, is_fold)


def _place_behind(found: Pass) -> int:
    if found.new.kind is PassKind.FOLD:
        return found.new.image_id
    return found.new.came_from or 0


def place_behind(runtime: Runtime, project_id: int, image_id: int) -> int:
    """Where whoever leaves this image goes on: behind itself, or, where it is a pass, behind the
    image that they came from."""
    with runtime.engine.connect() as connection:
        found = passes.of_copy(connection, project_id, image_id)
    return image_id if found is None else _place_behind(found)


def begun_fold(
    connection: sa.Connection,
    project_id: int,
    queue: Queue,
    image_id: int,
    *,
    user_id: int,
    duration: timedelta,
) -> Taken | None:
    """A pass of an image that several label, whose row is locked; None: see `folds.begin`."""
    begun = folds.begin(connection, project_id, queue, image_id, user_id=user_id)
    taken = None if begun is None else _take(connection, project_id, begun, duration)
    if taken is not None:
        queue_turns.insert(
            connection,
            project_id,
            queue_id=queue.id,
            image_id=image_id,
            user_id=user_id,
            lease_token=taken.lease.token,
        )
    return taken


def has_one(connection: sa.Connection, project_id: int, user_id: int) -> bool:
    return passes.open_of(connection, project_id, user_id) is not None


def lock_original(connection: sa.Connection, project_id: int, image_id: int) -> None:
    """Of a fold's pass, before its copy is: whoever is handed the image locks it first."""
    found = passes.of_copy(connection, project_id, image_id)
    if found is not None and found.new.kind is PassKind.FOLD:
        with in_project(connection):
            images.lock(connection, project_id, found.new.image_id)


def conclude_in(
    connection: sa.Connection, project_id: int, image_id: int, outcome: SubmissionOutcome
) -> None:
    """End the pass with what its person said first, and compare what they drew with the truth; in
    the transaction of the submission, which is one in passes. What they say or draw later is kept
    and changes nothing."""
    found = passes.of_copy(connection, project_id, image_id)
    assert found is not None, "the image is a pass's"
    ended = PassOutcome(outcome)
    if found.outcome is PassOutcome.ABANDONED:  # and opened again by hand
        raise ImageLeaseLostError(image_id, "somebody else")
    if not passes.end(connection, found.id, ended):
        return
    if found.new.kind is PassKind.FOLD:
        with in_project(connection):
            folds.settle_in(connection, project_id, found.new.image_id)
        return
    if ended is PassOutcome.SKIPPED:
        return
    if found.new.gold_image_id is not None:
        truth = gold_images.truth(connection, project_id, found.new.gold_image_id)
        theirs = list(annotations.of_image(connection, project_id, image_id))
        pass_objects.insert(connection, project_id, found.id, compared(truth, theirs))


def compared(truth: Sequence[Truth], drawn: Sequence[Annotation]) -> list[Compared]:
    """What was found, in the truth's order; what was missed; what was drawn beside."""
    right = [one.rle for one in truth]
    theirs = [one.drawing.mask.rle for one in drawn]
    pairs = {pair.ours: pair for pair in pairs_of(right, theirs)}
    found = [
        Compared(
            _side_of_truth(truth[place]),
            _side_of_drawn(drawn[pair.theirs]),
            pair.iou,
            _boundary_f(right[place], theirs[pair.theirs]),
        )
        for place, pair in sorted(pairs.items())
    ]
    missed = [
        Compared(_side_of_truth(one), None) for place, one in enumerate(truth) if place not in pairs
    ]
    taken = {pair.theirs for pair in pairs.values()}
    beside = [
        Compared(None, _side_of_drawn(one)) for place, one in enumerate(drawn) if place not in taken
    ]
    return [*found, *missed, *beside]


def _boundary_f(ours: Rle, theirs: Rle) -> float:
    """Of the columns that they are in: an image may have hundreds of objects, and be large."""
    (left, right), (other_left, other_right) = ours.columns, theirs.columns
    columns = (min(left, other_left), max(right, other_right))
    reach = reach_of(_TOLERANCE, ours.size_hw)
    return boundary_f_within(ours.decode_columns(*columns), theirs.decode_columns(*columns), reach)


def _side_of_truth(truth: Truth) -> Side:
    return Side(truth.annotation_id, truth.revision, truth.category_id)


def _side_of_drawn(drawn: Annotation) -> Side:
    return Side(drawn.id, drawn.revision, drawn.drawing.category_id)
