"""/projects/{id}/quality/people: how well people find planted errors and keep to gold."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.labeling_skill import LabelingSkill
from maskloop.platform.reviewer_skill import Measured, TooFew
from maskloop.platform.states import Defect
from maskloop.services import labeling_quality, quality_checks
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.quality import Asked
from maskloop.services.labeling_quality import LabelerQuality
from maskloop.services.quality_checks import CheckQuality

router = APIRouter(tags=["quality"])
Reviewer = Annotated[ProjectAccess, Depends(project(Permission.REVIEW))]


class FigureShown(BaseModel):
    """A share or a mean with the bounds of its 95 % interval, over `of` checks. Null where
    there are too few to say: `of` so far, of the `needed`."""

    mean: float | None = None
    low: float | None = None
    high: float | None = None
    of: int
    needed: int | None = None


class CheckQualityShown(BaseModel):
    """`let_through`: share of planted errors that were kept; `missed`: share of gold that was
    rejected; `mean_iou`, `boundary_f`: of the rest of gold, with the truth. The counts are answers,
    and those that were right."""

    let_through: FigureShown
    let_through_by_defect: dict[Defect, FigureShown]
    mean_iou: FigureShown
    boundary_f: FigureShown
    missed: FigureShown
    planted: int
    planted_passed: int
    gold: int
    gold_passed: int


class PersonShown(BaseModel):
    """`withdrawn`: answers to checks that they took back; those do not count."""

    user: str
    withdrawn: int
    quality: CheckQualityShown


class CategoryShown(BaseModel):
    category: str
    quality: CheckQualityShown


class VersionShown(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    model_version: int
    quality: CheckQualityShown


class LabelingSkillShown(BaseModel):
    """Of gold images. `missed`: share of the objects that nothing drawn matches; `extra`: objects
    an image that match nothing, null by category; `mean_iou`, `boundary_f`: of those that match,
    with the truth; `wrong_category`: share of those."""

    missed: FigureShown
    extra: FigureShown | None
    mean_iou: FigureShown
    boundary_f: FigureShown
    wrong_category: FigureShown


class LabeledCategoryShown(BaseModel):
    category: str
    quality: LabelingSkillShown


class LabelerShown(BaseModel):
    """`images`: gold images that they were through with, the `skipped` ones apart; on them so many
    `objects`, of which they `found` some, and drew `extra` ones."""

    user: str
    images: int
    skipped: int
    objects: int
    found: int
    extra: int
    quality: LabelingSkillShown
    categories: list[LabeledCategoryShown]


class QualityShown(BaseModel):
    """`labelers`: by gold images; the rest: by gold and planted masks in review queues. `as_of`: of
    answers until then; null: of all."""

    as_of: datetime | None
    people: list[PersonShown]
    categories: list[CategoryShown]
    versions: list[VersionShown]
    labelers: list[LabelerShown]


@router.get(
    "/projects/{project_id}/quality/people", summary="How people do in gold and planted errors"
)
def people(request: Request, period: Asked, access: Reviewer) -> QualityShown:
    """Who manages the project sees everybody's answers; others see their own, as of the beginning
    of UTC's day."""
    manages = Permission.MANAGE in access.permissions
    user_id = None if manages else access.principal.user_id
    runtime, project_id = context_of(request).runtime, access.project_id
    found = quality_checks.of_project(runtime, project_id, period, user_id=user_id)
    labelers = labeling_quality.of_project(runtime, project_id, period, user_id=user_id)
    return QualityShown(
        as_of=found.as_of,
        people=[
            PersonShown(user=one.user, withdrawn=one.withdrawn, quality=_quality(one.quality))
            for one in found.people
        ],
        categories=[
            CategoryShown(category=name, quality=_quality(one))
            for name, one in found.categories.items()
        ],
        versions=[
            VersionShown(model_version=version, quality=_quality(one))
            for version, one in found.versions.items()
        ],
        labelers=[_labeler(one) for one in labelers],
    )


def _quality(found: CheckQuality) -> CheckQualityShown:
    skill = found.skill
    return CheckQualityShown(
        let_through=_figure(skill.let_through),
        let_through_by_defect={defect: _figure(one) for defect, one in skill.by_defect.items()},
        mean_iou=_figure(skill.mean_iou),
        boundary_f=_figure(skill.boundary_f),
        missed=_figure(skill.missed),
        planted=found.planted,
        planted_passed=found.planted_passed,
        gold=found.gold,
        gold_passed=found.gold_passed,
    )


def _labeler(found: LabelerQuality) -> LabelerShown:
    return LabelerShown(
        user=found.user,
        images=found.images,
        skipped=found.skipped,
        objects=found.objects,
        found=found.found,
        extra=found.extra,
        quality=_labeling(found.skill, extra=_figure(found.skill.extra)),
        categories=[
            LabeledCategoryShown(category=name, quality=_labeling(skill, extra=None))
            for name, skill in found.categories.items()
        ],
    )


def _labeling(skill: LabelingSkill, *, extra: FigureShown | None) -> LabelingSkillShown:
    return LabelingSkillShown(
        missed=_figure(skill.missed),
        extra=extra,
        mean_iou=_figure(skill.mean_iou),
        boundary_f=_figure(skill.boundary_f),
        wrong_category=_figure(skill.wrong_category),
    )


def _figure(found: Measured | TooFew) -> FigureShown:
    if isinstance(found, TooFew):
        return FigureShown(of=found.of, needed=found.needed)
    interval = found.interval
    return FigureShown(mean=interval.mean, low=interval.low, high=interval.high, of=found.of)
