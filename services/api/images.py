"""/projects/{id}/images: the list, one of them, and the one that somebody opens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db import image_summaries, images
from maskloop.platform.db.image_summaries import Filters, ImageSummary
from maskloop.platform.renditions import levels
from maskloop.platform.states import ImageState
from maskloop.services.api.access import MOST_ID, Id, ProjectAccess, project
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.etags import etag, is_known, not_modified
from maskloop.services.api.known_images import image_ref
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["images"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]


Score = Annotated[float | None, Query(ge=0, le=2, allow_inf_nan=False)]


class HolderShown(BaseModel):
    """Who works on an image, by name, and until when unless they go on."""

    user: str
    until: datetime


class ImageShown(BaseModel):
    """`width` and `height`: upright. `levels` of tiles. `annotations`: current ones;
    `pending_proposals`: those that wait for a review. `lease`: null when nobody works on it."""

    id: int
    sha256: str
    source_uri: str
    media_type: str
    byte_size: int
    width: int
    height: int
    levels: int
    state: ImageState
    lease: HolderShown | None
    created_at: datetime
    annotations: int
    pending_proposals: int


class CountsShown(BaseModel):
    """`leased`: those that somebody works on now, in whatever state they are."""

    model_config = ConfigDict(from_attributes=True)

    all: int
    todo: int
    done: int
    skipped: int
    leased: int


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
    state: ImageState | None = None,
    leased: bool | None = None,
    category_id: Annotated[
        int | None, Query(ge=1, le=MOST_ID, description="Of a current annotation")
    ] = None,
    score_least: Score = None,
    score_most: Score = None,
) -> Page[ImageShown]:
    """`score_least` and `score_most`: a pending proposal's predicted IoU lies between them."""
    filters = Filters(
        has_annotations=has_annotations,
        has_pending_proposals=has_pending_proposals,
        source_holds=_without_nul(text),
        state=state,
        leased=leased,
        category_id=category_id,
        score_least=score_least,
        score_most=score_most,
    )
    with context_of(request).runtime.engine.connect() as connection:
        found = image_summaries.page(
            connection,
            access.project_id,
            after=query.after or 0,
            limit=query.and_one,
            filters=filters,
        )
    return query.page(found, show=shown, key=lambda summary: summary.image.id)


@router.get("/projects/{project_id}/images/counts", summary="How many images are in which state")
def count(request: Request, access: Viewer) -> CountsShown:
    with context_of(request).runtime.engine.connect() as connection:
        found = image_summaries.counts(connection, access.project_id)
    return CountsShown.model_validate(found)


@router.get(
    "/projects/{project_id}/images/{image_id}",
    summary="One image",
    responses={200: {"model": ImageShown}, 304: {"description": "As it was"}},
    response_model=None,
)
def get(request: Request, image_id: Id, access: Viewer) -> Response:
    found = shown(_summary(context_of(request), access.project_id, image_id))
    tag = etag(_fingerprint(found))
    if is_known(request, tag):
        return not_modified(tag)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return Response(found.model_dump_json(), media_type="application/json", headers=headers)


class NeighboursShown(BaseModel):
    """By id; null at the ends."""

    model_config = ConfigDict(from_attributes=True)

    previous: int | None
    next: int | None


@router.get(
    "/projects/{project_id}/images/{image_id}/neighbours", summary="The images before and behind"
)
def neighbours(request: Request, image_id: Id, access: Viewer) -> NeighboursShown:
    with context_of(request).runtime.engine.connect() as connection:
        found = images.neighbours(connection, access.project_id, image_id)
    return NeighboursShown.model_validate(found)


@router.post("/projects/{project_id}/images/{image_id}/open", summary="Begin to work on an image")
def open_image(request: Request, image_id: Id, opening: Opening, access: Viewer) -> Opened:
    """Makes it and the next ones ready, so that the first click on each is answered at once."""
    context = context_of(request)
    count = context.runtime.settings.prefetch_images if opening.next is None else opening.next
    opened = _summary(context, access.project_id, image_id)
    with context.runtime.engine.connect() as connection:
        behind = images.next_after(connection, access.project_id, image_id, count)
    warming = context.predictor.warm([image_ref(image) for image in (opened.image, *behind)])
    return Opened(image=shown(opened), warming=warming)


def _summary(context: ApiContext, project_id: int, image_id: int) -> ImageSummary:
    with context.runtime.engine.connect() as connection:
        return image_summaries.of_image(connection, project_id, image_id)


def _fingerprint(found: ImageShown) -> str:
    """Of everything that can change."""
    lease = "free" if found.lease is None else f"{found.lease.user}.{found.lease.until.timestamp()}"
    counted = f"{found.annotations}-{found.pending_proposals}"
    return f"{found.sha256[:16]}-{counted}-{found.state}-{lease}"


def _without_nul(text: str | None) -> str | None:
    """PostgreSQL's text holds none, so nothing can be found by it."""
    return None if text is None else text.replace("\0", "\ufffd")


def shown(summary: ImageSummary) -> ImageShown:
    image, holder = summary.image, summary.holder
    return ImageShown(
        id=image.id,
        sha256=image.sha256.hex(),
        source_uri=image.source_uri,
        media_type=image.media_type,
        byte_size=image.byte_size,
        width=image.width,
        height=image.height,
        levels=levels((image.height, image.width)),
        state=summary.state,
        lease=None if holder is None else HolderShown(user=holder.user, until=holder.until),
        created_at=image.created_at,
        annotations=summary.annotations,
        pending_proposals=summary.pending_proposals,
    )
