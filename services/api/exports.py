"""/projects/{id}/exports: a project's masks as a file, made by a job."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, BinaryIO, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from maskloop.platform.access import Permission
from maskloop.platform.states import ProposalState
from maskloop.services import jobs
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.jobs import JobShown, shown
from maskloop.services.export.formats import (
    WAITING_OR_ACCEPTED,
    ExportFormat,
    ExportParameters,
    ExportSource,
)
from maskloop.services.export.jobs import open_result, submit_export_in

router = APIRouter(tags=["exports"])
Exporter = Annotated[ProjectAccess, Depends(project(Permission.EXPORT))]
_PIECE: Final = 256 * 1024


class NewExport(BaseModel):
    """`states`: of proposals, where they are wanted."""

    model_config = ConfigDict(extra="forbid")

    format: ExportFormat
    source: ExportSource = ExportSource.BOTH
    states: list[ProposalState] = Field(default=list(WAITING_OR_ACCEPTED), max_length=10)
    with_pictures: bool = False


@router.post(
    "/projects/{project_id}/exports",
    status_code=201,
    response_model=JobShown,
    summary="Submit an export",
)
def submit(new: NewExport, once: OnceOnly, access: Exporter) -> Response:
    """The answer is its job; the file is there when that has succeeded."""
    parameters = ExportParameters(
        new.format, new.source, tuple(dict.fromkeys(new.states)), new.with_pictures
    )

    def effect(connection: sa.Connection) -> JobShown:
        by = access.principal.user_id
        job_id = submit_export_in(connection, access.project_id, parameters, by=by)
        return shown(jobs.view_in(connection, job_id, access.project_id))

    return once.do(access.principal, effect)


@router.get(
    "/projects/{project_id}/exports/{job_id}/file",
    summary="An export's ZIP",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "The ZIP"}},
)
def download(request: Request, job_id: Id, access: Exporter) -> StreamingResponse:
    """409 while its job has not succeeded."""
    stream, size = open_result(context_of(request).runtime, access.project_id, job_id)
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="maskloop-export-{job_id}.zip"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_pieces(stream), media_type="application/zip", headers=headers)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with closing(stream):
        while piece := stream.read(_PIECE):
            yield piece
