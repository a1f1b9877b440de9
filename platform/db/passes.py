"""Rows of `passes`, and the copies of images that people work on in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_or

from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.pass_schema import of_passes, of_public
from maskloop.platform.db.pass_tables import passes
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.states import PassKind, PassOutcome, ProposalState

Noun = Literal["image", "annotation", "proposal"]

_TABLES = {"image": images, "annotation": annotations, "proposal": proposals}
_NEXT_IMAGE = sa.literal_column("nextval('images_id_seq')", sa.BigInteger)


@dataclass(frozen=True)
class NewPass:
    """`came_from`: the image that the person was through with before."""

    kind: PassKind
    user_id: int
    image_id: int
    gold_image_id: int | None = None
    queue_id: int | None = None
    came_from: int | None = None


@dataclass(frozen=True)
class Pass:
    """`pass_image_id`: of the copy."""

    id: int
    new: NewPass
    pass_image_id: int
    created_at: datetime
    ended_at: datetime | None
    outcome: PassOutcome | None


@dataclass(frozen=True)
class Place:
    """Where a number stands. `owner_id`: whose pass it belongs to; None: it is the project's."""

    owner_id: int | None


def insert(connection: sa.Connection, project_id: int, new: NewPass) -> Pass | None:
    """With a copy of the image, to do, and of its proposals, to be judged; None where the person
    has another pass in hand in this project, or had one of this image."""
    statement = (
        insert_or(passes)
        .values(
            project_id=project_id,
            kind=new.kind,
            user_id=new.user_id,
            image_id=new.image_id,
            pass_image_id=_NEXT_IMAGE,
            gold_image_id=new.gold_image_id,
            queue_id=new.queue_id,
            came_from=new.came_from,
        )
        .on_conflict_do_nothing()
        .returning(passes)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    made = _pass(row)
    _copy_image(connection, made)
    _copy_proposals(connection, made)
    return made


def _copy_image(connection: sa.Connection, made: Pass) -> None:
    ours = of_public(images)
    same = [column for column in ours.c if column.name not in ("id", "state")]
    copied = sa.select(sa.literal(made.pass_image_id, sa.BigInteger), *same)
    connection.execute(
        sa.insert(of_passes(images)).from_select(
            ["id", *(column.name for column in same)], copied.where(ours.c.id == made.new.image_id)
        )
    )


def _copy_proposals(connection: sa.Connection, made: Pass) -> None:
    """Those that wait, or did: what was said of them is not told."""
    ours = of_public(proposals)
    same = [column for column in ours.c if column.name not in ("id", "image_id", "state")]
    copied = (
        sa.select(sa.literal(made.pass_image_id, sa.BigInteger), *same)
        .where(ours.c.image_id == made.new.image_id, ours.c.state != ProposalState.SUPERSEDED)
        .order_by(ours.c.id)
    )
    connection.execute(
        sa.insert(of_passes(proposals)).from_select(
            ["image_id", *(column.name for column in same)], copied
        )
    )


def open_of(connection: sa.Connection, project_id: int, user_id: int) -> Pass | None:
    """What the person has in hand in the project."""
    row = connection.execute(
        sa.select(passes).where(
            passes.c.project_id == project_id,
            passes.c.user_id == user_id,
            passes.c.ended_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else _pass(row)


def of_copy(connection: sa.Connection, project_id: int, pass_image_id: int) -> Pass | None:
    """By the number of the copy; None for an image of the project."""
    row = connection.execute(
        sa.select(passes).where(
            passes.c.project_id == project_id, passes.c.pass_image_id == pass_image_id
        )
    ).one_or_none()
    return None if row is None else _pass(row)


def end(connection: sa.Connection, pass_id: int, outcome: PassOutcome) -> bool:
    """Whether it was in hand until now."""
    statement = (
        sa.update(passes)
        .where(passes.c.id == pass_id, passes.c.ended_at.is_(None))
        .values(ended_at=sa.func.now(), outcome=outcome)
    )
    return connection.execute(statement).rowcount == 1


def place_of(connection: sa.Connection, noun: Noun, number: int) -> Place | None:
    """None for a number that nothing has, or nothing yet."""
    theirs, ours = of_passes(_TABLES[noun]), of_public(_TABLES[noun])
    image_id = theirs.c.id if noun == "image" else theirs.c.image_id
    owner: int | None = connection.execute(
        sa.select(passes.c.user_id)
        .join(
            theirs,
            sa.and_(theirs.c.project_id == passes.c.project_id, image_id == passes.c.pass_image_id),
        )
        .where(theirs.c.id == number)
        .limit(1)
    ).scalar_one_or_none()
    if owner is not None:
        return Place(owner)
    known = connection.execute(sa.select(sa.exists().where(ours.c.id == number))).scalar_one()
    return Place(None) if known else None


def _pass(row: sa.Row[*tuple[Any, ...]]) -> Pass:
    new = NewPass(
        kind=PassKind(row.kind),
        user_id=row.user_id,
        image_id=row.image_id,
        gold_image_id=row.gold_image_id,
        queue_id=row.queue_id,
        came_from=row.came_from,
    )
    return Pass(
        id=row.id,
        new=new,
        pass_image_id=row.pass_image_id,
        created_at=row.created_at,
        ended_at=row.ended_at,
        outcome=None if row.outcome is None else PassOutcome(row.outcome),
    )
