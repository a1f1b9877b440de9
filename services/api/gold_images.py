"""/projects/{id}/checks/gold-images: images on which everything is known, of which only managers
know."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.gold_images import GoldImage
from maskloop.services import gold_images
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["checks"])
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]


class GoldImageShown(BaseModel):
    """`objects`: how many are on it; `passes`: people who labelled it blindly, or do."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    image_id: int
    source_uri: str
    objects: int
    passes: int
    created_by: str
    created_at: datetime
    retired_at: datetime | None


class GoldImageList(BaseModel):
    items: list[GoldImageShown]


class NewGoldImages(BaseModel):
    model_config = ConfigDict(extra="forbid")

    image_ids: list[SomeId] = Field(min_length=1, max_length=1000)


@router.get("/projects/{project_id}/checks/gold-images", summary="Gold images, newest first")
def list_page(
    request: Request,
    access: Manager,
    query: Annotated[PageQuery, Depends(page_query)],
    retired: Annotated[bool | None, Query(description="Left out: both")] = None,
) -> Page[GoldImageShown]:
    found = gold_images.page(
        context_of(request).runtime,
        access.project_id,
        before=query.after,
        limit=query.and_one,
        retired=retired,
    )
    return query.page(found, show=_shown, key=lambda one: one.id)


@router.post(
    "/projects/{project_id}/checks/gold-images",
    status_code=201,
    response_model=GoldImageList,
    summary="Make images gold",
)
def make(new: NewGoldImages, once: OnceOnly, access: Manager) -> Response:
    """All of them or none, with everything that is on them now; they have to be done. No version
    will be trained on that any more."""

    def effect(connection: sa.Connection) -> GoldImageList:
        made = gold_images.make_in(
            connection, access.project_id, new.image_ids, by=access.principal.user_id
        )
        return GoldImageList(items=[_shown(one) for one in made])

    return once.do(access.principal, effect)


@router.delete(
    "/projects/{project_id}/checks/gold-images/{gold_image_id}",
    status_code=204,
    summary="Give a gold image to nobody any more",
)
def retire(request: Request, gold_image_id: Id, access: Manager) -> Response:
    """How people did stays and counts."""
    runtime = context_of(request).runtime
    gold_images.retire(runtime, access.project_id, gold_image_id, by=access.principal.user_id)
    return Response(status_code=204)


def _shown(found: GoldImage) -> GoldImageShown:
    return GoldImageShown.model_validate(found)
