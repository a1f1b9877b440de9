"""Folds: several people label an image blindly, and what they drew is compared.

When all are through, they agree if every two of them have the same objects under the same
categories. Then the one in the middle is taken over into the image; else somebody has to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import sqlalchemy as sa

from maskloop.platform.agreement import pairs_of, units_of
from maskloop.platform.db import folds, image_leases, images, passes
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.folds import Fold, FoldPass, drawn_in
from maskloop.platform.db.pass_schema import in_passes
from maskloop.platform.db.passes import NewPass, Pass
from maskloop.platform.db.queues import Queue
from maskloop.platform.masks import iou_matrix
from maskloop.platform.states import FoldState, ImageState, PassKind, PassOutcome
from maskloop.services.consensus import AGREED_IOU
from maskloop.services.taking_over import take_over

Drawn = Sequence[Annotation]


@dataclass(frozen=True)
class Likeness:
    """Of what several people drew on one image. `matched`: of the `objects`, those that all of
    them have; `mean_iou`: of every two masks of one object, None where nothing is had twice."""

    mean_iou: float | None
    matched: int
    objects: int


def begin(
    connection: sa.Connection, project_id: int, queue: Queue, image_id: int, *, user_id: int
) -> Pass | None:
    """A pass of an image whose row the caller has locked; None where others were quicker, or where
    the person has another pass in hand. A pass whose lease lapsed gives its place up. What a queue
    left undecided that is closed goes on in this one."""
    fold = folds.ensure(connection, project_id, image_id, queue_id=queue.id, fold=queue.plan.fold)
    if fold.state is not FoldState.OPEN or fold.queue_id != queue.id:
        return None
    taken = len(folds.passes_of(connection, project_id, [image_id])[image_id])
    for copy in folds.lapsed(connection, project_id, image_id):
        if taken < fold.fold:
            break
        taken -= _abandon(connection, project_id, copy)
    if taken >= fold.fold:
        return None
    new = NewPass(PassKind.FOLD, user_id=user_id, image_id=image_id, queue_id=queue.id)
    return passes.insert(connection, project_id, new)


def _abandon(connection: sa.Connection, project_id: int, pass_image_id: int) -> bool:
    """Not one whose holder went on with it at this very moment."""
    with in_passes(connection):
        images.lock(connection, project_id, pass_image_id)
        if image_leases.holder(connection, project_id, pass_image_id) is not None:
            return False
        images.set_state(connection, project_id, pass_image_id, ImageState.SKIPPED)
        image_leases.end_lapsed(connection, project_id, pass_image_id)
        found = passes.of_copy(connection, project_id, pass_image_id)
        assert found is not None, "the image is a pass's"
        return passes.end(connection, found.id, PassOutcome.ABANDONED)


def settle_in(connection: sa.Connection, project_id: int, image_id: int) -> None:
    """Called after each submission of a pass, in its transaction, which holds the image's row.
    Where somebody opened the image by hand meanwhile, or drew on it, nothing is taken over."""
    fold = folds.by_image(connection, project_id, image_id)
    found = said_of(connection, fold, project_id)
    if fold.state is not FoldState.OPEN or len(found) < fold.fold:
        return
    middle = middle_of([(one, drawn_in(connection, project_id, one)) for one in found])
    if middle is None or not folds.is_untouched(connection, project_id, image_id):
        folds.set_state(connection, project_id, image_id, FoldState.DISPUTED)
    else:
        take_over(connection, project_id, middle, finish=True)


def said_of(connection: sa.Connection, fold: Fold, project_id: int) -> list[FoldPass]:
    """Those that are through, the first one first."""
    found = folds.passes_of(connection, project_id, [fold.image_id])[fold.image_id]
    return [one for one in found if one.outcome is not None]


def middle_of(found: Sequence[tuple[FoldPass, Drawn]]) -> FoldPass | None:
    """The one with the highest sum of IoUs with the others', the earliest of equal ones; the first
    of all that skipped; None where they do not agree."""
    outcomes = {one.outcome for one, _ in found}
    if len(outcomes) > 1:
        return None
    if outcomes == {PassOutcome.SKIPPED}:
        return found[0][0]
    sums = [0.0] * len(found)
    for ours, theirs in combinations(range(len(found)), 2):
        iou = _agreed(found[ours][1], found[theirs][1])
        if iou is None:
            return None
        sums[ours] += iou
        sums[theirs] += iou
    rounded = [round(one, 9) for one in sums]
    return found[rounded.index(max(rounded))][0]


def _agreed(ours: Drawn, theirs: Drawn) -> float | None:
    """The sum of IoUs, where each object is in both under the same category; else None."""
    if len(ours) != len(theirs):
        return None
    total = 0.0
    for category in {one.drawing.category_id for one in (*ours, *theirs)}:
        left, right = (
            [one.drawing.mask.rle for one in side if one.drawing.category_id == category]
            for side in (ours, theirs)
        )
        pairs = pairs_of(left, right, least=AGREED_IOU) if left and right else []
        if not len(left) == len(right) == len(pairs):
            return None
        total += sum(pair.iou for pair in pairs)
    return total


def likeness(drawn: Sequence[Drawn]) -> Likeness:
    masks = {place: [one.drawing.mask.rle for one in each] for place, each in enumerate(drawn)}
    units = units_of({place: each for place, each in masks.items() if each})
    ious = []
    for unit in units:
        of_one = [masks[person][place] for person, place in unit.items()]
        matrix = iou_matrix(of_one, of_one)
        ious += [float(matrix[one, other]) for one, other in combinations(range(len(of_one)), 2)]
    return Likeness(
        mean_iou=sum(ious) / len(ious) if ious else None,
        matched=sum(len(unit) == len(drawn) for unit in units),
        objects=len(units),
    )
