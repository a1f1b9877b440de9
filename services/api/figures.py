"""/projects/{id}/figures: what whoever asks got done."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.db import figures
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of

router = APIRouter(tags=["figures"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]


class FiguresShown(BaseModel):
    """`done`, `skipped`: images; `objects`: annotations that were made. Seconds and clicks are of a
    mask, null where none was measured; a proposal that was accepted as it is took no click."""

    model_config = ConfigDict(from_attributes=True)

    done: int
    skipped: int
    objects: int
    seconds_median: float | None
    seconds_mean: float | None
    clicks_mean: float | None


@router.get("/projects/{project_id}/figures", summary="What one got done in a project")
def get(
    request: Request,
    access: Viewer,
    since: Annotated[
        AwareDatetime | None, Query(description="From this time on; left out: ever")
    ] = None,
) -> FiguresShown:
    with context_of(request).runtime.engine.connect() as connection:
        found = figures.of_user(
            connection, access.project_id, access.principal.user_id, since=since
        )
    return FiguresShown.model_validate(found)
