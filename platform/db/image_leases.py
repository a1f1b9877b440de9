"""Rows of `image_leases`: who works on an image, until when by the database's clock.

Whoever changes the lease or the state of an image holds its row of `images` meanwhile, so that the
two fit together. A lapsed lease stays its holder's until somebody else takes the image.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.labeling_tables import image_leases
from maskloop.platform.db.people_tables import users


@dataclass(frozen=True)
class Lease:
    """`token` guards what its holder submits; `seconds` that were left when it was read."""

    token: uuid.UUID
    until: datetime
    seconds: float


@dataclass(frozen=True)
class Holder:
    """`user` is a name."""

    user: str
    until: datetime


def take(
    connection: sa.Connection,
    project_id: int,
    image_id: int,
    *,
    user_id: int,
    duration: timedelta,
) -> Lease | None:
    """A new lease, or the user's own for longer; None while somebody else has the image."""
    new = insert(image_leases).values(
        project_id=project_id,
        image_id=image_id,
        user_id=user_id,
        token=uuid.uuid4(),
        leased_at=sa.func.now(),
        until=sa.func.now() + sa.literal(duration),
    )
    own = image_leases.c.user_id == user_id
    statement = new.on_conflict_do_update(
        index_elements=["project_id", "image_id"],
        set_={
            "user_id": new.excluded.user_id,
            "token": sa.case((own, image_leases.c.token), else_=new.excluded.token),
            "leased_at": sa.case((own, image_leases.c.leased_at), else_=new.excluded.leased_at),
            "until": new.excluded.until,
        },
        where=sa.or_(own, image_leases.c.until <= sa.func.now()),
    ).returning(image_leases.c.token, image_leases.c.until, _seconds())
    return _lease(connection.execute(statement).one_or_none())


def renew(
    connection: sa.Connection,
    project_id: int,
    image_id: int,
    *,
    user_id: int,
    token: uuid.UUID,
    duration: timedelta,
) -> Lease | None:
    """The lease for longer, a lapsed one too; None when it is not this one any more."""
    statement = (
        sa.update(image_leases)
        .where(_is(project_id, image_id, user_id, token))
        .values(until=sa.func.now() + sa.literal(duration))
        .returning(image_leases.c.token, image_leases.c.until, _seconds())
    )
    return _lease(connection.execute(statement).one_or_none())


def end(
    connection: sa.Connection, project_id: int, image_id: int, *, user_id: int, token: uuid.UUID
) -> bool:
    """Whether the lease was this one, lapsed or not; it is no more."""
    statement = sa.delete(image_leases).where(_is(project_id, image_id, user_id, token))
    return connection.execute(statement).rowcount == 1


def end_lapsed(connection: sa.Connection, project_id: int, image_id: int) -> None:
    """Its holder cannot renew it any more, nor submit by it."""
    connection.execute(
        sa.delete(image_leases).where(
            image_leases.c.project_id == project_id,
            image_leases.c.image_id == image_id,
            ~is_alive(),
        )
    )


def holder(connection: sa.Connection, project_id: int, image_id: int) -> Holder | None:
    """Who has the image now; None when nobody has, or the lease has lapsed."""
    row = connection.execute(
        sa.select(users.c.name, image_leases.c.until)
        .join(users, users.c.id == image_leases.c.user_id)
        .where(
            image_leases.c.project_id == project_id,
            image_leases.c.image_id == image_id,
            is_alive(),
        )
    ).one_or_none()
    return None if row is None else Holder(row.name, row.until)


def is_alive() -> sa.ColumnElement[bool]:
    """Of a row of `image_leases`."""
    return image_leases.c.until > sa.func.now()


def _is(project_id: int, image_id: int, user_id: int, token: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        image_leases.c.project_id == project_id,
        image_leases.c.image_id == image_id,
        image_leases.c.user_id == user_id,
        image_leases.c.token == token,
    )


def _seconds() -> sa.Label[float]:
    left = sa.extract("epoch", image_leases.c.until - sa.func.now())
    return sa.cast(left, sa.Double).label("seconds")


def _lease(row: sa.Row[tuple[object, ...]] | None) -> Lease | None:
    return None if row is None else Lease(row.token, row.until, row.seconds)
