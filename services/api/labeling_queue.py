"""/projects/{id}/queue and the leases of images: who works on which image."""

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from maskloop.platform.access import Permission
from maskloop.platform.db.image_leases import Lease
from maskloop.services import labeling
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.images import ImageShown, shown
from maskloop.services.api.known_images import image_ref

router = APIRouter(tags=["queue"])
Annotator = Annotated[ProjectAccess, Depends(project(Permission.ANNOTATE))]

_MOST_AHEAD = 8


class NextAsked(BaseModel):
    """`queue_id`: a queue of images; null: all open ones that are one's own, by priority, or all
    that is to do where there is none. `after`: the image that one comes from; null: one begins, or
    goes on. `ahead`: how many that come behind are told, and made ready; null: as the server is
    set."""

    model_config = ConfigDict(extra="forbid")

    queue_id: SomeId | None = None
    after: SomeId | None = None
    ahead: int | None = Field(default=None, ge=0, le=_MOST_AHEAD)


class LeaseShown(BaseModel):
    """`token` guards what is submitted. `seconds` are left, by the server's clock."""

    token: uuid.UUID
    until: datetime
    seconds: float


class TurnShown(BaseModel):
    """`image` and `lease` are null when nothing is left that nobody else works on. `ahead`: what
    would probably come behind it. `left`: images that are to do in what was asked for, whoever
    works on them. `queue_id`: the queue that the image is of; null: of none."""

    image: ImageShown | None
    lease: LeaseShown | None
    ahead: list[ImageShown]
    left: int
    queue_id: int | None


class Renewal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: uuid.UUID


@router.post("/projects/{project_id}/queue/next", summary="Lease the next image to work on")
def take_next(request: Request, asked: NextAsked, access: Annotator) -> TurnShown:
    """Without `after` the one that one has already comes first, so a page that was loaded again
    goes on where it was; with `after` it comes last. The image and those ahead are made ready for
    clicks. A queue that was closed meanwhile is refused with 409 `queue_closed`."""
    context = context_of(request)
    prefetch = context.runtime.settings.prefetch_images
    turn = labeling.next_turn(
        context.runtime,
        access.project_id,
        user_id=access.principal.user_id,
        queue_id=asked.queue_id,
        after=asked.after,
        ahead=prefetch if asked.ahead is None else asked.ahead,
    )
    if turn.image is not None:
        context.predictor.warm([image_ref(one.image) for one in (turn.image, *turn.ahead)])
    return TurnShown(
        image=None if turn.image is None else shown(turn.image),
        lease=None if turn.lease is None else _lease(turn.lease),
        ahead=[shown(one) for one in turn.ahead],
        left=turn.left,
        queue_id=turn.queue_id,
    )


@router.put("/projects/{project_id}/images/{image_id}/lease", summary="Lease an image")
def take(request: Request, image_id: Id, access: Annotator) -> LeaseShown:
    """One that is opened by hand, in whatever state it is; one's own lease goes on. 409 tells who
    works on it, and until when."""
    lease = labeling.take(
        context_of(request).runtime,
        access.project_id,
        image_id,
        user_id=access.principal.user_id,
        decides=Permission.ANNOTATE_ALL in access.permissions,
    )
    return _lease(lease)


@router.post("/projects/{project_id}/images/{image_id}/lease/renew", summary="Go on with an image")
def renew(request: Request, image_id: Id, renewal: Renewal, access: Annotator) -> LeaseShown:
    """A lease that lapsed goes on too, unless somebody else took the image: 409 tells who."""
    lease = labeling.renew(
        context_of(request).runtime,
        access.project_id,
        image_id,
        user_id=access.principal.user_id,
        token=renewal.token,
    )
    return _lease(lease)


@router.delete(
    "/projects/{project_id}/images/{image_id}/lease",
    status_code=204,
    summary="Give an image back",
)
def give_back(
    request: Request, image_id: Id, token: Annotated[uuid.UUID, Query()], access: Annotator
) -> None:
    """Nothing happens to a lease that is not this one any more."""
    labeling.give_back(
        context_of(request).runtime,
        access.project_id,
        image_id,
        user_id=access.principal.user_id,
        token=token,
    )


def _lease(lease: Lease) -> LeaseShown:
    return LeaseShown(token=lease.token, until=lease.until, seconds=lease.seconds)
