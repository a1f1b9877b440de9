"""Rows of `images`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from maskloop.platform.db.pass_schema import of_public
from maskloop.platform.db.tables import images
from maskloop.platform.errors import NotFoundError
from maskloop.platform.images import ImageFacts
from maskloop.platform.states import ImageState

_PROJECT_S = of_public(images)


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


@dataclass(frozen=True)
class FromSource:
    """What a project has from a place; `created_at`: when it was added."""

    sha256: bytes
    byte_size: int
    created_at: datetime


def from_sources(
    connection: sa.Connection, project_id: int, uris: Sequence[str]
) -> dict[str, list[FromSource]]:
    """By the place that each image of the project was added from first."""
    given = sa.func.unnest(sa.cast(list(uris), ARRAY(sa.Text)))
    asked = given.table_valued("uri").render_derived()
    rows = connection.execute(
        sa.select(images.c.source_uri, images.c.sha256, images.c.byte_size, images.c.created_at)
        .distinct()
        .join_from(
            asked,
            images,
            sa.and_(
                images.c.project_id == project_id,
                sa.func.hashtextextended(images.c.source_uri, 0)
                == sa.func.hashtextextended(asked.c.uri, 0),
                images.c.source_uri == asked.c.uri,
            ),
        )
    )
    found: dict[str, list[FromSource]] = {}
    for row in rows:
        known = FromSource(bytes(row.sha256), row.byte_size, row.created_at)
        found.setdefault(row.source_uri, []).append(known)
    return found


def with_digests(
    connection: sa.Connection, project_id: int, digests: Sequence[bytes]
) -> set[bytes]:
    """Those of which the project has an image."""
    rows = connection.execute(
        sa.select(images.c.sha256).where(
            images.c.project_id == project_id, images.c.sha256.in_(digests)
        )
    )
    return {bytes(row.sha256) for row in rows}


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
        yield [image_of(row) for row in rows]


def by_id(connection: sa.Connection, project_id: int, image_id: int) -> Image:
    """Raises `NotFoundError`."""
    row = connection.execute(
        sa.select(images).where(images.c.project_id == project_id, images.c.id == image_id)
    ).one_or_none()
    if row is None:
        raise missing(image_id)
    return image_of(row)


def missing(image_id: int) -> NotFoundError:
    return NotFoundError("image", str(image_id), "Look for it in the project's list of images.")


@dataclass(frozen=True)
class Neighbours:
    """Ids of the images before and behind one; None at the ends."""

    previous: int | None
    next: int | None


def neighbours(connection: sa.Connection, project_id: int, image_id: int) -> Neighbours:
    """The project's, of an image in a pass too. Raises `NotFoundError`."""
    by_id(connection, project_id, image_id)
    of_project = _PROJECT_S.c.project_id == project_id
    before, behind = _PROJECT_S.c.id < image_id, _PROJECT_S.c.id > image_id
    found = sa.select(
        sa.select(sa.func.max(_PROJECT_S.c.id)).where(of_project, before).scalar_subquery(),
        sa.select(sa.func.min(_PROJECT_S.c.id)).where(of_project, behind).scalar_subquery(),
    )
    previous, following = connection.execute(found).one()
    return Neighbours(previous, following)


def next_after(
    connection: sa.Connection, project_id: int, image_id: int, count: int
) -> list[Image]:
    """The project's images that follow by id, also behind one in a pass."""
    rows = connection.execute(
        sa.select(_PROJECT_S)
        .where(_PROJECT_S.c.project_id == project_id, _PROJECT_S.c.id > image_id)
        .order_by(_PROJECT_S.c.id)
        .limit(count)
    )
    return [image_of(row) for row in rows]


def lock(connection: sa.Connection, project_id: int, image_id: int) -> ImageState:
    """Its state, which nobody else changes before the transaction ends, nor its lease.

    Raises `NotFoundError`.
    """
    state = connection.execute(
        sa.select(images.c.state)
        .where(images.c.project_id == project_id, images.c.id == image_id)
        .with_for_update(key_share=True)
    ).scalar_one_or_none()
    if state is None:
        raise missing(image_id)
    return ImageState(state)


def set_state(connection: sa.Connection, project_id: int, image_id: int, state: ImageState) -> None:
    """With the submission that it follows, in one transaction."""
    connection.execute(
        sa.update(images)
        .where(images.c.project_id == project_id, images.c.id == image_id)
        .values(state=state)
    )


def image_of(row: sa.Row[tuple[object, ...]]) -> Image:
    """Of a row with every column of `images`."""
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
