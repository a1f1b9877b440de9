"""/projects/{id}/auto-accept and /auto-accepts: what is accepted unseen, and by what evidence."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.auto_accepted import Accepted
from maskloop.services import auto_accepts
from maskloop.services.api.access import MOST_ID, Id, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.api.projects import CategoryShown
from maskloop.services.auto_accept_offers import Offer, Terms
from maskloop.services.auto_accepts import AutoAcceptView

router = APIRouter(tags=["auto-accept"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]
SomeIdInQuery = Annotated[int | None, Query(ge=1, le=MOST_ID)]
ShareInQuery = Annotated[float, Query(allow_inf_nan=False)]

_AT_ONCE = 100
"""Images that are gone through before the answer; the worker goes on with the others."""


class OfferShown(BaseModel):
    """`threshold` null: why is in `because`, and how many audits are missing in `audits_needed`.
    `right`: audits of a proposal that would have been right to accept unseen under the category.
    `expected_error`, `most_error`: shares of what would be accepted. `hours_saved`: what people
    would spend on `would_accept` proposals at their median of `median_seconds`. `active`: the id of
    the auto-accept that is on for this version."""

    model_config = ConfigDict(protected_namespaces=())

    model_version: int
    category: CategoryShown | None
    wanted_precision: float
    confidence: float
    audit_share: float
    audits: int
    right: int
    threshold: float | None
    because: str
    audits_needed: int
    expected_error: float | None
    most_error: float | None
    would_accept: int
    left_for_audits: int
    median_seconds: float | None
    hours_saved: float | None
    active: int | None


class AutoAcceptShown(BaseModel):
    """`accepted`: proposals of which nothing was taken back. `revoked_at` null: it is on."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    model_version: int
    category: CategoryShown
    threshold: float
    wanted_precision: float
    confidence: float
    audit_share: float
    evidence: dict[str, Any]
    switched_on_by: str
    created_at: datetime
    revoked_at: datetime | None
    revoked_because: str | None
    accepted: int


class NewAutoAccept(BaseModel):
    """There is no threshold to give: it follows from the audits. Without a version: the one that
    serves."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    category_id: int = Field(ge=1, le=MOST_ID)
    model_version: int | None = Field(default=None, ge=1, le=MOST_ID)
    wanted_precision: FiniteFloat = 0.95
    confidence: FiniteFloat = 0.95
    audit_share: FiniteFloat = 0.1

    @property
    def terms(self) -> Terms:
        return Terms(self.wanted_precision, self.confidence, self.audit_share)


class AcceptedAnnotation(BaseModel):
    id: int
    revision: int


class AcceptedShown(BaseModel):
    """`changed`: somebody has made a later revision. `taken_back`: the proposal waits again."""

    proposal_id: int
    image_id: int
    predicted_iou: float
    annotation: AcceptedAnnotation
    changed: bool
    taken_back: bool
    created_at: datetime


class TakenBack(BaseModel):
    """`kept`: those that somebody has changed since."""

    taken_back: int
    kept: int


@router.get(
    "/projects/{project_id}/auto-accept", summary="What could be accepted unseen, or why not"
)
def offer(
    request: Request,
    access: Viewer,
    category_id: SomeIdInQuery = None,
    model_version: SomeIdInQuery = None,
    wanted_precision: ShareInQuery = 0.95,
    confidence: ShareInQuery = 0.95,
    audit_share: ShareInQuery = 0.1,
) -> OfferShown:
    """By the audits there are. Without a category: the one that they give most."""
    found = auto_accepts.offer(
        context_of(request).runtime,
        access.project_id,
        Terms(wanted_precision, confidence, audit_share),
        category_id=category_id,
        model_version_id=model_version,
    )
    return offer_shown(found)


@router.get("/projects/{project_id}/auto-accepts", summary="All auto-accepts, newest first")
def list_page(
    request: Request, access: Viewer, query: Annotated[PageQuery, Depends(page_query)]
) -> Page[AutoAcceptShown]:
    found = auto_accepts.page(
        context_of(request).runtime, access.project_id, before=query.after, limit=query.and_one
    )
    return query.page(found, show=auto_accept_shown, key=lambda one: one.auto_accept.id)


@router.post(
    "/projects/{project_id}/auto-accepts",
    status_code=201,
    response_model=AutoAcceptShown,
    summary="Accept unseen what the audits allow",
)
def switch_on(request: Request, new: NewAutoAccept, once: OnceOnly, access: Manager) -> Response:
    """409 says why nothing can be accepted yet. Proposals that wait are accepted image by image;
    what a job proposes later, as it comes."""
    runtime = context_of(request).runtime

    def effect(connection: sa.Connection) -> AutoAcceptShown:
        made = auto_accepts.switch_on_in(
            connection,
            access.project_id,
            new.terms,
            category_id=new.category_id,
            model_version_id=new.model_version,
            by=access.principal.user_id,
        )
        return auto_accept_shown(AutoAcceptView(made, 0))

    answer = once.do(access.principal, effect)
    auto_accepts.begin(runtime, access.project_id, most_images=_AT_ONCE)
    return answer


@router.get("/projects/{project_id}/auto-accepts/{auto_accept_id}", summary="One auto-accept")
def get(request: Request, auto_accept_id: Id, access: Viewer) -> AutoAcceptShown:
    runtime = context_of(request).runtime
    return auto_accept_shown(auto_accepts.get(runtime, access.project_id, auto_accept_id))


@router.post(
    "/projects/{project_id}/auto-accepts/{auto_accept_id}/off",
    summary="Accept nothing more; what was accepted stays",
)
def switch_off(request: Request, auto_accept_id: Id, access: Manager) -> AutoAcceptShown:
    runtime, by = context_of(request).runtime, access.principal.user_id
    auto_accepts.switch_off(runtime, access.project_id, auto_accept_id, by=by)
    return auto_accept_shown(auto_accepts.get(runtime, access.project_id, auto_accept_id))


@router.get(
    "/projects/{project_id}/auto-accepts/{auto_accept_id}/accepted",
    summary="What it accepted, a page at a time",
)
def accepted(
    request: Request,
    auto_accept_id: Id,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
) -> Page[AcceptedShown]:
    found = auto_accepts.accepted_page(
        context_of(request).runtime,
        access.project_id,
        auto_accept_id,
        after=query.after or 0,
        limit=query.and_one,
    )
    return query.page(found, show=_accepted, key=lambda one: one.review_id)


@router.post(
    "/projects/{project_id}/auto-accepts/{auto_accept_id}/take-back",
    summary="Put all that it accepted back before people",
)
def take_back(request: Request, auto_accept_id: Id, access: Manager) -> TakenBack:
    """Switches it off. Proposals wait again and their annotations are deleted, but for those that
    somebody has changed since."""
    runtime, by = context_of(request).runtime, access.principal.user_id
    taken = auto_accepts.take_back(runtime, access.project_id, auto_accept_id, by=by)
    left = auto_accepts.get(runtime, access.project_id, auto_accept_id).accepted
    return TakenBack(taken_back=taken, kept=left)


def offer_shown(found: Offer) -> OfferShown:
    """As the command line shows it too."""
    category = found.category
    return OfferShown(
        model_version=found.model_version.id,
        category=None if category is None else CategoryShown(id=category.id, name=category.name),
        wanted_precision=found.terms.wanted_precision,
        confidence=found.terms.confidence,
        audit_share=found.terms.audit_share,
        audits=found.audits,
        right=found.right,
        threshold=found.threshold,
        because=found.because,
        audits_needed=found.audits_needed,
        expected_error=found.expected_error,
        most_error=found.most_error,
        would_accept=found.would_accept,
        left_for_audits=found.left_for_audits,
        median_seconds=found.median_seconds,
        hours_saved=found.hours_saved,
        active=None if found.active is None else found.active.id,
    )


def auto_accept_shown(view: AutoAcceptView) -> AutoAcceptShown:
    """As the command line shows it too."""
    found = view.auto_accept
    return AutoAcceptShown(
        id=found.id,
        model_version=found.model_version_id,
        category=CategoryShown(id=found.category_id, name=found.category),
        threshold=found.threshold,
        wanted_precision=found.wanted_precision,
        confidence=found.confidence,
        audit_share=found.audit_share,
        evidence=dict(found.evidence),
        switched_on_by=found.switched_on_by,
        created_at=found.created_at,
        revoked_at=found.revoked_at,
        revoked_because=found.revoked_because,
        accepted=view.accepted,
    )


def _accepted(found: Accepted) -> AcceptedShown:
    annotation_id, revision = found.annotation
    return AcceptedShown(
        proposal_id=found.proposal_id,
        image_id=found.image_id,
        predicted_iou=found.predicted_iou,
        annotation=AcceptedAnnotation(id=annotation_id, revision=revision),
        changed=found.changed,
        taken_back=found.taken_back,
        created_at=found.created_at,
    )
