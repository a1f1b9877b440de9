"""POST /projects/{id}/images: files from people's machines, each with an outcome of its own."""

from collections.abc import AsyncGenerator
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Final

import anyio
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from maskloop.platform.access import Permission
from maskloop.platform.errors import (
    BadImageError,
    BadParametersError,
    BodyTooLargeError,
    ServerBusyError,
)
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.images import add_image

router = APIRouter(tags=["images"])

MOST_FILES: Final = 100
_AROUND: Final = 1024 * 1024
"""Bytes of a body that are not a file's: boundaries and names."""
_AT_ONCE: Final = 2
"""Files decoded at once: each takes its bytes, and three more a pixel."""
_MOST_UPLOADS: Final = 16
"""Under way; beyond that people are told to come again, before anything is read."""
_BUSY_SECONDS: Final = 2
_LONGEST_NAME: Final = 200


class Outcome(StrEnum):
    ADDED = "added"
    """New to the project."""
    KNOWN = "known"
    """The project had the same bytes before."""
    REFUSED = "refused"
    """`code` and `reason` say why."""


class FileShown(BaseModel):
    name: str
    outcome: Outcome
    image_id: int | None = None
    code: str | None = None
    reason: str | None = None


class UploadShown(BaseModel):
    """In the order of the files."""

    files: list[FileShown]


class Uploads:
    """How many uploads are under way, and how many files are decoded. Of one event loop."""

    def __init__(self) -> None:
        self.under_way = 0
        self.decoding = anyio.CapacityLimiter(_AT_ONCE)


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "minItems": 1,
                            "maxItems": MOST_FILES,
                        }
                    },
                }
            }
        },
    }
}


@router.post(
    "/projects/{project_id}/images",
    summary="Add images",
    status_code=201,
    responses={
        200: {"model": UploadShown, "description": "Nothing is new, and some were known"},
        201: {"model": UploadShown, "description": "At least one image is new"},
        422: {"model": UploadShown, "description": "Every file was refused"},
    },
    response_model=UploadShown,
    openapi_extra=_BODY,
)
async def upload(
    request: Request, access: Annotated[ProjectAccess, Depends(project(Permission.ADD_IMAGES))]
) -> JSONResponse:
    """Up to 100 files, together no larger than MASKLOOP_MAX_IMAGE_BYTES. The same bytes are one
    image: sending them again is safe."""
    context, uploads = context_of(request), uploads_of(request)
    if uploads.under_way >= _MOST_UPLOADS:
        raise ServerBusyError(_BUSY_SECONDS)
    uploads.under_way += 1
    try:
        most = context.runtime.settings.max_image_bytes + _AROUND
        async with _received(request, most) as form:
            found = [file for _, file in form.multi_items() if isinstance(file, UploadFile)]
            if not found:
                raise BadParametersError("files", "empty", "send at least one file")
            shown = [
                await anyio.to_thread.run_sync(
                    _add, context, access.project_id, file, limiter=uploads.decoding
                )
                for file in found
            ]
    finally:
        uploads.under_way -= 1
    for one in shown:
        context.metrics.uploads.labels(one.outcome.value).inc()
    answer = UploadShown(files=shown).model_dump(mode="json", exclude_none=True)
    return JSONResponse(answer, _status({one.outcome for one in shown}))


def uploads_of(request: Request) -> Uploads:
    uploads: Uploads = request.app.state.uploads
    return uploads


class _Received:
    """The form, its files in a spool; they are gone when the block ends."""

    def __init__(self, request: Request, most: int) -> None:
        self._request = request
        self._most = most
        self._form = FormData()

    async def __aenter__(self) -> FormData:
        request, most = self._request, self._most
        length = request.headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > most:
            raise BodyTooLargeError(most)
        if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
            reason = "send the files as multipart/form-data"
            raise BadParametersError("Content-Type", _given_type(request), reason)
        parser = MultiPartParser(
            request.headers, _limited(request, most), max_files=MOST_FILES, max_fields=0
        )
        try:
            self._form = await parser.parse()
        except MultiPartException as error:
            raise BadParametersError("the body", "read", error.message.rstrip(".")) from error
        return self._form

    async def __aexit__(self, *_: object) -> None:
        await self._form.close()


def _received(request: Request, most: int) -> _Received:
    return _Received(request, most)


def _given_type(request: Request) -> str:
    return request.headers.get("Content-Type", "missing")[:100]


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body, with an end where the limit is."""
    seen = 0
    async for block in request.stream():
        seen += len(block)
        if seen > most:
            raise BodyTooLargeError(most)
        yield block


def _add(context: ApiContext, project_id: int, file: UploadFile) -> FileShown:
    """Errors of the file are its outcome; those of our own store and database end the request."""
    name = _plain_name(file.filename or "")
    try:
        added = add_image(context.runtime, project_id, file.file.read(), f"upload:{name}")
    except BadImageError as error:
        return FileShown(name=name, outcome=Outcome.REFUSED, code=error.code, reason=str(error))
    outcome = Outcome.ADDED if added.new else Outcome.KNOWN
    return FileShown(name=name, outcome=outcome, image_id=added.image_id)


def _plain_name(given: str) -> str:
    """The last part of what a client says, with nothing that a database or terminal minds."""
    last = PureWindowsPath(PurePosixPath(given).name).name
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in last)
    return shown[-_LONGEST_NAME:] if shown.strip(".") else "unnamed"


def _status(outcomes: set[Outcome]) -> int:
    if Outcome.ADDED in outcomes:
        return 201
    return 200 if Outcome.KNOWN in outcomes else 422
