"""/projects/{id}/audit-events: what was done to what by whom."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.db import audit_events
from maskloop.services.api.access import MOST_ID, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["audit"])
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]


class AuditEventShown(BaseModel):
    """`user`: null where maskloop itself did it, or somebody on its machine's command line."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    user: str | None
    action: str
    subject: str
    subject_id: int
    detail: dict[str, Any]
    created_at: datetime


class KindsShown(BaseModel):
    """What a list of events can be narrowed to; a `user` that is null: maskloop itself."""

    model_config = ConfigDict(from_attributes=True)

    users: list[str | None]
    actions: list[str]


@router.get("/projects/{project_id}/audit-events/kinds", summary="Who did what there is")
def list_kinds(request: Request, access: Manager) -> KindsShown:
    with context_of(request).runtime.engine.connect() as connection:
        return KindsShown.model_validate(audit_events.kinds(connection, access.project_id))


@router.get("/projects/{project_id}/audit-events", summary="What was done, newest first")
def list_page(
    request: Request,
    access: Manager,
    query: Annotated[PageQuery, Depends(page_query)],
    subject: Annotated[str | None, Query(max_length=40)] = None,
    subject_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
    user: Annotated[
        str | None, Query(max_length=100, description="By name; empty: maskloop itself")
    ] = None,
    action: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[AuditEventShown]:
    """Of the project, and what concerns all projects, as promotions do. They never change."""
    with context_of(request).runtime.engine.connect() as connection:
        found = audit_events.page(
            connection,
            access.project_id,
            before=query.after,
            limit=query.and_one,
            subject=subject,
            subject_id=subject_id,
            user=user,
            action=action,
        )
    return query.page(found, show=AuditEventShown.model_validate, key=lambda event: event.id)
