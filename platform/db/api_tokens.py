"""Rows of `api_tokens`: what programs show instead of a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.people_tables import api_tokens, users
from maskloop.platform.db.users import USER_COLUMNS, User, user_of
from maskloop.platform.errors import NotFoundError

SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""A token that was used more recently is not written again."""


@dataclass(frozen=True)
class ApiToken:
    id: int
    user_id: int
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


_COLUMNS: tuple[sa.Column[Any], ...] = (
    api_tokens.c.id,
    api_tokens.c.user_id,
    api_tokens.c.name,
    api_tokens.c.prefix,
    api_tokens.c.created_at,
    api_tokens.c.expires_at,
    api_tokens.c.last_used_at,
    api_tokens.c.revoked_at,
)


def insert(
    connection: sa.Connection,
    user_id: int,
    *,
    name: str,
    token_digest: bytes,
    prefix: str,
    lasts: timedelta | None,
) -> ApiToken:
    row = connection.execute(
        sa.insert(api_tokens)
        .values(
            user_id=user_id,
            name=name,
            token_digest=token_digest,
            prefix=prefix,
            expires_at=None if lasts is None else sa.func.now() + sa.literal(lasts),
        )
        .returning(*_COLUMNS)
    ).one()
    return _token(row)


def count_living(connection: sa.Connection, user_id: int) -> int:
    """With the user's row locked, nobody makes one meanwhile."""
    return connection.execute(
        sa.select(sa.func.count()).where(api_tokens.c.user_id == user_id, _lives())
    ).scalar_one()


def of_user(connection: sa.Connection, user_id: int) -> list[ApiToken]:
    """Oldest first, the revoked ones too."""
    rows = connection.execute(
        sa.select(*_COLUMNS).where(api_tokens.c.user_id == user_id).order_by(api_tokens.c.id)
    )
    return [_token(row) for row in rows]


def revoke(connection: sa.Connection, token_id: int, *, of_user_id: int | None) -> ApiToken:
    """Revoking again keeps the first time. `of_user_id`: the token of anybody else is not found.

    Raises `NotFoundError`.
    """
    whose = sa.true() if of_user_id is None else api_tokens.c.user_id == of_user_id
    row = connection.execute(
        sa.update(api_tokens)
        .where(api_tokens.c.id == token_id, whose)
        .values(revoked_at=sa.func.coalesce(api_tokens.c.revoked_at, sa.func.now()))
        .returning(*_COLUMNS)
    ).one_or_none()
    if row is None:
        raise NotFoundError("token", str(token_id), "See them with: maskloop token list USER")
    return _token(row)


def user_of_token(connection: sa.Connection, token_digest: bytes) -> User | None:
    """Whose it is, if it lives and they are not disabled; says when it was used last."""
    due = sa.or_(
        api_tokens.c.last_used_at.is_(None),
        api_tokens.c.last_used_at < sa.func.now() - sa.literal(SEEN_AGAIN_AFTER),
    )
    row = connection.execute(
        sa.select(*USER_COLUMNS, api_tokens.c.id.label("token_id"), due.label("due"))
        .join_from(api_tokens, users)
        .where(api_tokens.c.token_digest == token_digest, _lives(), users.c.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    if row.due:
        connection.execute(
            sa.update(api_tokens)
            .where(api_tokens.c.id == row.token_id, due)
            .values(last_used_at=sa.func.now())
        )
    return user_of(row)


def _lives() -> sa.ColumnElement[bool]:
    expires = api_tokens.c.expires_at
    return sa.and_(
        api_tokens.c.revoked_at.is_(None), sa.or_(expires.is_(None), expires > sa.func.now())
    )


def _token(row: sa.Row[tuple[object, ...]]) -> ApiToken:
    return ApiToken(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
