"""/projects/{id}/agreement: how far people agree who voted on the same proposals."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from maskloop.platform.access import Permission
from maskloop.platform.agreement import Alpha, Undefined
from maskloop.platform.intervals import Interval
from maskloop.services import agreement
from maskloop.services.api.access import MOST_ID, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.image_agreement import ImageAgreement

router = APIRouter(tags=["quality"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]


class MeanIou(BaseModel):
    """With the bounds of 95 % confidence, over images."""

    mean: float
    low: float
    high: float


class AlphaShown(BaseModel):
    """Krippendorff's alpha with the bounds of 95 % confidence; `units`: proposals that two people
    or more judged, or objects on images that two or more labelled."""

    value: float
    low: float
    high: float
    units: int


class OfImages(BaseModel):
    """`images` that two people or more labelled blindly, and that all who were asked are through
    with; `settled` of them. `in_dispute`: images that wait because people do not agree.
    `found_by_all`: share of objects that each of them drew. `alpha` is of categories, *not drawn*
    being one; null for the reason in `alpha_undefined`."""

    images: int
    passes: int
    settled: int
    in_dispute: int
    mean_iou: MeanIou | None
    found_by_all: MeanIou | None
    alpha: AlphaShown | None
    alpha_undefined: str | None


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
    images: OfImages


@router.get("/projects/{project_id}/agreement", summary="How far people's votes agree")
def get(
    request: Request,
    access: Viewer,
    queue_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
) -> AgreementShown:
    found = agreement.agreement(context_of(request).runtime, access.project_id, queue_id=queue_id)
    alpha, why = _alpha(found.alpha)
    return AgreementShown(
        proposals=found.proposals,
        votes=found.votes,
        settled=found.settled,
        in_dispute=found.in_dispute,
        mean_iou=_mean(found.mean_iou),
        alpha=alpha,
        alpha_undefined=why,
        images=_of_images(found.images),
    )


def _of_images(found: ImageAgreement) -> OfImages:
    alpha, why = _alpha(found.alpha)
    return OfImages(
        images=found.images,
        passes=found.passes,
        settled=found.settled,
        in_dispute=found.in_dispute,
        mean_iou=_mean(found.mean_iou),
        found_by_all=_mean(found.found_by_all),
        alpha=alpha,
        alpha_undefined=why,
    )


def _mean(found: Interval | None) -> MeanIou | None:
    return None if found is None else MeanIou(mean=found.mean, low=found.low, high=found.high)


def _alpha(found: Alpha | Undefined) -> tuple[AlphaShown | None, str | None]:
    if isinstance(found, Undefined):
        return None, found.reason
    shown = AlphaShown(value=found.value, low=found.low, high=found.high, units=found.units)
    return shown, None
