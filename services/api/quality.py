"""/projects/{id}/quality: throughput, effort, verdicts and checks of a project, and CSV of each."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.quality_rows import Period
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.quality import quality
from maskloop.services.quality_csv import Asked as FiguresAsked
from maskloop.services.quality_csv import figure_csv

router = APIRouter(tags=["quality"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Figure = Annotated[str, Path(max_length=40, pattern=r"^[a-z-]+$")]


def asked_period(
    since: Annotated[AwareDatetime | None, Query(description="From this time on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this time")] = None,
) -> Period:
    """A dependency."""
    return Period(since, until)


Asked = Annotated[Period, Depends(asked_period)]


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class OfShown(Shown):
    """`id` is null for a day, an origin, and what was drawn by hand."""

    id: int | None
    name: str


class SpreadShown(Shown):
    """Quartiles; `count`: of how many measured ones."""

    count: int
    low: float
    median: float
    high: float


class IntervalShown(Shown):
    """A share with Wilson's 95 % interval, from 0 to 1."""

    mean: float
    low: float
    high: float


class ThroughputShown(Shown):
    """`day`: UTC's; days without anything are left out."""

    day: date
    verdicts: int
    second_looks: int
    votes: int
    drawn: int


class EffortShown(Shown):
    """Of first revisions of masks; `seconds` of a person's work, `clicks`: points and boxes."""

    of: OfShown
    masks: int
    seconds: SpreadShown | None
    clicks: SpreadShown | None


class SharesShown(Shown):
    of: OfShown
    verdicts: int
    accepted: int
    corrected: int
    rejected: int
    accepted_share: IntervalShown | None
    corrected_share: IntervalShown | None
    rejected_share: IntervalShown | None
    seconds: SpreadShown | None


class EditsShown(Shown):
    """`distance`: 1 - IoU of the corrected mask with the proposed one."""

    of: OfShown
    corrected: int
    distance: SpreadShown | None


class GoldShown(Shown):
    answers: int
    passed: int
    passed_share: IntervalShown | None
    iou: float | None


class LetThroughShown(Shown):
    """`defect` "all": all of them together."""

    defect: str
    answers: int
    let_through: int
    share: IntervalShown | None


class ChecksShown(Shown):
    gold: GoldShown
    planted: list[LetThroughShown]


class QualityShown(Shown):
    """Verdicts that were withdrawn, and what was accepted without a person, are in none of these.
    Without the permission to manage the project, `people` is oneself only, as of the beginning of
    UTC's day (`people_as_of`), and `checks` null."""

    since: datetime | None
    until: datetime | None
    throughput: list[ThroughputShown]
    effort_by_day: list[EffortShown]
    effort_by_version: list[EffortShown]
    effort_by_origin: list[EffortShown]
    verdicts_by_version: list[SharesShown]
    verdicts_by_category: list[SharesShown]
    edits_by_version: list[EditsShown]
    edits_by_category: list[EditsShown]
    people: list[SharesShown]
    people_as_of: datetime | None
    checks: ChecksShown | None


@router.get("/projects/{project_id}/quality", summary="A project's quality figures")
def get(request: Request, period: Asked, access: Viewer) -> QualityShown:
    runtime = context_of(request).runtime
    found = quality(runtime, access.project_id, period, person_id=_whose(access))
    return QualityShown.model_validate(
        {**vars(found), "since": period.since, "until": period.until}, from_attributes=True
    )


@router.get(
    "/projects/{project_id}/quality/{figure}.csv",
    summary="One of these figures as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def get_csv(request: Request, figure: Figure, period: Asked, access: Viewer) -> Response:
    """The header's names carry units. docs/quality.md lists the figures."""
    asked = FiguresAsked(
        context_of(request).runtime,
        access.project_id,
        period,
        person_id=_whose(access),
        reviews=Permission.REVIEW in access.permissions,
    )
    text = figure_csv(asked, figure)
    name = f"quality-{access.project_id}-{figure}.csv"
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _whose(access: ProjectAccess) -> int | None:
    """Figures of people are one's own, or everybody's for who manages."""
    return None if Permission.MANAGE in access.permissions else access.principal.user_id
