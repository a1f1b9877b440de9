"""Planted errors: masks that are wrong on purpose, made of right ones, to see who finds them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
import sqlalchemy as sa

from maskloop.platform.db import audit_events, check_sources, checks, projects
from maskloop.platform.db.check_sources import Truth
from maskloop.platform.db.checks import Check, NewCheck
from maskloop.platform.db.projects import Project
from maskloop.platform.defects import IOU
from maskloop.platform.errors import BadParametersError, NothingToPlantError
from maskloop.platform.masks import Rle
from maskloop.platform.states import CheckKind, Defect
from maskloop.services.gold import drawn_scores
from maskloop.services.runtime import Runtime
from maskloop.services.spoiling import MOST_OF_ONE, Spoiler

MOST: Final = 200
"""At once."""
LEAST_IOU: Final = 0.2
MOST_IOU: Final = 0.8
"""With the truth, as it can be asked for; beyond it an error is a matter of taste."""
_TRUTHS: Final = 1000
"""Reviewed annotations that are looked at, the newest, where gold is not enough."""


def plant(
    runtime: Runtime,
    project_id: int,
    count: int,
    *,
    defects: Sequence[Defect] | None = None,
    iou: float = IOU,
    by: int,
    seed: int | None = None,
) -> list[Check]:
    """Plant up to `count` errors; fewer where there is not enough to make them of.

    They are made of gold, then of annotations that a person's review made of proposals; as many of
    each defect as can be. `defects`: None for all that the project allows. `iou`: of a spoiled mask
    with the truth. The same seed over the same annotations plants the same errors.
    Raises `NotFoundError`, `BadParametersError`, `NothingToPlantError`.
    """
    planned = plan(runtime, project_id, count, defects=defects, iou=iou, seed=seed)
    with runtime.engine.begin() as connection:
        return plant_in(connection, project_id, planned, by=by)


def plan(
    runtime: Runtime,
    project_id: int,
    count: int,
    *,
    defects: Sequence[Defect] | None = None,
    iou: float = IOU,
    seed: int | None = None,
) -> list[NewCheck]:
    """What `plant` would plant. Spoiling takes a while; no transaction is open meanwhile."""
    _check(count, iou)
    rng = np.random.default_rng(seed)
    with runtime.engine.connect() as connection:
        ground = _ground(connection, project_id, defects, rng)
        scores = drawn_scores(connection, project_id, count, rng)

    def neighbours(truth: Truth) -> list[Rle]:
        with runtime.engine.connect() as connection:
            return check_sources.neighbours(connection, project_id, truth)

    spoiler = Spoiler(
        defects=ground.defects,
        categories=ground.categories,
        neighbours=neighbours,
        iou=iou,
        rng=rng,
        planted=ground.planted,
    )
    found = list(islice(spoiler.errors(ground.truths), count))
    if not found:
        raise NothingToPlantError(
            ground.project.name,
            f"none of its {len(ground.truths)} masks can be spoiled by "
            f"{', '.join(ground.defects)}: they are small, alone on their images, or have "
            f"{MOST_OF_ONE} planted errors each. Ask for other defects, or make more gold",
        )
    return [replace(one, score=score) for one, score in zip(found, scores, strict=False)]


def plant_in(
    connection: sa.Connection, project_id: int, planned: Sequence[NewCheck], *, by: int
) -> list[Check]:
    """Store what was planned, in the caller's transaction."""
    ids = checks.insert(connection, project_id, planned, by=by)
    for check_id, one in zip(ids, planned, strict=True):
        audit_events.record(
            connection,
            project_id=project_id,
            user_id=by,
            action="planted",
            subject="check",
            subject_id=check_id,
            detail={"defect": one.defect, "annotation": one.truth[0]},
        )
    return checks.by_ids(connection, project_id, ids)


@dataclass(frozen=True)
class _Ground:
    """What errors can be made of; `planted`: what is so already."""

    project: Project
    categories: Sequence[int]
    defects: Sequence[Defect]
    truths: Sequence[Truth]
    planted: Sequence[NewCheck]


def _check(count: int, iou: float) -> None:
    if not 1 <= count <= MOST:
        raise BadParametersError("count", count, f"plant 1 to {MOST} errors at once")
    if not LEAST_IOU <= iou <= MOST_IOU:
        raise BadParametersError("iou", iou, f"ask for {LEAST_IOU} to {MOST_IOU}")


def _ground(
    connection: sa.Connection,
    project_id: int,
    defects: Sequence[Defect] | None,
    rng: np.random.Generator,
) -> _Ground:
    found = projects.by_id(connection, project_id)
    categories = [one.id for one in projects.list_categories(connection, project_id)]
    allowed = _allowed(defects, several=len(categories) > 1)
    truths = _truths(connection, project_id, rng)
    if not truths:
        raise NothingToPlantError(
            found.name,
            "it has no gold, and no annotation that a review made of a proposal. Make gold "
            f"first: maskloop checks gold {found.name} ANNOTATION",
        )
    planted = checks.in_use(connection, project_id, CheckKind.PLANTED)
    return _Ground(found, categories, allowed, truths, [one.new for one in planted])


def _allowed(defects: Sequence[Defect] | None, *, several: bool) -> list[Defect]:
    if defects is None:
        return [one for one in Defect if several or one is not Defect.WRONG_CATEGORY]
    if not defects:
        raise BadParametersError("defects", "empty", "name one, or leave it out for all of them")
    if Defect.WRONG_CATEGORY in defects and not several:
        raise BadParametersError(
            "defects", Defect.WRONG_CATEGORY, "the project has no second category to call it by"
        )
    return list(dict.fromkeys(defects))


def _truths(connection: sa.Connection, project_id: int, rng: np.random.Generator) -> list[Truth]:
    """Gold first; each sort in random order."""
    gold = check_sources.of_gold(connection, project_id)
    known = {one.annotation_id for one in gold}
    reviewed = check_sources.reviewed(connection, project_id, limit=_TRUTHS)
    others = [one for one in reviewed if one.annotation_id not in known]
    return [some[place] for some in (gold, others) for place in rng.permutation(len(some))]
