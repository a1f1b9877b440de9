"""Gold: annotations that are known to be right, shown as if nobody had looked at them yet."""

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from maskloop.platform.db import annotations, audit_events, check_sources, checks, never_trained
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.checks import Check, NewCheck, Score
from maskloop.platform.states import CheckKind, NeverTrained
from maskloop.services.runtime import Runtime


def make_gold(
    runtime: Runtime, project_id: int, annotation_ids: Sequence[int], *, by: int
) -> list[Check]:
    """Make annotations gold as they are now, all of them or none; their checks, in that order.

    No version will be trained on them any more. What is gold already stays as it is, unless the
    annotation was changed since: then the earlier check is retired, and another takes its place.
    Raises `NotFoundError` for an annotation that is not there, or deleted.
    """
    with runtime.engine.begin() as connection:
        return make_gold_in(connection, project_id, annotation_ids, by=by)


def make_gold_in(
    connection: sa.Connection, project_id: int, annotation_ids: Sequence[int], *, by: int
) -> list[Check]:
    """`make_gold` in the caller's transaction."""
    wanted = list(dict.fromkeys(annotation_ids))
    # The marks' rows make two who want the same annotation wait for each other.
    never_trained.mark(connection, project_id, wanted, NeverTrained.GOLD)
    found = [_current(connection, project_id, annotation_id) for annotation_id in wanted]
    there = checks.in_use(connection, project_id, CheckKind.GOLD, wanted)
    revisions = {one.id: one.revision for one in found}
    outdated = [one for one in there if revisions[one.new.truth[0]] != one.new.truth[1]]
    checks.retire(connection, project_id, [one.id for one in outdated])
    is_gold = {one.new.truth for one in there}
    new = [one for one in found if (one.id, one.revision) not in is_gold]
    _insert(connection, project_id, new, by=by)
    made = {
        one.new.truth[0]: one
        for one in checks.in_use(connection, project_id, CheckKind.GOLD, wanted)
    }
    return [made[annotation_id] for annotation_id in wanted]


def _current(connection: sa.Connection, project_id: int, annotation_id: int) -> Annotation:
    last = annotations.last_revision(connection, project_id, annotation_id)
    if last.deleted:
        raise annotations.missing(annotation_id)
    return last


def _insert(
    connection: sa.Connection, project_id: int, new: Sequence[Annotation], *, by: int
) -> None:
    scores = drawn_scores(connection, project_id, len(new), np.random.default_rng())
    made = [_gold(one, score) for one, score in zip(new, scores, strict=True)]
    for check_id, one in zip(checks.insert(connection, project_id, made, by=by), new, strict=True):
        audit_events.record(
            connection,
            project_id=project_id,
            user_id=by,
            action="made gold",
            subject="annotation",
            subject_id=one.id,
            detail={"revision": one.revision, "check": check_id},
        )


def _gold(found: Annotation, score: Score | None) -> NewCheck:
    return NewCheck(
        kind=CheckKind.GOLD,
        defect=None,
        image_id=found.image_id,
        truth=(found.id, found.revision),
        category_id=found.drawing.category_id,
        mask=found.drawing.mask,
        iou=1.0,
        score=score,
    )


def drawn_scores(
    connection: sa.Connection, project_id: int, count: int, rng: np.random.Generator
) -> list[Score | None]:
    """Of real proposals, as likely as they are among them: what a check pretends to have. None
    where the project has no proposals, whose cards would show any."""
    found = check_sources.scores(connection, project_id)
    if not found:
        return [None] * count
    return [found[place] for place in rng.integers(len(found), size=count)]
