"""Rows of `sessions`: browsers in which somebody gave a password. An ended session has no row."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from maskloop.platform.db.people_tables import sessions, users
from maskloop.platform.db.users import USER_COLUMNS, User, user_of

SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""A session that was seen more recently is not written again."""

_COLLECTED_AT_ONCE = 100


def open_one(
    connection: sa.Connection,
    user_id: int,
    *,
    token_digest: bytes,
    idle: timedelta,
    longest: timedelta,
    most: int,
) -> datetime:
    """Until when it lasts if it is not seen again. The user's row must be locked, so that two that
    open at a time do not exceed `most`; those silent longest make room."""
    _collect(connection)
    room = (
        sa.select(sessions.c.id)
        .where(sessions.c.user_id == user_id)
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.id.desc())
        .offset(most - 1)
    )
    connection.execute(sa.delete(sessions).where(sessions.c.id.in_(room)))
    expires_at: datetime = connection.execute(
        sa.insert(sessions)
        .values(
            user_id=user_id,
            token_digest=token_digest,
            expires_at=sa.func.now() + sa.literal(min(idle, longest)),
        )
        .returning(sessions.c.expires_at)
    ).scalar_one()
    return expires_at


def user_of_session(
    connection: sa.Connection, token_digest: bytes, *, idle: timedelta, longest: timedelta
) -> User | None:
    """Whose it is, if it lasts and they are not disabled; it lasts longer for being seen."""
    row = connection.execute(
        sa.select(*USER_COLUMNS, sessions.c.id.label("session_id"), _is_due().label("due"))
        .join_from(sessions, users)
        .where(
            sessions.c.token_digest == token_digest,
            sessions.c.expires_at > sa.func.now(),
            users.c.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    if row.due:
        end = sa.func.least(
            sa.func.now() + sa.literal(idle), sessions.c.created_at + sa.literal(longest)
        )
        connection.execute(
            sa.update(sessions)
            .where(sessions.c.id == row.session_id, _is_due())
            .values(last_seen_at=sa.func.now(), expires_at=end)
        )
    return user_of(row)


def _is_due() -> sa.ColumnElement[bool]:
    return sessions.c.last_seen_at < sa.func.now() - sa.literal(SEEN_AGAIN_AFTER)


def end(connection: sa.Connection, token_digest: bytes) -> None:
    """One that has ended already is no error."""
    connection.execute(sa.delete(sessions).where(sessions.c.token_digest == token_digest))


def end_all(connection: sa.Connection, user_id: int) -> int:
    """How many there were."""
    statement = sa.delete(sessions).where(sessions.c.user_id == user_id)
    return connection.execute(statement).rowcount


def _collect(connection: sa.Connection) -> None:
    """Some that have expired; rows in use by others are left to the next."""
    expired = (
        sa.select(sessions.c.id)
        .where(sessions.c.expires_at <= sa.func.now())
        .limit(_COLLECTED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    connection.execute(sa.delete(sessions).where(sessions.c.id.in_(expired)))
