"""/promotions: what served when and why, and having another version serve."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission, Principal
from maskloop.platform.db.promotions import Promotion
from maskloop.platform.errors import ForbiddenError
from maskloop.services import people, promotions
from maskloop.services.api.access import signed_in
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.api.visible_projects import visible_projects

router = APIRouter(tags=["model versions"])
Because = Annotated[str, Field(min_length=1, max_length=2000)]


class PromotionShown(BaseModel):
    """`promoted_by`: null for the first one of all. `gate_result_id`: the newest that was asked."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    model_version: int
    name: str
    because: str
    promoted_by: str | None
    against_gate: bool
    gate_result_id: int | None
    created_at: datetime


class NewPromotion(BaseModel):
    """`against_gate`: although the gate refuses it or was not asked; `because` then has to say why,
    in 10 characters or more."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_version: int = Field(ge=1, le=2**63 - 1)
    because: Because | None = None
    against_gate: bool = False


class NewRollback(BaseModel):
    """`instead_of`: the version that shall serve no more; where another one serves, nothing is
    done."""

    model_config = ConfigDict(extra="forbid")

    because: Because | None = None
    instead_of: int | None = Field(default=None, ge=1, le=2**63 - 1)


@router.get("/promotions", summary="What served when, and why")
def list_page(
    request: Request,
    principal: Annotated[Principal, Depends(signed_in)],
    query: Annotated[PageQuery, Depends(page_query)],
) -> Page[PromotionShown]:
    found = promotions.list_promotions(
        context_of(request).runtime, before=query.after, limit=query.and_one
    )
    return query.page(found, show=_shown, key=lambda promotion: promotion.id)


@router.post(
    "/promotions",
    status_code=201,
    response_model=PromotionShown,
    summary="Have a version serve from now on",
)
def promote(
    request: Request,
    new: NewPromotion,
    once: OnceOnly,
    principal: Annotated[Principal, Depends(signed_in)],
) -> Response:
    context = context_of(request)
    check_may_promote(context, principal)
    visible = visible_projects(context, principal)

    def effect(connection: sa.Connection) -> PromotionShown:
        return _shown(
            promotions.promote_in(
                connection,
                new.model_version,
                because=new.because,
                by=principal.user_id,
                against_gate=new.against_gate,
                visible=visible,
            )
        )

    return once.do(principal, effect)


@router.post(
    "/promotions/rollback",
    status_code=201,
    response_model=PromotionShown,
    summary="Have the version serve again that did before",
)
def roll_back(
    request: Request,
    new: NewRollback,
    once: OnceOnly,
    principal: Annotated[Principal, Depends(signed_in)],
) -> Response:
    check_may_promote(context_of(request), principal)

    def effect(connection: sa.Connection) -> PromotionShown:
        return _shown(
            promotions.rollback_in(
                connection,
                because=new.because,
                by=principal.user_id,
                instead_of=new.instead_of,
            )
        )

    return once.do(principal, effect)


def check_may_promote(context: ApiContext, principal: Principal) -> None:
    """One version serves all projects, so a role in any of them is enough (docs/access.md)."""
    projects = people.projects_of(context.runtime, principal.user_id)
    if not principal.is_admin and not any(
        Permission.PROMOTE in context.principals.permissions(principal, project.id)
        for project in projects
    ):
        raise ForbiddenError(principal.name, Permission.PROMOTE.value)


def _shown(promotion: Promotion) -> PromotionShown:
    return PromotionShown(
        id=promotion.id,
        model_version=promotion.version.id,
        name=promotion.version.name,
        because=promotion.because,
        promoted_by=promotion.promoted_by,
        against_gate=promotion.against_gate,
        gate_result_id=promotion.gate_result_id,
        created_at=promotion.created_at,
    )
