"""/projects/{id}/quality/people: how well people find planted errors and keep to gold."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.reviewer_skill import Measured, TooFew
from maskloop.platform.states import Defect
from maskloop.services import quality_checks
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.quality import Asked
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


class QualityShown(BaseModel):
    """`as_of`: of answers until then; null: of all."""

    as_of: datetime | None
    people: list[PersonShown]
    categories: list[CategoryShown]
    versions: list[VersionShown]


@router.get(
    "/projects/{project_id}/quality/people", summary="How people do in gold and planted errors"
)
def people(request: Request, period: Asked, access: Reviewer) -> QualityShown:
    """Who manages the project sees everybody's answers; others see their own, as of the beginning
    of UTC's day."""
    manages = Permission.MANAGE in access.permissions
    found = quality_checks.of_project(
        context_of(request).runtime,
        access.project_id,
        period,
        user_id=None if manages else access.principal.user_id,
    )
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


def _figure(found: Measured | TooFew) -> FigureShown:
    if isinstance(found, TooFew):
        return FigureShown(of=found.of, needed=found.needed)
    interval = found.interval
    return FigureShown(mean=interval.mean, low=interval.low, high=interval.high, of=found.of)
