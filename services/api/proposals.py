"""/projects/{id}/proposals and /reviews: what models suggest, and what people say of it."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db import proposals
from maskloop.platform.db.proposals import Filters, Proposal
from maskloop.platform.db.reviews import Review
from maskloop.platform.errors import BadParametersError
from maskloop.platform.states import ProposalState, Verdict
from maskloop.services import reviews
from maskloop.services.api.access import MOST_ID, Id, ProjectAccess, project
from maskloop.services.api.annotations import NewMask, Seconds, SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.masks import SegmentationShown
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.reviews import Judgement

router = APIRouter(tags=["proposals"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Reviewer = Annotated[ProjectAccess, Depends(project(Permission.REVIEW))]
Share = Annotated[float | None, Query(ge=0, le=2, allow_inf_nan=False)]


class ProposalShown(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    id: int
    image_id: int
    state: ProposalState
    segmentation: SegmentationShown
    bbox: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    stability_score: float
    point: tuple[float, float]
    job_id: int
    model_version: int
    created_at: datetime


class NewReview(BaseModel):
    """`accepted` needs `category_id`, `corrected` needs `mask`; a `reason` goes with `rejected`."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    category_id: SomeId | None = None
    mask: NewMask | None = None
    reason: str | None = Field(default=None, max_length=2000, pattern=r"^[^\x00]*$")
    seconds: Seconds | None = None

    @property
    def judgement(self) -> Judgement:
        """Raises `BadParametersError`."""
        wanted = {Verdict.ACCEPTED: "category_id", Verdict.CORRECTED: "mask"}.get(self.verdict)
        allowed = {wanted, "reason" if self.verdict is Verdict.REJECTED else None}
        for name in ("category_id", "mask", "reason"):
            given = getattr(self, name) is not None
            if given and name not in allowed:
                raise BadParametersError(name, "given", f"the verdict is {self.verdict}")
            if name == wanted and not given:
                raise BadParametersError(name, None, f"the verdict {self.verdict} needs it")
        if self.category_id is not None:
            return Judgement.accept(self.category_id, seconds=self.seconds)
        if self.mask is not None:
            seconds = self.mask.seconds if self.seconds is None else self.seconds
            mask = self.mask.model_copy(update={"seconds": seconds})
            return Judgement.correct(mask.submitted)
        return Judgement.reject(self.reason, seconds=self.seconds)


class AnnotationMade(BaseModel):
    id: int
    revision: int


class ReviewShown(BaseModel):
    """`annotation`: what was made of the proposal; null where it was rejected. `round`: how often
    the proposal was decided; `withdrawn`: the reviewer took it back."""

    id: int
    proposal_id: int
    round: int
    withdrawn: bool
    verdict: Verdict
    reviewer: str
    annotation: AnnotationMade | None
    reason: str | None
    seconds: float | None
    created_at: datetime


@router.get("/projects/{project_id}/proposals", summary="A project's proposals, a page at a time")
def list_page(
    request: Request,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    image_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
    state: ProposalState | None = None,
    predicted_iou_least: Share = None,
    stability_score_least: Share = None,
) -> Page[ProposalShown]:
    filters = Filters(
        image_id=image_id,
        states=tuple(ProposalState) if state is None else (state,),
        predicted_iou_least=predicted_iou_least,
        stability_score_least=stability_score_least,
    )
    with context_of(request).runtime.engine.connect() as connection:
        found = proposals.page(
            connection,
            access.project_id,
            after=query.after or 0,
            limit=query.and_one,
            filters=filters,
        )
    return query.page(found, show=_proposal, key=lambda one: one.id)


@router.get("/projects/{project_id}/proposals/{proposal_id}", summary="One proposal")
def get(request: Request, proposal_id: Id, access: Viewer) -> ProposalShown:
    with context_of(request).runtime.engine.connect() as connection:
        return _proposal(proposals.by_id(connection, access.project_id, proposal_id))


@router.post(
    "/projects/{project_id}/proposals/{proposal_id}/review",
    status_code=201,
    response_model=ReviewShown,
    summary="Accept, correct or reject a proposal",
)
def review(new: NewReview, proposal_id: Id, once: OnceOnly, access: Reviewer) -> Response:
    """409 names who decided it before, and how."""
    judgement = new.judgement

    def effect(connection: sa.Connection) -> ReviewShown:
        if new.mask is not None:
            proposal = proposals.by_id(connection, access.project_id, proposal_id)
            new.mask.check_size(connection, access.project_id, proposal.image_id)
        made = reviews.review_in(
            connection,
            access.project_id,
            proposal_id,
            judgement,
            reviewer_id=access.principal.user_id,
        )
        return _review(made)

    return once.do(access.principal, effect)


@router.get("/projects/{project_id}/reviews", summary="A project's reviews, newest first")
def list_reviews(
    request: Request, access: Viewer, query: Annotated[PageQuery, Depends(page_query)]
) -> Page[ReviewShown]:
    found = reviews.page(
        context_of(request).runtime, access.project_id, before=query.after, limit=query.and_one
    )
    return query.page(found, show=_review, key=lambda one: one.id)


def _proposal(found: Proposal) -> ProposalShown:
    mask = found.mask
    return ProposalShown(
        id=found.id,
        image_id=found.image_id,
        state=found.state,
        segmentation=SegmentationShown(
            size=mask.rle.size_hw, counts=mask.rle.counts.decode("ascii")
        ),
        bbox=mask.bbox_xywh,
        area=mask.area,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        point=mask.point_xy,
        job_id=found.job_id,
        model_version=found.model_version_id,
        created_at=found.created_at,
    )


def _review(found: Review) -> ReviewShown:
    annotation = None
    if found.annotation is not None:
        annotation = AnnotationMade(id=found.annotation[0], revision=found.annotation[1])
    return ReviewShown(
        id=found.id,
        proposal_id=found.proposal_id,
        round=found.round,
        withdrawn=found.withdrawn,
        verdict=found.verdict,
        reviewer=found.reviewer,
        annotation=annotation,
        reason=found.reason,
        seconds=found.seconds,
        created_at=found.created_at,
    )
