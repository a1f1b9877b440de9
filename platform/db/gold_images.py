"""Rows of `gold_images`: images on which everything is known. The truth of one is a list of
revisions of annotations that never changes; where it should, another takes its place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.check_sources import Truth
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.pass_schema import of_public
from maskloop.platform.db.pass_tables import gold_images, gold_objects, passes
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import images
from maskloop.platform.errors import NotFoundError
from maskloop.platform.masks import Rle


@dataclass(frozen=True)
class GoldImage:
    """`objects`: how many are on it; `passes`: people who labelled it, or do; `created_by`: a
    name."""

    id: int
    image_id: int
    source_uri: str
    objects: int
    passes: int
    created_by: str
    created_at: datetime
    retired_at: datetime | None


def insert(connection: sa.Connection, project_id: int, image_id: int, *, by: int) -> int:
    """With all that stands on the image now. None of the image may be in use."""
    statement = sa.insert(gold_images).values(
        project_id=project_id, image_id=image_id, created_by=by
    )
    made: int = connection.execute(statement.returning(gold_images.c.id)).scalar_one()
    truth = sa.select(
        annotations.c.project_id,
        sa.literal(made, sa.BigInteger),
        annotations.c.id,
        annotations.c.revision,
    ).where(
        annotations.c.project_id == project_id, annotations.c.image_id == image_id, is_current()
    )
    connection.execute(sa.insert(gold_objects).from_select(list(gold_objects.c.keys()), truth))
    return made


def in_use(connection: sa.Connection, project_id: int, image_id: int) -> int | None:
    found: int | None = connection.execute(
        sa.select(gold_images.c.id).where(
            gold_images.c.project_id == project_id,
            gold_images.c.image_id == image_id,
            gold_images.c.retired_at.is_(None),
        )
    ).scalar_one_or_none()
    return found


def truth(connection: sa.Connection, project_id: int, gold_image_id: int) -> list[Truth]:
    """What is on it, by annotation; also in a transaction in passes."""
    theirs, pictures = of_public(annotations), of_public(images)
    rows = connection.execute(
        sa.select(
            theirs.c.id,
            theirs.c.revision,
            theirs.c.image_id,
            theirs.c.category_id,
            theirs.c.rle_counts,
            pictures.c.height,
            pictures.c.width,
        )
        .join(
            gold_objects,
            sa.and_(
                gold_objects.c.annotation_id == theirs.c.id,
                gold_objects.c.annotation_revision == theirs.c.revision,
            ),
        )
        .join(pictures, pictures.c.id == theirs.c.image_id)
        .where(
            gold_objects.c.project_id == project_id, gold_objects.c.gold_image_id == gold_image_id
        )
        .order_by(theirs.c.id)
    )
    return [
        Truth(
            annotation_id=row.id,
            revision=row.revision,
            image_id=row.image_id,
            category_id=row.category_id,
            rle=Rle((row.height, row.width), bytes(row.rle_counts)),
        )
        for row in rows
    ]


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None = None,
    limit: int,
    retired: bool | None = None,
) -> list[GoldImage]:
    """Newest first, older than the id `before`; `retired` None: all of them."""
    wanted = _gold_images(project_id)
    if before is not None:
        wanted = wanted.where(gold_images.c.id < before)
    if retired is not None:
        wanted = wanted.where(gold_images.c.retired_at.is_not(None) == retired)
    rows = connection.execute(wanted.order_by(gold_images.c.id.desc()).limit(limit))
    return [_gold_image(row) for row in rows]


def by_ids(connection: sa.Connection, project_id: int, ids: Collection[int]) -> list[GoldImage]:
    """Those there are, by id."""
    wanted = _gold_images(project_id).where(gold_images.c.id.in_(ids))
    return [_gold_image(row) for row in connection.execute(wanted.order_by(gold_images.c.id))]


def missing(gold_image_id: int) -> NotFoundError:
    return NotFoundError("gold image", str(gold_image_id), "Look for it in their list.")


def retire(connection: sa.Connection, project_id: int, gold_image_id: int) -> bool:
    """Nobody is given it any more, and how people did stays; whether it was in use until now."""
    statement = (
        sa.update(gold_images)
        .where(
            gold_images.c.project_id == project_id,
            gold_images.c.id == gold_image_id,
            gold_images.c.retired_at.is_(None),
        )
        .values(retired_at=sa.func.now())
    )
    return connection.execute(statement).rowcount == 1


def _gold_images(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    objects = (
        sa.select(sa.func.count())
        .where(gold_objects.c.gold_image_id == gold_images.c.id)
        .scalar_subquery()
    )
    people = (
        sa.select(sa.func.count())
        .where(passes.c.gold_image_id == gold_images.c.id)
        .scalar_subquery()
    )
    return (
        sa.select(
            gold_images,
            images.c.source_uri,
            users.c.name.label("creator"),
            objects.label("objects"),
            people.label("passes"),
        )
        .join(images, images.c.id == gold_images.c.image_id)
        .join(users, users.c.id == gold_images.c.created_by)
        .where(gold_images.c.project_id == project_id)
    )


def _gold_image(row: sa.Row[*tuple[Any, ...]]) -> GoldImage:
    return GoldImage(
        id=row.id,
        image_id=row.image_id,
        source_uri=row.source_uri,
        objects=row.objects,
        passes=row.passes,
        created_by=row.creator,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
