"""/projects/{id}/doubts: how far the doubts of pending proposals are, and all of them anew."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from maskloop.platform.access import Permission
from maskloop.platform.db.proposal_doubts import Progress
from maskloop.services import doubts
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of

router = APIRouter(tags=["queues"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Runner = Annotated[ProjectAccess, Depends(project(Permission.RUN_JOBS))]


class DoubtsShown(BaseModel):
    """Of the pending proposals, those that have a doubt by the version that serves, and those that
    have none yet. They are computed as long as a queue is open that begins with the doubtful."""

    doubted: int
    waiting: int


@router.get("/projects/{project_id}/doubts", summary="How many proposals have a doubt")
def get(request: Request, access: Viewer) -> DoubtsShown:
    return _shown(doubts.progress(context_of(request).runtime, access.project_id))


@router.post("/projects/{project_id}/doubts", status_code=202, summary="Compute all doubts anew")
def compute(request: Request, access: Runner) -> DoubtsShown:
    """For when a challenger runs, or people have said more of what a score is worth. Queues go by
    score meanwhile."""
    return _shown(doubts.drop(context_of(request).runtime, access.project_id))


def _shown(found: Progress) -> DoubtsShown:
    return DoubtsShown(doubted=found.doubted, waiting=found.waiting)
