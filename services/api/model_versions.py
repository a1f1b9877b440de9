"""/model-versions and /promotions: which versions there are, and which one serves."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from maskloop.platform.access import Permission, Principal
from maskloop.platform.db.model_versions import ModelVersion, Promotion
from maskloop.platform.errors import ForbiddenError, NotFoundError
from maskloop.services import model_versions, people
from maskloop.services.api.access import Id, signed_in
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["model versions"])


class VersionShown(BaseModel):
    """`serving`: it was promoted last. `replicas`: decoders that serve it now; `refused`: why they
    do not, although they were told to."""

    number: int
    name: str
    state: str
    encoder_digest: str
    decoder_digest: str
    created_at: datetime
    serving: bool
    replicas: int
    refused: str | None


class VersionList(BaseModel):
    items: list[VersionShown]


class PromotionShown(BaseModel):
    id: int
    model_version: int
    name: str
    because: str
    created_at: datetime


class NewPromotion(BaseModel):
    model_version: int = Field(ge=1, le=2**63 - 1)
    because: str = Field(min_length=1, max_length=2000)


@router.get("/model-versions", summary="All model versions, and what serves")
async def list_all(
    request: Request, principal: Annotated[Principal, Depends(signed_in)]
) -> VersionList:
    return VersionList(items=await _shown(context_of(request)))


@router.get("/model-versions/{number}", summary="One model version")
async def get(
    request: Request, number: Id, principal: Annotated[Principal, Depends(signed_in)]
) -> VersionShown:
    for shown in await _shown(context_of(request)):
        if shown.number == number:
            return shown
    raise NotFoundError("model version", str(number), "See them at /api/v1/model-versions.")


@router.get("/promotions", summary="What served when, and why")
def promotions(
    request: Request,
    principal: Annotated[Principal, Depends(signed_in)],
    query: Annotated[PageQuery, Depends(page_query)],
) -> Page[PromotionShown]:
    found = model_versions.list_promotions(
        context_of(request).runtime, before=query.after, limit=query.and_one
    )
    return query.page(found, show=_promotion, key=lambda promotion: promotion.id)


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
    _check_may_promote(context_of(request), principal)

    def effect(connection: sa.Connection) -> PromotionShown:
        promotion = model_versions.promote_in(
            connection, new.model_version, because=f"{new.because} ({principal.name})"
        )
        return _promotion(promotion)

    return once.do(principal, effect)


def _check_may_promote(context: ApiContext, principal: Principal) -> None:
    """One version serves all projects, so a role in any of them is enough (docs/access.md)."""
    projects = people.projects_of(context.runtime, principal.user_id)
    if not principal.is_admin and not any(
        Permission.PROMOTE in context.principals.permissions(principal, project.id)
        for project in projects
    ):
        raise ForbiddenError(principal.name, Permission.PROMOTE.value)


async def _shown(context: ApiContext) -> list[VersionShown]:
    status = await context.predictor.status()
    replicas = {version.number: count for version, count in status.versions.items()}
    refused = {version.number: reason for version, reason in status.refused.items()}
    versions, serving = await context.in_thread(model_versions.list_versions, context.runtime)
    return [
        _version(version, serving == version.id, replicas.get(version.id, 0), refused)
        for version in versions
    ]


def _version(
    version: ModelVersion, serving: bool, replicas: int, refused: dict[int, str]
) -> VersionShown:
    return VersionShown(
        number=version.id,
        name=version.name,
        state=version.state,
        encoder_digest=version.encoder_digest,
        decoder_digest=version.decoder_digest,
        created_at=version.created_at,
        serving=serving,
        replicas=replicas,
        refused=refused.get(version.id),
    )


def _promotion(promotion: Promotion) -> PromotionShown:
    return PromotionShown(
        id=promotion.id,
        model_version=promotion.version.id,
        name=promotion.version.name,
        because=promotion.because,
        created_at=promotion.created_at,
    )
