"""Rows of `images`."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.tables import images
from maskloop.platform.images import ImageFacts


@dataclass(frozen=True)
class Image:
    id: int
    sha256: bytes
    source_uri: str
    width: int
    height: int

    @property
    def key(self) -> str:
        """Where the bytes are in the object store."""
        return object_key(self.sha256)


def object_key(sha256: bytes) -> str:
    digest = sha256.hex()
    return f"images/{digest[:2]}/{digest}"


def register(
    connection: sa.Connection,
    project_id: int,
    facts: ImageFacts,
    *,
    source_uri: str,
    byte_size: int,
) -> bool:
    """Whether the image is new to the project. Its object must have been written before."""
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
    return connection.execute(statement).first() is not None


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


def _image(row: sa.Row[tuple[object, ...]]) -> Image:
    return Image(row.id, bytes(row.sha256), row.source_uri, row.width, row.height)
