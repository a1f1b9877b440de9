"""/projects/{id}/agreement: how far people agree who voted on the same proposals."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from maskloop.platform.access import Permission
from maskloop.platform.agreement import Alpha
from maskloop.services import agreement
from maskloop.services.api.access import MOST_ID, ProjectAccess, project
from maskloop.services.api.context import context_of

router = APIRouter(tags=["quality"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]


class MeanIou(BaseModel):
    """With the bounds of 95 % confidence, over images."""

    mean: float
    low: float
    high: float


class AlphaShown(BaseModel):
    """Krippendorff's alpha with the bounds of 95 % confidence; `units`: proposals that two people
    or more judged."""

    value: float
    low: float
    high: float
    units: int


class AgreementShown(BaseModel):
    """`proposals` that two people or more voted on, and `settled` of them. `in_dispute`: proposals
    that wait because votes disagree. `alpha` is of categories, rejected being one; null for the
    reason in `alpha_undefined`."""

    proposals: int
    votes: int
    settled: int
    in_dispute: int
    mean_iou: MeanIou | None
    alpha: AlphaShown | None
    alpha_undefined: str | None


@router.get("/projects/{project_id}/agreement", summary="How far people's votes agree")
def get(
    request: Request,
    access: Viewer,
    queue_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
) -> AgreementShown:
    found = agreement.agreement(context_of(request).runtime, access.project_id, queue_id=queue_id)
    iou, alpha = found.mean_iou, found.alpha
    return AgreementShown(
        proposals=found.proposals,
        votes=found.votes,
        settled=found.settled,
        in_dispute=found.in_dispute,
        mean_iou=None if iou is None else MeanIou(mean=iou.mean, low=iou.low, high=iou.high),
        alpha=AlphaShown(value=alpha.value, low=alpha.low, high=alpha.high, units=alpha.units)
        if isinstance(alpha, Alpha)
        else None,
        alpha_undefined=None if isinstance(alpha, Alpha) else alpha.reason,
    )
