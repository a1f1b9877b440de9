"""Rows of `annotations`: revisions, of which the last one counts.

A change inserts the next revision, and the primary key decides who was first. The current revision
is the one without a next; an annotation whose current revision is deleted is no more.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import categories, images
from maskloop.platform.errors import NotFoundError
from maskloop.platform.masks import MeasuredMask, Rle, mask_iou

Prompt = Mapping[str, Any]
"""What was asked at once, as it was sent: points, box, multimask, which mask was chosen."""


@dataclass(frozen=True)
class Drawing:
    """A mask as a person hands it in: what it shows, and how it came about."""

    category_id: int
    mask: MeasuredMask
    prompts: Sequence[Prompt] = ()
    model_version_id: int | None = None
    """The version that drew it; None: by hand."""
    predicted_iou: float | None = None
    seconds: float | None = None
    """That the person spent on it."""


@dataclass(frozen=True)
class Annotation:
    """One revision. `category` and `author` are names."""

    id: int
    revision: int
    image_id: int
    category: str
    drawing: Drawing
    author_id: int
    author: str
    proposal_id: int | None
    """The proposal that it came from."""
    deleted: bool
    parent_iou: float | None
    """With the mask that this one was made from: the proposal, or the revision before."""
    created_at: datetime


def insert_first(
    connection: sa.Connection,
    drawing: Drawing,
    *,
    project_id: int,
    image_id: int,
    author_id: int,
    proposal_id: int | None = None,
    parent_iou: float | None = None,
) -> int:
    """A new annotation's id, at revision 1."""
    statement = (
        insert(annotations)
        .values(
            revision=1,
            project_id=project_id,
            image_id=image_id,
            author_id=author_id,
            proposal_id=proposal_id,
            parent_iou=parent_iou,
            **_columns(drawing),
        )
        .returning(annotations.c.id)
    )
    made: int = connection.execute(statement).scalar_one()
    return made


def insert_next(
    connection: sa.Connection,
    before: Annotation,
    drawing: Drawing,
    *,
    project_id: int,
    author_id: int,
    deleted: bool = False,
) -> bool:
    """The revision after `before`; False when somebody else made it first."""
    statement = (
        insert(annotations)
        .values(
            id=before.id,
            revision=before.revision + 1,
            project_id=project_id,
            image_id=before.image_id,
            author_id=author_id,
            proposal_id=before.proposal_id,
            deleted=deleted,
            parent_iou=mask_iou(before.drawing.mask.rle, drawing.mask.rle),
            **_columns(drawing),
        )
        .on_conflict_do_nothing(index_elements=["id", "revision"])
        .returning(annotations.c.revision)
    )
    return connection.execute(statement).first() is not None


def _columns(drawing: Drawing) -> dict[str, object]:
    mask = drawing.mask
    return {
        "category_id": drawing.category_id,
        "rle_counts": mask.rle.counts,
        "mask_digest": mask.rle.digest,
        "bbox_xywh": list(mask.bbox_xywh),
        "area": mask.area,
        "prompts": [dict(prompt) for prompt in drawing.prompts],
        "model_version_id": drawing.model_version_id,
        "predicted_iou": drawing.predicted_iou,
        "seconds": drawing.seconds,
    }


def last_revision(connection: sa.Connection, project_id: int, annotation_id: int) -> Annotation:
    """Deleted ones too. Raises `NotFoundError`."""
    row = connection.execute(
        _revisions(project_id)
        .where(annotations.c.id == annotation_id)
        .order_by(annotations.c.revision.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise missing(annotation_id)
    return _annotation(row)


def lock(connection: sa.Connection, project_id: int, annotation_id: int, revision: int) -> None:
    """Until the end of the transaction no queue hands this revision to anybody."""
    wanted = sa.select(annotations.c.id).where(
        annotations.c.project_id == project_id,
        annotations.c.id == annotation_id,
        annotations.c.revision == revision,
    )
    connection.execute(wanted.with_for_update(key_share=True))


def lock_all(
    connection: sa.Connection, project_id: int, revisions: Collection[tuple[int, int]]
) -> None:
    """`lock` of several, by id: so two who lock the same do not wait for each other."""
    named = sa.tuple_(annotations.c.id, annotations.c.revision)
    wanted = (
        sa.select(annotations.c.id)
        .where(annotations.c.project_id == project_id, named.in_(list(revisions)))
        .order_by(annotations.c.id, annotations.c.revision)
    )
    connection.execute(wanted.with_for_update(key_share=True))


def project_of(connection: sa.Connection, annotation_id: int) -> int:
    """For whoever is on this machine and names no project. Raises `NotFoundError`."""
    found: int | None = connection.execute(
        sa.select(annotations.c.project_id).where(annotations.c.id == annotation_id).limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise missing(annotation_id)
    return found


def missing(annotation_id: int) -> NotFoundError:
    return NotFoundError("annotation", str(annotation_id), "It may have been deleted.")


def history(connection: sa.Connection, project_id: int, annotation_id: int) -> list[Annotation]:
    """Every revision, the first one first."""
    rows = connection.execute(
        _revisions(project_id)
        .where(annotations.c.id == annotation_id)
        .order_by(annotations.c.revision)
    )
    return [_annotation(row) for row in rows]


def of_image(connection: sa.Connection, project_id: int, image_id: int) -> Iterator[Annotation]:
    """The current ones of an image, the oldest first."""
    rows = connection.execute(
        _revisions(project_id)
        .where(annotations.c.image_id == image_id, is_current())
        .order_by(annotations.c.id)
    )
    return map(_annotation, rows)


def of_images_at(
    connection: sa.Connection, project_id: int, times: Mapping[int, datetime]
) -> dict[int, list[Annotation]]:
    """By image those that were current at a time, which `times` has of each image, the oldest
    first."""
    rows = connection.execute(
        _revisions(project_id)
        .where(annotations.c.image_id.in_(times))
        .order_by(annotations.c.id, annotations.c.revision)
    )
    last = {row.id: row for row in rows if row.created_at <= times[row.image_id]}
    found: dict[int, list[Annotation]] = {image_id: [] for image_id in times}
    for row in last.values():
        if not row.deleted:
            found[row.image_id].append(_annotation(row))
    return found


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None,
    limit: int,
    image_id: int | None = None,
    category_id: int | None = None,
) -> list[Annotation]:
    """Current ones, newest first; `before` is the id of the last one that was seen."""
    wanted = _revisions(project_id).where(is_current())
    if before is not None:
        wanted = wanted.where(annotations.c.id < before)
    if image_id is not None:
        wanted = wanted.where(annotations.c.image_id == image_id)
    if category_id is not None:
        wanted = wanted.where(annotations.c.category_id == category_id)
    rows = connection.execute(wanted.order_by(annotations.c.id.desc()).limit(limit))
    return [_annotation(row) for row in rows]


def count_by_category(connection: sa.Connection, project_id: int) -> dict[int, int]:
    """Current annotations by category id; a category without any is left out."""
    rows = connection.execute(
        sa.select(annotations.c.category_id, sa.func.count())
        .where(annotations.c.project_id == project_id, is_current())
        .group_by(annotations.c.category_id)
    )
    return {row[0]: row[1] for row in rows}


def is_current() -> sa.ColumnElement[bool]:
    """Of a row of `annotations`: not deleted, and the last of its revisions."""
    following = annotations.alias("following")
    has_next = sa.exists().where(
        following.c.id == annotations.c.id, following.c.revision == annotations.c.revision + 1
    )
    return sa.and_(sa.not_(annotations.c.deleted), ~has_next)


def _revisions(project_id: int) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            annotations,
            users.c.name.label("author"),
            categories.c.name.label("category"),
            images.c.height,
            images.c.width,
        )
        .join(users, users.c.id == annotations.c.author_id)
        .join(categories, categories.c.id == annotations.c.category_id)
        .join(images, images.c.id == annotations.c.image_id)
        .where(annotations.c.project_id == project_id)
    )


def _annotation(row: sa.Row[tuple[object, ...]]) -> Annotation:
    x, y, width, height = row.bbox_xywh
    rle = Rle((row.height, row.width), bytes(row.rle_counts))
    return Annotation(
        id=row.id,
        revision=row.revision,
        image_id=row.image_id,
        category=row.category,
        drawing=Drawing(
            category_id=row.category_id,
            mask=MeasuredMask(rle, (x, y, width, height), row.area),
            prompts=row.prompts,
            model_version_id=row.model_version_id,
            predicted_iou=row.predicted_iou,
            seconds=row.seconds,
        ),
        author_id=row.author_id,
        author=row.author,
        proposal_id=row.proposal_id,
        deleted=row.deleted,
        parent_iou=row.parent_iou,
        created_at=row.created_at,
    )
