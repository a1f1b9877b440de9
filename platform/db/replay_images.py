"""Which images a training may replay, so that what its parent knew of them is not forgotten."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from maskloop.platform.db.images import Image, image_of
from maskloop.platform.db.learning_tables import training_set_items
from maskloop.platform.db.tables import images
from maskloop.platform.states import Split


def candidates(
    connection: sa.Connection, project_id: int, training_set_id: int, *, limit: int
) -> list[Image]:
    """Images of the instance, each once, those of other projects first, else by their sha256.

    None that is in the training set, nor one that any set holds out: those measure forgetting. By
    their bytes, since another project may have the same photograph.
    """
    distinct = (
        sa.select(images)
        .where(~_is_spoken_for(training_set_id))
        .ext(distinct_on(images.c.sha256))
        .order_by(images.c.sha256, images.c.project_id == project_id, images.c.id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(distinct)
        .order_by(distinct.c.project_id == project_id, distinct.c.sha256)
        .limit(limit)
    )
    return [image_of(row) for row in rows]


def owned(connection: sa.Connection, project_id: int, sha256s: Sequence[bytes]) -> frozenset[bytes]:
    """Of these, the bytes that are an image of the project."""
    rows = connection.execute(
        sa.select(images.c.sha256).where(
            images.c.project_id == project_id, images.c.sha256.in_(sha256s)
        )
    )
    return frozenset(bytes(found) for found in rows.scalars())


def spoken_for(connection: sa.Connection, training_set_id: int, sha256: bytes) -> bool:
    """Whether an image with these bytes is in the set, or held out by any."""
    same = images.alias("same")
    return connection.execute(
        sa.select(
            sa.exists()
            .where(same.c.sha256 == sha256, same.c.id == training_set_items.c.image_id)
            .where(_counts(training_set_id))
        )
    ).scalar_one()


def _is_spoken_for(training_set_id: int) -> sa.ColumnElement[bool]:
    same = images.alias("same")
    taken = (
        sa.select(same.c.sha256)
        .join(training_set_items, training_set_items.c.image_id == same.c.id)
        .where(_counts(training_set_id))
    )
    return images.c.sha256.in_(taken)


def _counts(training_set_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(
        training_set_items.c.training_set_id == training_set_id,
        training_set_items.c.split == Split.HOLDOUT,
    )
