"""/projects/{id}/checks: gold and planted errors, of which only managers know."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.defects import IOU
from maskloop.platform.states import CheckKind, Defect
from maskloop.services import checks, gold, planting
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.masks import SegmentationShown
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.api.proposals import AnnotationMade
from maskloop.services.checks import Listed

router = APIRouter(tags=["checks"])
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]


class CheckShown(BaseModel):
    """`annotation`: the truth; category and mask are as they are shown, and `iou` says how near
    that mask is to the truth. `passed`: how many of the `answers` were right."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    kind: CheckKind
    defect: Defect | None
    image_id: int
    annotation: AnnotationMade
    category_id: int
    category: str
    segmentation: SegmentationShown
    bbox: tuple[int, int, int, int]
    area: int
    iou: float
    predicted_iou: float | None
    model_version: int | None
    answers: int
    passed: int
    created_by: str
    created_at: datetime
    retired_at: datetime | None


class CheckList(BaseModel):
    items: list[CheckShown]


class NewGold(BaseModel):
    model_config = ConfigDict(extra="forbid")

    annotation_ids: list[SomeId] = Field(min_length=1, max_length=1000)


class NewPlanted(BaseModel):
    """Up to `count` errors, fewer where there is not enough to make them of. `defects`: null for
    all; `iou`: of a spoiled mask with the truth; the same `seed` plants the same ones."""

    model_config = ConfigDict(extra="forbid")

    count: int = Field(ge=1, le=planting.MOST)
    defects: list[Defect] | None = Field(default=None, min_length=1, max_length=len(Defect))
    iou: float = Field(default=IOU, ge=planting.LEAST_IOU, le=planting.MOST_IOU)
    seed: int | None = Field(default=None, ge=0, lt=2**63)


@router.get("/projects/{project_id}/checks", summary="Gold and planted errors, newest first")
def list_page(
    request: Request,
    access: Manager,
    query: Annotated[PageQuery, Depends(page_query)],
    kind: CheckKind | None = None,
    defect: Defect | None = None,
    retired: Annotated[bool | None, Query(description="Left out: both")] = None,
) -> Page[CheckShown]:
    found = checks.page(
        context_of(request).runtime,
        access.project_id,
        before=query.after,
        limit=query.and_one,
        kind=kind,
        defect=defect,
        retired=retired,
    )
    return query.page(found, show=shown, key=lambda one: one.check.id)


@router.post(
    "/projects/{project_id}/checks/gold",
    status_code=201,
    response_model=CheckList,
    summary="Make annotations gold",
)
def make_gold(new: NewGold, once: OnceOnly, access: Manager) -> Response:
    """All of them or none. No version will be trained on them any more."""

    def effect(connection: sa.Connection) -> CheckList:
        made = gold.make_gold_in(
            connection, access.project_id, new.annotation_ids, by=access.principal.user_id
        )
        return _list(checks.listed_in(connection, access.project_id, made))

    return once.do(access.principal, effect)


@router.post(
    "/projects/{project_id}/checks/planted",
    status_code=201,
    response_model=CheckList,
    summary="Plant errors made of what is right",
)
def plant(request: Request, new: NewPlanted, once: OnceOnly, access: Manager) -> Response:
    planned = planting.plan(
        context_of(request).runtime,
        access.project_id,
        new.count,
        defects=new.defects,
        iou=new.iou,
        seed=new.seed,
    )

    def effect(connection: sa.Connection) -> CheckList:
        made = planting.plant_in(
            connection, access.project_id, planned, by=access.principal.user_id
        )
        return _list(checks.listed_in(connection, access.project_id, made))

    return once.do(access.principal, effect)


@router.delete(
    "/projects/{project_id}/checks/{check_id}", status_code=204, summary="Ask a check no more"
)
def retire(request: Request, check_id: Id, access: Manager) -> Response:
    """Its answers stay and count."""
    runtime = context_of(request).runtime
    checks.retire(runtime, access.project_id, check_id, by=access.principal.user_id)
    return Response(status_code=204)


def _list(found: list[Listed]) -> CheckList:
    return CheckList(items=[shown(one) for one in found])


def shown(found: Listed) -> CheckShown:
    check, new = found.check, found.check.new
    mask, score = new.mask, new.score
    return CheckShown(
        id=check.id,
        kind=new.kind,
        defect=new.defect,
        image_id=new.image_id,
        annotation=AnnotationMade(id=new.truth[0], revision=new.truth[1]),
        category_id=new.category_id,
        category=check.category,
        segmentation=SegmentationShown(
            size=mask.rle.size_hw, counts=mask.rle.counts.decode("ascii")
        ),
        bbox=mask.bbox_xywh,
        area=mask.area,
        iou=new.iou,
        predicted_iou=None if score is None else score.predicted_iou,
        model_version=None if score is None else score.model_version_id,
        answers=found.tally.answers,
        passed=found.tally.passed,
        created_by=check.created_by,
        created_at=check.created_at,
        retired_at=check.retired_at,
    )
