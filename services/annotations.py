"""Annotations: made, changed and deleted by people, every revision kept."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from maskloop.platform.db import annotations, audit_events, images, model_versions, projects
from maskloop.platform.db.annotations import Annotation, Drawing
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.errors import AnnotationConflictError, NotYourAnnotationError
from maskloop.platform.masks import mask_iou, read_mask
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Editor:
    """Who changes annotations; `of_others` too, or their own only (`Permission.ANNOTATE_ALL`)."""

    user_id: int
    of_others: bool


@dataclass(frozen=True)
class Submitted:
    """A mask as it came in, before anything of it is believed; see `Drawing` for the rest."""

    category_id: int
    counts: bytes
    """COCO's compressed run lengths, at the image's size."""
    prompts: tuple[annotations.Prompt, ...] = ()
    model_version_id: int | None = None
    predicted_iou: float | None = None
    seconds: float | None = None


def create(
    runtime: Runtime, project_id: int, image_id: int, submitted: Submitted, *, author_id: int
) -> Annotation:
    """Raises `NotFoundError` for image, category or version, and `BadMaskError`."""
    with runtime.engine.begin() as connection:
        return create_in(connection, project_id, image_id, submitted, author_id=author_id)


def create_in(
    connection: sa.Connection,
    project_id: int,
    image_id: int,
    submitted: Submitted,
    *,
    author_id: int,
    proposal: Proposal | None = None,
) -> Annotation:
    """`create` in the caller's transaction; `proposal`: what the mask was made from."""
    drawing = checked(connection, project_id, image_id, submitted)
    parent_iou = None if proposal is None else mask_iou(proposal.mask.rle, drawing.mask.rle)
    made = annotations.insert_first(
        connection,
        drawing,
        project_id=project_id,
        image_id=image_id,
        author_id=author_id,
        proposal_id=None if proposal is None else proposal.id,
        parent_iou=parent_iou,
    )
    return annotations.last_revision(connection, project_id, made)


def checked(
    connection: sa.Connection, project_id: int, image_id: int, submitted: Submitted
) -> Drawing:
    """Raises `NotFoundError` and `BadMaskError`."""
    image = images.by_id(connection, project_id, image_id)
    projects.category_by_id(connection, project_id, submitted.category_id)
    if submitted.model_version_id is not None:
        model_versions.known(connection, submitted.model_version_id)
    return Drawing(
        category_id=submitted.category_id,
        mask=read_mask(submitted.counts, (image.height, image.width)),
        prompts=submitted.prompts,
        model_version_id=submitted.model_version_id,
        predicted_iou=submitted.predicted_iou,
        seconds=submitted.seconds,
    )


def update(
    runtime: Runtime,
    project_id: int,
    annotation_id: int,
    submitted: Submitted,
    *,
    expected: int,
    editor: Editor,
) -> Annotation:
    """Make the revision after `expected`.

    Raises `AnnotationConflictError` when that is not the last one, `NotYourAnnotationError`, and
    what `create` raises.
    """
    with runtime.engine.begin() as connection:
        return update_in(
            connection, project_id, annotation_id, submitted, expected=expected, editor=editor
        )


def update_in(
    connection: sa.Connection,
    project_id: int,
    annotation_id: int,
    submitted: Submitted,
    *,
    expected: int,
    editor: Editor,
) -> Annotation:
    """`update` in the caller's transaction."""
    before = _editable(connection, project_id, annotation_id, expected, editor)
    drawing = checked(connection, project_id, before.image_id, submitted)
    _follow(connection, project_id, before, drawing, editor)
    return annotations.last_revision(connection, project_id, annotation_id)


def delete(
    runtime: Runtime,
    project_id: int,
    annotation_id: int,
    *,
    expected: int,
    editor: Editor,
    seconds: float | None = None,
) -> None:
    """A revision too, which keeps the mask as it was; raises as `update`."""
    with runtime.engine.begin() as connection:
        delete_in(
            connection,
            project_id,
            annotation_id,
            expected=expected,
            editor=editor,
            seconds=seconds,
        )


def delete_in(
    connection: sa.Connection,
    project_id: int,
    annotation_id: int,
    *,
    expected: int,
    editor: Editor,
    seconds: float | None = None,
) -> int:
    """`delete` in the caller's transaction; the revision that says so."""
    before = _editable(connection, project_id, annotation_id, expected, editor)
    drawing = replace(before.drawing, seconds=seconds)
    _follow(connection, project_id, before, drawing, editor, deleted=True)
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=editor.user_id,
        action="deleted",
        subject="annotation",
        subject_id=annotation_id,
        detail={"revision": before.revision + 1, "category": before.category},
    )
    return before.revision + 1


def restore_in(
    connection: sa.Connection,
    project_id: int,
    annotation_id: int,
    *,
    revision: int,
    expected: int,
    editor: Editor,
) -> int:
    """Make the revision after `expected`, deleted or not, as `revision` was; its number.

    Raises `AnnotationConflictError` when `expected` is not the last one.
    """
    history = annotations.history(connection, project_id, annotation_id)
    last = history[-1]
    if last.revision != expected:
        raise AnnotationConflictError(annotation_id, last.revision, last.author)
    drawing = replace(history[revision - 1].drawing, seconds=None)
    _follow(connection, project_id, last, drawing, editor)
    return last.revision + 1


def _editable(
    connection: sa.Connection, project_id: int, annotation_id: int, expected: int, editor: Editor
) -> Annotation:
    last = annotations.last_revision(connection, project_id, annotation_id)
    if last.deleted and last.revision == expected:
        raise annotations.missing(annotation_id)
    if last.revision != expected:
        raise AnnotationConflictError(annotation_id, last.revision, last.author)
    if last.author_id != editor.user_id and not editor.of_others:
        raise NotYourAnnotationError(annotation_id, last.author)
    return last


def _follow(
    connection: sa.Connection,
    project_id: int,
    before: Annotation,
    drawing: Drawing,
    editor: Editor,
    *,
    deleted: bool = False,
) -> None:
    if not annotations.insert_next(
        connection,
        before,
        drawing,
        project_id=project_id,
        author_id=editor.user_id,
        deleted=deleted,
    ):
        # Whoever was first has committed: the insert waited for it on the primary key.
        first = annotations.last_revision(connection, project_id, before.id)
        raise AnnotationConflictError(before.id, first.revision, first.author)


def get(runtime: Runtime, project_id: int, annotation_id: int) -> Annotation:
    """The current revision. Raises `NotFoundError`, for a deleted one too."""
    with runtime.engine.connect() as connection:
        last = annotations.last_revision(connection, project_id, annotation_id)
    if last.deleted:
        raise annotations.missing(annotation_id)
    return last


def history(runtime: Runtime, project_id: int, annotation_id: int) -> list[Annotation]:
    """Every revision, the first one first, of a deleted one too. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        found = annotations.history(connection, project_id, annotation_id)
    if not found:
        raise annotations.missing(annotation_id)
    return found


def of_image(runtime: Runtime, project_id: int, image_id: int) -> list[Annotation]:
    """Current ones, the oldest first. Raises `NotFoundError` for the image."""
    with runtime.engine.connect() as connection:
        images.by_id(connection, project_id, image_id)
        return list(annotations.of_image(connection, project_id, image_id))


def page(
    runtime: Runtime,
    project_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    image_id: int | None = None,
    category_id: int | None = None,
) -> list[Annotation]:
    """Current ones of the project, newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return annotations.page(
            connection,
            project_id,
            before=before,
            limit=limit,
            image_id=image_id,
            category_id=category_id,
        )
