"""Rows of `pass_objects`: what somebody found in a gold image, missed of it and drew beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db.pass_tables import pass_objects, passes
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.quality_rows import Period
from maskloop.platform.db.tables import categories
from maskloop.platform.states import PassKind, PassOutcome


@dataclass(frozen=True)
class Side:
    """An object as one of the two has it: an annotation's revision, and its category."""

    annotation_id: int
    revision: int
    category_id: int


@dataclass(frozen=True)
class Compared:
    """An object of the truth with the one that was drawn of it. `truth` None: nothing is there;
    `drawn` None: it was missed. IoU and boundary F where there are both."""

    truth: Side | None
    drawn: Side | None
    iou: float | None = None
    boundary_f: float | None = None


@dataclass(frozen=True)
class Scored:
    """One row, with whose it is. Categories are names."""

    pass_id: int
    user_id: int
    image_id: int
    truth_category: str | None
    drawn_category: str | None
    iou: float | None
    boundary_f: float | None


@dataclass(frozen=True)
class Ended:
    """A pass of a gold image that its person was through with."""

    id: int
    user_id: int
    user: str
    image_id: int
    outcome: PassOutcome


def insert(
    connection: sa.Connection, project_id: int, pass_id: int, found: Sequence[Compared]
) -> None:
    if not found:
        return
    rows = [
        {
            "project_id": project_id,
            "pass_id": pass_id,
            "iou": one.iou,
            "boundary_f": one.boundary_f,
            **_side("truth", one.truth),
            **_side("drawn", one.drawn),
        }
        for one in found
    ]
    connection.execute(sa.insert(pass_objects), rows)


def _side(name: str, side: Side | None) -> dict[str, int | None]:
    return {
        f"{name}_id": None if side is None else side.annotation_id,
        f"{name}_revision": None if side is None else side.revision,
        f"{name}_category_id": None if side is None else side.category_id,
    }


def ended(
    connection: sa.Connection,
    project_id: int,
    period: Period,
    *,
    user_id: int | None = None,
) -> list[Ended]:
    """Passes of gold images that ended in the period, in order; of one person, or of everybody."""
    wanted = (
        sa.select(passes, users.c.name.label("user"))
        .join(users, users.c.id == passes.c.user_id)
        .where(
            passes.c.project_id == project_id,
            passes.c.kind == PassKind.GOLD,
            passes.c.ended_at.is_not(None),
            period.holds(passes.c.ended_at),
        )
        .order_by(passes.c.id)
    )
    if user_id is not None:
        wanted = wanted.where(passes.c.user_id == user_id)
    return [
        Ended(row.id, row.user_id, row.user, row.image_id, PassOutcome(row.outcome))
        for row in connection.execute(wanted)
    ]


def scored(connection: sa.Connection, project_id: int, pass_ids: Sequence[int]) -> list[Scored]:
    """In the order they were stored."""
    truth, drawn = categories.alias("truth"), categories.alias("drawn")
    wanted = (
        sa.select(
            pass_objects.c.pass_id,
            passes.c.user_id,
            passes.c.image_id,
            truth.c.name.label("truth_category"),
            drawn.c.name.label("drawn_category"),
            pass_objects.c.iou,
            pass_objects.c.boundary_f,
        )
        .join(passes, passes.c.id == pass_objects.c.pass_id)
        .outerjoin(truth, truth.c.id == pass_objects.c.truth_category_id)
        .outerjoin(drawn, drawn.c.id == pass_objects.c.drawn_category_id)
        .where(pass_objects.c.project_id == project_id, pass_objects.c.pass_id.in_(pass_ids))
        .order_by(pass_objects.c.id)
    )
    return [Scored(*row) for row in connection.execute(wanted)]
