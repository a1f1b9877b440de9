"""/projects/{id}/images/{id}/submissions: what people say of an image when they are through."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.submissions import Effort, Submission
from maskloop.platform.errors import BadParametersError
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import blind_passes, labeling
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import Seconds
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.labeling import Conclusion

router = APIRouter(tags=["submissions"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Annotator = Annotated[ProjectAccess, Depends(project(Permission.ANNOTATE))]

Number = Annotated[int, Field(ge=0, le=1_000_000)]
Reason = Annotated[
    str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")
]


class NewSubmission(BaseModel):
    """`lease`: its token. `skipped` needs a `reason`. `seconds`, `objects` and `clicks`: what the
    image took."""

    model_config = ConfigDict(extra="forbid")

    lease: uuid.UUID
    outcome: Literal[SubmissionOutcome.DONE, SubmissionOutcome.SKIPPED]
    reason: Reason | None = None
    seconds: Seconds | None = None
    objects: Number | None = None
    clicks: Number | None = None

    @property
    def conclusion(self) -> Conclusion:
        """Raises `BadParametersError`."""
        if self.outcome is SubmissionOutcome.SKIPPED and self.reason is None:
            raise BadParametersError("reason", None, "say why the image is skipped")
        effort = Effort(self.seconds, self.objects, self.clicks)
        return Conclusion(self.lease, self.outcome, self.reason, effort)


class Reopening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = None


class SubmissionShown(BaseModel):
    id: int
    image_id: int
    user: str
    outcome: SubmissionOutcome
    reason: str | None
    seconds: float | None
    objects: int | None
    clicks: int | None
    created_at: datetime


class SubmissionList(BaseModel):
    items: list[SubmissionShown]


@router.post(
    "/projects/{project_id}/images/{image_id}/submissions",
    status_code=201,
    response_model=SubmissionShown,
    summary="Be through with an image",
)
def submit(new: NewSubmission, image_id: Id, once: OnceOnly, access: Annotator) -> Response:
    """Ends the lease. A lease that lapsed counts as long as nobody else took the image; 409 tells
    who has it now."""
    conclusion = new.conclusion

    def effect(connection: sa.Connection) -> SubmissionShown:
        if access.in_pass:
            blind_passes.lock_original(connection, access.project_id, image_id)
        made = labeling.submit_in(
            connection,
            access.project_id,
            image_id,
            conclusion,
            user_id=access.principal.user_id,
        )
        if access.in_pass:
            blind_passes.conclude_in(connection, access.project_id, image_id, new.outcome)
        return _shown(made)

    return once.do(access.principal, effect)


@router.get(
    "/projects/{project_id}/images/{image_id}/submissions",
    summary="What people said of an image",
)
def of_image(request: Request, image_id: Id, access: Viewer) -> SubmissionList:
    """The first one first; the last one decides the image's state."""
    runtime = context_of(request).runtime
    found = labeling.submissions_of(runtime, access.project_id, image_id)
    return SubmissionList(items=[_shown(one) for one in found])


@router.post(
    "/projects/{project_id}/images/{image_id}/reopen",
    status_code=201,
    response_model=SubmissionShown,
    summary="Put an image back into the queue",
)
def reopen(new: Reopening, image_id: Id, once: OnceOnly, access: Annotator) -> Response:
    """Needs no lease. 409 for an image that is in the queue already."""

    def effect(connection: sa.Connection) -> SubmissionShown:
        made = labeling.reopen_in(
            connection,
            access.project_id,
            image_id,
            user_id=access.principal.user_id,
            reason=new.reason,
        )
        return _shown(made)

    return once.do(access.principal, effect)


def _shown(found: Submission) -> SubmissionShown:
    effort = found.effort
    return SubmissionShown(
        id=found.id,
        image_id=found.image_id,
        user=found.user,
        outcome=found.outcome,
        reason=found.reason,
        seconds=effort.seconds,
        objects=effort.objects,
        clicks=effort.clicks,
        created_at=found.created_at,
    )
