"""What gold images say of people who labelled them without knowing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from maskloop.platform.db import pass_objects, projects
from maskloop.platform.db.pass_objects import Ended, Scored
from maskloop.platform.db.quality_rows import EVER, Period, today
from maskloop.platform.labeling_skill import (
    LabeledObject,
    LabelingSkill,
    by_category,
    labeling_skill_of,
)
from maskloop.platform.states import PassOutcome
from maskloop.services.quality import check_period
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class LabelerQuality:
    """`images` that they were through with, and those that they skipped; of `objects` of the truth
    on the former they found so many, and drew `extra` ones beside. `categories`: of the truth, by
    name."""

    user_id: int
    user: str
    images: int
    skipped: int
    objects: int
    found: int
    extra: int
    skill: LabelingSkill
    categories: Mapping[str, LabelingSkill]


def of_project(
    runtime: Runtime, project_id: int, period: Period = EVER, *, user_id: int | None = None
) -> list[LabelerQuality]:
    """By name; of everybody, or of one person: then as of the beginning of UTC's day, since figures
    that moved with a submission would tell that it was one of gold.

    Raises `NotFoundError`, and `BadParametersError` for a period that ends before it begins.
    """
    check_period(period)
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        period = replace(period, as_of=None if user_id is None else today(connection))
        ended = pass_objects.ended(connection, project_id, period, user_id=user_id)
        done = [one.id for one in ended if one.outcome is PassOutcome.DONE]
        scored = pass_objects.scored(connection, project_id, done)
    passes, objects = defaultdict(list), defaultdict(list)
    for one in ended:
        passes[one.user, one.user_id].append(one)
    for found in scored:
        objects[found.user_id].append(_labeled(found))
    return [_quality(passes[key], objects[key[1]]) for key in sorted(passes)]


def _labeled(found: Scored) -> LabeledObject:
    return LabeledObject(
        image=str(found.image_id),
        truth=found.truth_category,
        drawn=found.drawn_category,
        iou=found.iou,
        boundary_f=found.boundary_f,
    )


def _quality(passes: Sequence[Ended], objects: Sequence[LabeledObject]) -> LabelerQuality:
    """Of one person, who has been through with one image at least."""
    done = [str(one.image_id) for one in passes if one.outcome is PassOutcome.DONE]
    truth = [one for one in objects if one.truth is not None]
    return LabelerQuality(
        user_id=passes[0].user_id,
        user=passes[0].user,
        images=len(done),
        skipped=len(passes) - len(done),
        objects=len(truth),
        found=sum(one.drawn is not None for one in truth),
        extra=len(objects) - len(truth),
        skill=labeling_skill_of(done, objects),
        categories=by_category(objects),
    )
