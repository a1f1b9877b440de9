"""Rows of `users`."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.people_tables import users
from maskloop.platform.errors import AlreadyExistsError, NotFoundError


@dataclass(frozen=True)
class User:
    id: int
    name: str
    is_admin: bool
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Credentials:
    user: User
    password_hash: str | None


USER_COLUMNS = (
    users.c.id,
    users.c.name,
    users.c.is_admin,
    users.c.password_hash.is_not(None).label("has_password"),
    users.c.disabled_at,
    users.c.created_at,
)
"""What `user_of` reads."""


def create(
    connection: sa.Connection, name: str, *, is_admin: bool, password_hash: str | None
) -> User:
    """Raises `AlreadyExistsError`."""
    row = connection.execute(
        insert(users)
        .values(name=name, is_admin=is_admin, password_hash=password_hash)
        .on_conflict_do_nothing()
        .returning(*USER_COLUMNS)
    ).one_or_none()
    if row is None:
        raise AlreadyExistsError("user", name, "Choose another name.")
    return user_of(row)


def by_name(connection: sa.Connection, name: str) -> User:
    """Raises `NotFoundError`."""
    row = connection.execute(sa.select(*USER_COLUMNS).where(users.c.name == name)).one_or_none()
    if row is None:
        raise NotFoundError("user", name, "See them with: maskloop user list")
    return user_of(row)


def locked(connection: sa.Connection, name: str) -> Credentials:
    """As `by_name`; until the end of the transaction nobody else changes the user."""
    row = connection.execute(
        sa.select(*USER_COLUMNS, users.c.password_hash)
        .where(users.c.name == name)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("user", name, "See them with: maskloop user list")
    return Credentials(user_of(row), row.password_hash)


def password_hash(connection: sa.Connection, name: str) -> str | None:
    """None for a user who is unknown, disabled, or has no password."""
    return connection.execute(
        sa.select(users.c.password_hash).where(users.c.name == name, users.c.disabled_at.is_(None))
    ).scalar_one_or_none()


def locked_admins(connection: sa.Connection) -> list[User]:
    """Those who are enabled; until the end of the transaction they stay what they are."""
    rows = connection.execute(
        sa.select(*USER_COLUMNS)
        .where(users.c.is_admin, users.c.disabled_at.is_(None))
        .order_by(users.c.id)
        .with_for_update(key_share=True)
    )
    return [user_of(row) for row in rows]


def list_all(connection: sa.Connection) -> list[User]:
    rows = connection.execute(sa.select(*USER_COLUMNS).order_by(users.c.name))
    return [user_of(row) for row in rows]


def has_admin(connection: sa.Connection) -> bool:
    """Whether an enabled admin has a password."""
    return _any(connection, users.c.is_admin, users.c.disabled_at.is_(None))


def any_password(connection: sa.Connection) -> bool:
    """Whether any user has a password, be they disabled or not."""
    return _any(connection)


def _any(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> bool:
    found = sa.exists().where(users.c.password_hash.is_not(None), *conditions)
    return connection.execute(sa.select(found)).scalar_one()


def set_password_hash(connection: sa.Connection, user_id: int, password_hash: str) -> None:
    _change(connection, user_id, password_hash=password_hash)


def set_admin(connection: sa.Connection, user_id: int, is_admin: bool) -> None:
    _change(connection, user_id, is_admin=is_admin)


def disable(connection: sa.Connection, user_id: int) -> None:
    """A user who is disabled already keeps the time."""
    _change(connection, user_id, disabled_at=sa.func.coalesce(users.c.disabled_at, sa.func.now()))


def enable(connection: sa.Connection, user_id: int) -> None:
    _change(connection, user_id, disabled_at=None)


def _change(connection: sa.Connection, user_id: int, **values: object) -> None:
    connection.execute(sa.update(users).where(users.c.id == user_id).values(**values))


def user_of(row: sa.Row[tuple[object, ...]]) -> User:
    return User(
        id=row.id,
        name=row.name,
        is_admin=row.is_admin,
        has_password=row.has_password,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
    )
