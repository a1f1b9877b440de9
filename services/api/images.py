"""/projects/{id}/images: the list, one of them, and the one that somebody opens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db import images
from maskloop.platform.db.images import Filters, ImageSummary
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.etags import etag, is_known, not_modified
from maskloop.services.api.known_images import image_ref
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["images"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]


class ImageShown(BaseModel):
    """`width` and `height`: upright. `annotations`: current ones; `pending_proposals`: those that
    wait for a review."""

    id: int
    sha256: str
    source_uri: str
    media_type: str
    byte_size: int
    width: int
    height: int
    created_at: datetime
    annotations: int
    pending_proposals: int


class Opening(BaseModel):
    """`next`: how many images behind this one are made ready too."""

    model_config = ConfigDict(extra="forbid")

    next: int | None = Field(default=None, ge=0, le=32)


class Opened(BaseModel):
    """`warming`: images that are being made ready, this one first."""

    image: ImageShown
    warming: int


@router.get("/projects/{project_id}/images", summary="A project's images, a page at a time")
def list_page(
    request: Request,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    has_annotations: bool | None = None,
    has_pending_proposals: bool | None = None,
    text: Annotated[
        str | None, Query(max_length=200, description="What the source's address holds")
    ] = None,
) -> Page[ImageShown]:
    filters = Filters(has_annotations, has_pending_proposals, _without_nul(text))
    with context_of(request).runtime.engine.connect() as connection:
        found = images.page(
            connection,
            access.project_id,
            after=query.after or 0,
            limit=query.and_one,
            filters=filters,
        )
    return query.page(found, show=_shown, key=lambda summary: summary.image.id)


@router.get(
    "/projects/{project_id}/images/{image_id}",
    summary="One image",
    responses={200: {"model": ImageShown}, 304: {"description": "As it was"}},
    response_model=None,
)
def get(request: Request, image_id: Id, access: Viewer) -> Response:
    shown = _shown(_summary(context_of(request), access.project_id, image_id))
    tag = etag(f"{shown.sha256[:16]}-{shown.annotations}-{shown.pending_proposals}")
    if is_known(request, tag):
        return not_modified(tag)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return Response(shown.model_dump_json(), media_type="application/json", headers=headers)


@router.post("/projects/{project_id}/images/{image_id}/open", summary="Begin to work on an image")
def open_image(request: Request, image_id: Id, opening: Opening, access: Viewer) -> Opened:
    """Makes it and the next ones ready, so that the first click on each is answered at once."""
    context = context_of(request)
    count = context.runtime.settings.prefetch_images if opening.next is None else opening.next
    opened = _summary(context, access.project_id, image_id)
    with context.runtime.engine.connect() as connection:
        behind = images.next_after(connection, access.project_id, image_id, count)
    warming = context.predictor.warm([image_ref(image) for image in (opened.image, *behind)])
    return Opened(image=_shown(opened), warming=warming)


def _summary(context: ApiContext, project_id: int, image_id: int) -> ImageSummary:
    with context.runtime.engine.connect() as connection:
        image = images.by_id(connection, project_id, image_id)
        return images.summaries(connection, project_id, [image])[0]


def _without_nul(text: str | None) -> str | None:
    """PostgreSQL's text holds none, so nothing can be found by it."""
    return None if text is None else text.replace("\0", "\ufffd")


def _shown(summary: ImageSummary) -> ImageShown:
    image = summary.image
    return ImageShown(
        id=image.id,
        sha256=image.sha256.hex(),
        source_uri=image.source_uri,
        media_type=image.media_type,
        byte_size=image.byte_size,
        width=image.width,
        height=image.height,
        created_at=image.created_at,
        annotations=summary.annotations,
        pending_proposals=summary.pending_proposals,
    )
