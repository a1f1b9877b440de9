"""/projects/{id}/images/{id}/masks: the click. Nothing is stored."""

import math
import time
from typing import Annotated, Any, Final

import anyio
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.mask_answers import AnsweredMask, ImageRef, MaskAnswer, MaskQuestion
from maskloop.platform.prompts import Prompts
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.shadowing import Click

router = APIRouter(tags=["masks"])

MOST_POINTS: Final = 64
Coordinate = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Label = Annotated[int, Field(ge=0, le=1)]


class MaskRequest(BaseModel):
    """What asks for a mask of one object: points, a box, or both."""

    model_config = ConfigDict(extra="forbid")

    points: list[tuple[Coordinate, Coordinate, Label]] = Field(
        default=[], max_length=MOST_POINTS, description="x, y, label: 1 inside, 0 outside"
    )
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = Field(
        default=None, description="x1, y1, x2, y2"
    )
    previous: str | None = Field(
        default=None, max_length=16_384, description="`reference` of the mask to refine"
    )
    multimask: bool | None = Field(
        default=None,
        description="Three readings of an ambiguous prompt; when left out, for a lone point only",
    )

    @property
    def prompts(self) -> Prompts:
        return Prompts(
            tuple((x, y) for x, y, _ in self.points),
            tuple(label for *_, label in self.points),
            self.box,
        )

    @property
    def wants_several(self) -> bool:
        if self.multimask is not None:
            return self.multimask
        return len(self.points) == 1 and self.box is None and self.previous is None


class SegmentationShown(BaseModel):
    """COCO's compressed run lengths; `size` is height, width."""

    size: tuple[int, int]
    counts: str


class MaskShown(BaseModel):
    segmentation: SegmentationShown
    bbox: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    reference: str


class VersionNamed(BaseModel):
    number: int
    name: str


class MasksShown(BaseModel):
    """Best predicted IoU first."""

    model_version: VersionNamed
    embedding: str
    masks: list[MaskShown]
    seconds: dict[str, float]


@router.post(
    "/projects/{project_id}/images/{image_id}/masks",
    summary="Masks for prompts",
    responses={200: {"model": MasksShown}},
    response_class=Response,
)
async def ask(
    request: Request,
    image_id: Id,
    asked: MaskRequest,
    access: Annotated[ProjectAccess, Depends(project(Permission.ASK))],
) -> Response:
    """`X-Embedding-Cache` says where the image's embedding came from: `hit` (memory), `store` or
    `encoded`; `Server-Timing` where the time went."""
    context = context_of(request)
    began = time.perf_counter()
    image = await _image(context, access.project_id, image_id)
    found = time.perf_counter()
    question = MaskQuestion(image, asked.prompts, asked.wants_several, asked.previous)
    answer = await context.predictor.masks(question)
    answered = time.perf_counter()
    in_replica = sum(answer.seconds.values())
    stages = {"lookup": found - began, "handle": max(0.0, answered - found - in_replica)}
    body = to_json(_shown(answer))
    stages["respond"] = time.perf_counter() - answered
    context.metrics.answered(answer, stages)
    return Response(
        body,
        media_type="application/json",
        headers=_headers(answer, stages),
        background=_shadow(context, access, image_id, asked, question, answer),
    )


def _shadow(
    context: ApiContext,
    access: ProjectAccess,
    image_id: int,
    asked: MaskRequest,
    question: MaskQuestion,
    answer: MaskAnswer,
) -> BackgroundTask | None:
    """Begins once the answer has been sent."""
    if access.in_pass:
        return None  # samples are of the project's images
    user_id, version = access.principal.user_id, answer.model_version.number
    if not context.shadowing.wants(image_id=image_id, user_id=user_id, version=version):
        return None
    prompt = asked.model_dump(mode="json", exclude_unset=True)
    click = Click(access.project_id, image_id, user_id, question, answer, prompt)
    return BackgroundTask(context.shadowing.take, click)


async def _image(context: ApiContext, project_id: int, image_id: int) -> ImageRef:
    known = context.known_images.peek(project_id, image_id)
    if known is not None:
        return known
    return await anyio.to_thread.run_sync(context.known_images.get, project_id, image_id)


def _shown(answer: MaskAnswer) -> dict[str, Any]:
    """`MasksShown`, without a validation that costs more than the answer."""
    return {
        "model_version": {
            "number": answer.model_version.number,
            "name": answer.model_version.name,
        },
        "embedding": answer.embedding.value,
        "masks": [_mask(mask) for mask in answer.masks],
        "seconds": answer.seconds,
    }


def _mask(mask: AnsweredMask) -> dict[str, Any]:
    return {
        "segmentation": {
            "size": mask.rle.size_hw,
            "counts": mask.rle.counts.decode("ascii"),
        },
        "bbox": mask.bbox_xywh,
        "area": mask.area,
        "predicted_iou": mask.predicted_iou if math.isfinite(mask.predicted_iou) else 0.0,
        "reference": mask.reference,
    }


def _headers(answer: MaskAnswer, stages: dict[str, float]) -> dict[str, str]:
    timing = {**answer.seconds, **stages}
    return {
        "X-Embedding-Cache": answer.embedding.value,
        "X-Model-Version": str(answer.model_version.number),
        "Server-Timing": ", ".join(f"{n};dur={s * 1000:.2f}" for n, s in timing.items()),
        "Cache-Control": "no-store",
    }
