"""/projects/{id}/folds: images that several people label blindly, for those who decide."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.states import FoldState, PassOutcome
from maskloop.services import adjudication
from maskloop.services.adjudication import ListedFold
from maskloop.services.api.access import MOST_ID, Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.masks import SegmentationShown
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["folds"])
Decider = Annotated[ProjectAccess, Depends(project(Permission.ANNOTATE_ALL))]


class FoldImage(BaseModel):
    id: int
    source_uri: str
    width: int
    height: int


class DrawnShown(BaseModel):
    category_id: int
    category: str
    segmentation: SegmentationShown
    bbox: tuple[int, int, int, int]
    area: int


class FoldPassShown(BaseModel):
    """`image_id`: of the copy. `outcome` and `objects` are null as long as not all are in; `user`
    for those who do not manage the project. `annotations`: of one fold, not in the list."""

    pass_id: int
    image_id: int
    outcome: PassOutcome | None
    reason: str | None
    objects: int | None
    taken: bool
    user: str | None
    annotations: list[DrawnShown] | None = None


class FoldAgreement(BaseModel):
    """`matched`: of the `objects`, those that all have; `mean_iou`: of every two masks of one."""

    mean_iou: float | None
    matched: int
    objects: int


class FoldShown(BaseModel):
    image: FoldImage
    queue_id: int
    fold: int
    state: FoldState
    passes: list[FoldPassShown]
    agreement: FoldAgreement | None
    created_at: datetime


class Settlement(BaseModel):
    """`finish`: false leaves the image to do, leased to who decides, to be corrected."""

    model_config = ConfigDict(extra="forbid")

    pass_id: SomeId
    finish: bool = True


@router.get("/projects/{project_id}/folds", summary="Images labeled by several, newest first")
def list_page(
    request: Request,
    access: Decider,
    query: Annotated[PageQuery, Depends(page_query)],
    state: Annotated[FoldState | None, Query(description="Left out: all")] = None,
    queue_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
) -> Page[FoldShown]:
    found = adjudication.page(
        context_of(request).runtime,
        access.project_id,
        state=state,
        queue_id=queue_id,
        before=query.after,
        limit=query.and_one,
    )
    return query.page(found, show=lambda one: shown(one, access), key=lambda one: one.fold.id)


@router.get("/projects/{project_id}/folds/{image_id}", summary="What several drew on an image")
def get(request: Request, image_id: Id, access: Decider) -> FoldShown:
    """409 as long as not all are through."""
    found = adjudication.one(context_of(request).runtime, access.project_id, image_id)
    return shown(found, access, whole=True)


@router.post(
    "/projects/{project_id}/folds/{image_id}/settle",
    status_code=201,
    response_model=FoldShown,
    summary="Take over what one of several drew",
)
def settle(
    request: Request, new: Settlement, image_id: Id, once: OnceOnly, access: Decider
) -> Response:
    """Into the image, as that person's. 409 for one that is settled."""

    def effect(connection: sa.Connection) -> FoldShown:
        made = adjudication.settle_in(
            connection,
            context_of(request).runtime,
            access.project_id,
            image_id,
            new.pass_id,
            finish=new.finish,
            by=access.principal.user_id,
        )
        return shown(made, access)

    return once.do(access.principal, effect)


def shown(found: ListedFold, access: ProjectAccess, *, whole: bool = False) -> FoldShown:
    fold, likeness = found.fold, found.likeness
    manages = Permission.MANAGE in access.permissions
    return FoldShown(
        image=FoldImage(
            id=fold.image_id, source_uri=fold.source_uri, width=fold.width, height=fold.height
        ),
        queue_id=fold.queue_id,
        fold=fold.fold,
        state=fold.state,
        passes=[
            FoldPassShown(
                pass_id=one.id,
                image_id=one.pass_image_id,
                outcome=None if drawn is None else one.outcome,
                reason=None if drawn is None else one.reason,
                objects=None if drawn is None else len(drawn),
                taken=one.id == fold.taken_pass_id,
                user=one.user if manages else None,
                annotations=[_drawn(each) for each in drawn or ()] if whole else None,
            )
            for one, drawn in found.passes
        ],
        agreement=None
        if likeness is None
        else FoldAgreement(
            mean_iou=likeness.mean_iou, matched=likeness.matched, objects=likeness.objects
        ),
        created_at=fold.created_at,
    )


def _drawn(found: Annotation) -> DrawnShown:
    drawing = found.drawing
    return DrawnShown(
        category_id=drawing.category_id,
        category=found.category,
        segmentation=SegmentationShown(
            size=drawing.mask.rle.size_hw, counts=drawing.mask.rle.counts.decode("ascii")
        ),
        bbox=drawing.mask.bbox_xywh,
        area=drawing.mask.area,
    )
