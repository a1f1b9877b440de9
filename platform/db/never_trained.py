"""Rows of `never_trained`: annotations, with every revision of theirs, that no version learns from.

A mark counts from the next set on; the sets that are frozen already stay as they are.
"""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db import annotations as annotation_rows
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.learning_tables import never_trained
from maskloop.platform.states import NeverTrained


def mark(
    connection: sa.Connection,
    project_id: int,
    annotation_ids: Collection[int],
    reason: NeverTrained,
) -> None:
    """Another reason takes the place of an earlier one.

    Raises `NotFoundError` for an annotation that the project does not have.
    """
    known = sa.select(
        annotations.c.project_id, annotations.c.id, sa.literal(reason).label("reason")
    ).where(
        annotations.c.project_id == project_id,
        annotations.c.id.in_(annotation_ids),
        annotations.c.revision == 1,
    )
    added = insert(never_trained).from_select(["project_id", "annotation_id", "reason"], known)
    statement = added.on_conflict_do_update(
        index_elements=["project_id", "annotation_id"], set_={"reason": added.excluded.reason}
    ).returning(never_trained.c.annotation_id)
    marked = set(connection.execute(statement).scalars())
    missing = sorted(set(annotation_ids) - marked)
    if missing:
        raise annotation_rows.missing(missing[0])


def unmark(connection: sa.Connection, project_id: int, annotation_ids: Collection[int]) -> None:
    """Those without a mark stay without."""
    connection.execute(
        sa.delete(never_trained).where(
            never_trained.c.project_id == project_id,
            never_trained.c.annotation_id.in_(annotation_ids),
        )
    )


def which(
    connection: sa.Connection, project_id: int, annotation_ids: Collection[int] | None = None
) -> dict[int, NeverTrained]:
    """Marked annotations of the project, or those among the given ones, by id."""
    wanted = sa.select(never_trained.c.annotation_id, never_trained.c.reason).where(
        never_trained.c.project_id == project_id
    )
    if annotation_ids is not None:
        wanted = wanted.where(never_trained.c.annotation_id.in_(annotation_ids))
    rows = connection.execute(wanted.order_by(never_trained.c.annotation_id))
    return {row.annotation_id: NeverTrained(row.reason) for row in rows}
