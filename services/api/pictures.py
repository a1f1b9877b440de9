"""/projects/{id}/images/{id}/file, /thumbnail, /rendition, /tiles: what people look at.

All of it is determined by its address, so that a browser asks once.
"""

import asyncio
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Any, BinaryIO, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from maskloop.platform.access import Permission
from maskloop.platform.db import images
from maskloop.platform.db.images import Image
from maskloop.platform.errors import ImageChangedError
from maskloop.platform.mask_answers import ImageRef
from maskloop.platform.renditions import (
    MEDIA_TYPE,
    Product,
    Thumbnail,
    Tiles,
    check_tile,
    key_of,
    rendition_for,
    tile_key,
)
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.etags import FOREVER, etag, is_known, not_modified

router = APIRouter(tags=["pictures"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]

_BLOCK: Final = 256 * 1024
_JPEG: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPE: {}}, "description": "Upright, sRGB"},
    304: {"description": "As it was"},
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/*": {}}, "description": "The bytes that were added"},
    304: {"description": "As it was"},
}
Level = Annotated[int, Path(ge=0, le=32, description="0 is the original size; each next halves")]
Place = Annotated[int, Path(ge=0, le=2**31 - 1, description="counted from 0, from the top left")]


@router.get(
    "/projects/{project_id}/images/{image_id}/file",
    summary="The file as it was added",
    responses=_FILE,
    response_class=Response,
)
def file(request: Request, image_id: Id, access: Viewer) -> Response:
    context = context_of(request)
    with context.runtime.engine.connect() as connection:
        image = images.by_id(connection, access.project_id, image_id)
    tag = etag(image.sha256.hex())
    if is_known(request, tag):
        return not_modified(tag, cache_control=FOREVER)
    there = context.runtime.objects.info(image.key)
    if there is not None and there.size != image.byte_size:
        reason = f"it has {there.size:,} bytes, not {image.byte_size:,}"
        raise ImageChangedError(image.source_uri, reason)
    stream = context.runtime.objects.open(image.key)
    headers = {
        "ETag": tag,
        "Cache-Control": FOREVER,
        "Content-Length": str(image.byte_size),
        "Content-Disposition": f"inline; filename*=UTF-8''{_file_name(image)}",
    }
    return StreamingResponse(_blocks(stream), headers=headers, media_type=image.media_type)


@router.get(
    "/projects/{project_id}/images/{image_id}/thumbnail",
    summary="A small picture",
    responses=_JPEG,
    response_class=Response,
)
async def thumbnail(request: Request, image_id: Id, access: Viewer) -> Response:
    """JPEG, its long side 256 at most."""
    image = await _image(context_of(request), access.project_id, image_id)
    return await _picture(request, image, Thumbnail(), key_of(image.sha256, Thumbnail()))


@router.get(
    "/projects/{project_id}/images/{image_id}/rendition",
    summary="The picture for a screen",
    responses=_JPEG,
    response_class=Response,
)
async def rendition(
    request: Request,
    image_id: Id,
    access: Viewer,
    side: Annotated[Literal["1024", "2048", "4096"], Query(description="long side")] = "2048",
) -> Response:
    """JPEG, its long side as asked, or the image's own where that is smaller."""
    image = await _image(context_of(request), access.project_id, image_id)
    product = rendition_for(int(side), image.size_hw)
    return await _picture(request, image, product, key_of(image.sha256, product))


@router.get(
    "/projects/{project_id}/images/{image_id}/tiles/{level}/{column}/{row}",
    summary="A part of the picture",
    responses=_JPEG,
    response_class=Response,
)
async def tile(
    request: Request, image_id: Id, level: Level, column: Place, row: Place, access: Viewer
) -> Response:
    """JPEG of 512 by 512 pixels, smaller at the right and bottom edges. The last level is a single
    tile."""
    image = await _image(context_of(request), access.project_id, image_id)
    check_tile(image.size_hw, level, column, row)
    key = tile_key(image.sha256, level, column, row)
    return await _picture(request, image, Tiles(level), key)


async def _image(context: ApiContext, project_id: int, image_id: int) -> ImageRef:
    known = context.known_images.peek(project_id, image_id)
    if known is not None:
        return known
    return await context.in_thread(context.known_images.get, project_id, image_id)


async def _picture(request: Request, image: ImageRef, product: Product, key: str) -> Response:
    context = context_of(request)
    tag = etag(key.removeprefix("renditions/"))
    if is_known(request, tag):
        return not_modified(tag, cache_control=FOREVER)
    data = await context.in_thread(context.renditions.kept, key)
    if data is None:
        # Others wait for the same work: who leaves does not end it.
        await asyncio.shield(asyncio.wrap_future(context.renditions.make(image, product)))
        data = await context.in_thread(context.runtime.objects.get, key)
    headers = {"ETag": tag, "Cache-Control": FOREVER}
    return Response(data, headers=headers, media_type=MEDIA_TYPE)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while block := stream.read(_BLOCK):
            yield block


def _file_name(image: Image) -> str:
    return quote(PurePosixPath(image.source_uri).name or "image", safe="")
