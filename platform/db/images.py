"""Rows of `images`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.errors import NotFoundError
from maskloop.platform.images import ImageFacts
from maskloop.platform.states import ProposalState


@dataclass(frozen=True)
class Image:
    id: int
    sha256: bytes
    source_uri: str
    width: int
    height: int
    media_type: str
    byte_size: int
    exif_orientation: int
    created_at: datetime

    @property
    def key(self) -> str:
        """Where the bytes are in the object store."""
        return object_key(self.sha256)


def object_key(sha256: bytes) -> str:
    digest = sha256.hex()
    return f"images/{digest[:2]}/{digest}"


@dataclass(frozen=True)
class Registered:
    """`new`: the project did not have it before."""

    id: int
    new: bool


def register(
    connection: sa.Connection,
    project_id: int,
    facts: ImageFacts,
    *,
    source_uri: str,
    byte_size: int,
) -> Registered:
    """The image's object must have been written before."""
    statement = (
        insert(images)
        .values(
            project_id=project_id,
            sha256=facts.sha256,
            source_uri=source_uri,
            media_type=facts.media_type,
            byte_size=byte_size,
            width=facts.width,
            height=facts.height,
            exif_orientation=facts.exif_orientation,
        )
        .on_conflict_do_nothing(index_elements=["project_id", "sha256"])
        .returning(images.c.id)
    )
    added = connection.execute(statement).scalar()
    if added is not None:
        return Registered(added, new=True)
    known = sa.select(images.c.id).where(
        images.c.project_id == project_id, images.c.sha256 == facts.sha256
    )
    return Registered(connection.execute(known).scalar_one(), new=False)


def count(connection: sa.Connection, project_id: int) -> int:
    return connection.execute(
        sa.select(sa.func.count()).where(images.c.project_id == project_id)
    ).scalar_one()


def pages(connection: sa.Connection, project_id: int, *, size: int = 1000) -> Iterator[list[Image]]:
    """All images of a project by id, a page at a time."""
    last = 0
    while True:
        rows = connection.execute(
            sa.select(images)
            .where(images.c.project_id == project_id, images.c.id > last)
            .order_by(images.c.id)
            .limit(size)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield [_image(row) for row in rows]


def by_id(connection: sa.Connection, project_id: int, image_id: int) -> Image:
    """Raises `NotFoundError`."""
    row = connection.execute(
        sa.select(images).where(images.c.project_id == project_id, images.c.id == image_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("image", str(image_id), "Look for it in the project's list of images.")
    return _image(row)


def next_after(
    connection: sa.Connection, project_id: int, image_id: int, count: int
) -> list[Image]:
    """The images that follow by id."""
    rows = connection.execute(
        sa.select(images)
        .where(images.c.project_id == project_id, images.c.id > image_id)
        .order_by(images.c.id)
        .limit(count)
    )
    return [_image(row) for row in rows]


@dataclass(frozen=True)
class Filters:
    """Which images are wanted; None lets both through."""

    has_annotations: bool | None = None
    has_pending_proposals: bool | None = None
    source_holds: str | None = None
    """Text that the source URI holds, wherever, upper or lower case."""


@dataclass(frozen=True)
class ImageSummary:
    """`annotations`: current ones; `pending_proposals`: those that wait for a review."""

    image: Image
    annotations: int
    pending_proposals: int


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    after: int = 0,
    limit: int,
    filters: Filters = Filters(),
) -> list[ImageSummary]:
    """By id; `after` is the id of the last one that was seen."""
    wanted = sa.select(images).where(images.c.project_id == project_id, images.c.id > after)
    if filters.has_annotations is not None:
        wanted = wanted.where(_annotated() == sa.literal(filters.has_annotations))
    if filters.has_pending_proposals is not None:
        wanted = wanted.where(_awaited() == sa.literal(filters.has_pending_proposals))
    if filters.source_holds:
        wanted = wanted.where(images.c.source_uri.icontains(filters.source_holds, autoescape=True))
    found = [_image(row) for row in connection.execute(wanted.order_by(images.c.id).limit(limit))]
    return summaries(connection, project_id, found)


def _annotated() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        annotations.c.project_id == images.c.project_id,
        annotations.c.image_id == images.c.id,
        is_current(),
    )


def _awaited() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        proposals.c.project_id == images.c.project_id,
        proposals.c.image_id == images.c.id,
        proposals.c.state == ProposalState.PENDING,
    )


def summaries(
    connection: sa.Connection, project_id: int, found: Sequence[Image]
) -> list[ImageSummary]:
    """The images of a project with their counts, in two queries whatever their number."""
    ids = [image.id for image in found]
    annotated = _count_by_image(connection, annotations, project_id, ids, is_current())
    pending = proposals.c.state == ProposalState.PENDING
    awaited = _count_by_image(connection, proposals, project_id, ids, pending)
    return [
        ImageSummary(image, annotated.get(image.id, 0), awaited.get(image.id, 0)) for image in found
    ]


def _count_by_image(
    connection: sa.Connection,
    table: sa.Table,
    project_id: int,
    image_ids: Sequence[int],
    counted: sa.ColumnElement[bool],
) -> dict[int, int]:
    rows = connection.execute(
        sa.select(table.c.image_id, sa.func.count())
        .where(table.c.project_id == project_id, table.c.image_id.in_(image_ids), counted)
        .group_by(table.c.image_id)
    )
    return {row[0]: row[1] for row in rows}


def _image(row: sa.Row[tuple[object, ...]]) -> Image:
    return Image(
        id=row.id,
        sha256=bytes(row.sha256),
        source_uri=row.source_uri,
        width=row.width,
        height=row.height,
        media_type=row.media_type,
        byte_size=row.byte_size,
        exif_orientation=row.exif_orientation,
        created_at=row.created_at,
    )
