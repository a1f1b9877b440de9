"""/projects/{id}/annotations, and those of an image: made, changed and deleted by people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db import images
from maskloop.platform.db.annotations import Annotation, last_revision
from maskloop.platform.errors import BadMaskError
from maskloop.services import annotations
from maskloop.services.annotations import Editor, Submitted
from maskloop.services.api.access import MOST_ID, Id, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.etags import etag, is_known, not_modified, seen_revision
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.masks import MOST_POINTS, Coordinate, Label, SegmentationShown
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["annotations"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Annotator = Annotated[ProjectAccess, Depends(project(Permission.ANNOTATE))]

Seconds = Annotated[FiniteFloat, Field(ge=0, le=1_000_000)]
SomeId = Annotated[int, Field(ge=1, le=MOST_ID)]


class PromptSent(BaseModel):
    """A question for masks as it was sent; `chosen`: which of the answered masks was taken."""

    model_config = ConfigDict(extra="forbid")

    points: list[tuple[Coordinate, Coordinate, Label]] = Field(default=[], max_length=MOST_POINTS)
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = None
    previous: str | None = Field(default=None, max_length=16_384, pattern=r"^[\x20-\x7e]*$")
    multimask: bool | None = None
    chosen: int | None = Field(default=None, ge=0, le=2)


class NewMask(BaseModel):
    """A mask under a category. Box and area are measured here. `model_version`: which drew it, null
    by hand; `seconds` of the person's work."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    category_id: SomeId
    segmentation: SegmentationShown
    prompts: list[PromptSent] = Field(default=[], max_length=1000)
    model_version: SomeId | None = None
    predicted_iou: Annotated[FiniteFloat, Field(ge=0, le=2)] | None = None
    seconds: Seconds | None = None

    @property
    def submitted(self) -> Submitted:
        return Submitted(
            category_id=self.category_id,
            counts=self.segmentation.counts.encode(),
            prompts=tuple(prompt.model_dump(exclude_unset=True) for prompt in self.prompts),
            model_version_id=self.model_version,
            predicted_iou=self.predicted_iou,
            seconds=self.seconds,
        )

    def check_size(self, connection: sa.Connection, project_id: int, image_id: int) -> None:
        """Raises `BadMaskError` for run lengths of another size, which may sum up all the same."""
        image = images.by_id(connection, project_id, image_id)
        if self.segmentation.size != (image.height, image.width):
            height, width = self.segmentation.size
            raise BadMaskError(
                f"it is {height} high and {width} wide, the image {image.height} and {image.width}"
            )


class AnnotationShown(BaseModel):
    """One revision; `revision` is what a change names in If-Match."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    revision: int
    image_id: int
    category_id: int
    category: str
    segmentation: SegmentationShown
    bbox: tuple[int, int, int, int]
    area: int
    prompts: list[dict[str, Any]]
    model_version: int | None
    predicted_iou: float | None
    seconds: float | None
    author: str
    proposal_id: int | None
    deleted: bool
    created_at: datetime


class AnnotationList(BaseModel):
    items: list[AnnotationShown]


@router.get(
    "/projects/{project_id}/images/{image_id}/annotations", summary="An image's annotations"
)
def of_image(request: Request, image_id: Id, access: Viewer) -> AnnotationList:
    """The current ones, oldest first."""
    found = annotations.of_image(context_of(request).runtime, access.project_id, image_id)
    return AnnotationList(items=[shown(one) for one in found])


@router.post(
    "/projects/{project_id}/images/{image_id}/annotations",
    status_code=201,
    response_model=AnnotationShown,
    summary="Make an annotation",
)
def create(new: NewMask, image_id: Id, once: OnceOnly, access: Annotator) -> Response:
    def effect(connection: sa.Connection) -> AnnotationShown:
        new.check_size(connection, access.project_id, image_id)
        author_id = access.principal.user_id
        made = annotations.create_in(
            connection, access.project_id, image_id, new.submitted, author_id=author_id
        )
        return shown(made)

    return once.do(access.principal, effect)


@router.get("/projects/{project_id}/annotations", summary="A project's annotations, newest first")
def list_page(
    request: Request,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    image_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
    category_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
) -> Page[AnnotationShown]:
    found = annotations.page(
        context_of(request).runtime,
        access.project_id,
        before=query.after,
        limit=query.and_one,
        image_id=image_id,
        category_id=category_id,
    )
    return query.page(found, show=shown, key=lambda one: one.id)


@router.get(
    "/projects/{project_id}/annotations/{annotation_id}",
    summary="One annotation as it is now",
    responses={200: {"model": AnnotationShown}, 304: {"description": "As it was"}},
    response_model=None,
)
def get(request: Request, annotation_id: Id, access: Viewer) -> Response:
    found = annotations.get(context_of(request).runtime, access.project_id, annotation_id)
    tag = etag(found.revision)
    if is_known(request, tag):
        return not_modified(tag)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    content = shown(found).model_dump_json()
    return Response(content, media_type="application/json", headers=headers)


@router.get(
    "/projects/{project_id}/annotations/{annotation_id}/revisions",
    summary="Every revision of an annotation",
)
def revisions(request: Request, annotation_id: Id, access: Viewer) -> AnnotationList:
    """The first one first; of a deleted annotation too."""
    found = annotations.history(context_of(request).runtime, access.project_id, annotation_id)
    return AnnotationList(items=[shown(one) for one in found])


@router.put(
    "/projects/{project_id}/annotations/{annotation_id}",
    response_model=AnnotationShown,
    summary="Change an annotation",
)
def update(
    request: Request, new: NewMask, annotation_id: Id, once: OnceOnly, access: Annotator
) -> Response:
    """If-Match names the revision that is changed. 409 tells the one there is, and whose."""
    expected = seen_revision(request, "an annotation's revision")

    def effect(connection: sa.Connection) -> AnnotationShown:
        last = last_revision(connection, access.project_id, annotation_id)
        new.check_size(connection, access.project_id, last.image_id)
        changed = annotations.update_in(
            connection,
            access.project_id,
            annotation_id,
            new.submitted,
            expected=expected,
            editor=_editor(access),
        )
        return shown(changed)

    return once.do(access.principal, effect, status=200)


@router.delete(
    "/projects/{project_id}/annotations/{annotation_id}",
    status_code=204,
    summary="Delete an annotation",
)
def delete(
    request: Request,
    annotation_id: Id,
    access: Annotator,
    seconds: Annotated[float | None, Query(ge=0, le=1_000_000, allow_inf_nan=False)] = None,
) -> None:
    """If-Match names the revision. Its revisions stay."""
    expected = seen_revision(request, "an annotation's revision")
    annotations.delete(
        context_of(request).runtime,
        access.project_id,
        annotation_id,
        expected=expected,
        editor=_editor(access),
        seconds=seconds,
    )


def _editor(access: ProjectAccess) -> Editor:
    return Editor(access.principal.user_id, Permission.ANNOTATE_ALL in access.permissions)


def shown(found: Annotation) -> AnnotationShown:
    drawing = found.drawing
    prompts: list[Mapping[str, Any]] = list(drawing.prompts)
    return AnnotationShown(
        id=found.id,
        revision=found.revision,
        image_id=found.image_id,
        category_id=drawing.category_id,
        category=found.category,
        segmentation=SegmentationShown(
            size=drawing.mask.rle.size_hw, counts=drawing.mask.rle.counts.decode("ascii")
        ),
        bbox=drawing.mask.bbox_xywh,
        area=drawing.mask.area,
        prompts=[dict(prompt) for prompt in prompts],
        model_version=drawing.model_version_id,
        predicted_iou=drawing.predicted_iou,
        seconds=drawing.seconds,
        author=found.author,
        proposal_id=found.proposal_id,
        deleted=found.deleted,
        created_at=found.created_at,
    )
