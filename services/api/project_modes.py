"""/projects/{id}/mode: the stage of the data engine that a project is in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.states import ProjectMode, QueueOrder, QueueSubject
from maskloop.services import project_modes
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.project_modes import ModeView

router = APIRouter(tags=["projects"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]


class FillingShown(BaseModel):
    """What the label page does with proposals, by predicted IoU. `shown_from` null: none is shown
    at first. `filled_from`: from here on they are filled in, for a person to keep; null: none is.
    `by_evidence`: it follows from audits, in words in `because`."""

    shown_from: float | None
    filled_from: float | None
    by_evidence: bool
    because: str


class QueueDefaults(BaseModel):
    """Of a new queue in this mode."""

    subject: QueueSubject
    ordering: QueueOrder


class ModeShown(BaseModel):
    """`starts_with_review`: people begin at the review queues."""

    mode: ProjectMode
    starts_with_review: bool
    filling: FillingShown
    queue: QueueDefaults


class NewMode(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mode: ProjectMode


@router.get("/projects/{project_id}/mode", summary="The stage that a project is in")
def get(request: Request, access: Viewer) -> ModeShown:
    return _shown(project_modes.view(context_of(request).runtime, access.project_id))


@router.patch("/projects/{project_id}/mode", summary="Go to another stage")
def change(request: Request, new: NewMode, access: Manager) -> ModeShown:
    """What people begin with and are shown changes; nothing that is stored does."""
    runtime, by = context_of(request).runtime, access.principal.user_id
    return _shown(project_modes.change(runtime, access.project_id, new.mode, by=by))


def _shown(view: ModeView) -> ModeShown:
    filling = view.filling
    return ModeShown(
        mode=view.mode,
        starts_with_review=view.starts_with_review,
        filling=FillingShown(
            shown_from=filling.shown_from,
            filled_from=filling.filled_from,
            by_evidence=filling.by_evidence,
            because=filling.because,
        ),
        queue=QueueDefaults(subject=view.subject, ordering=view.ordering),
    )
