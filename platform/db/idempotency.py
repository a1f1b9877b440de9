"""Rows of `idempotency_keys`: what a request was answered, for whoever lost the answer.

    with engine.begin() as connection:
        earlier = idempotency.claim(connection, user_id=…, key=…, request_digest=…)
        if earlier is not None:
            return earlier
        …  # the effect
        return idempotency.remember(connection, user_id=…, key=…, status=201, response=…)

Key and effect stand in one transaction: there is never one without the other.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.people_tables import idempotency_keys
from maskloop.platform.errors import BadParametersError, IdempotencyConflictError

KEPT = timedelta(hours=24)
LONGEST_KEY = 200

_COLLECTED_AT_ONCE = 100


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the document that went with it."""

    status: int
    response: JsonValue


def claim(
    connection: sa.Connection, *, user_id: int, key: str, request_digest: bytes
) -> Answer | None:
    """The answer of an earlier request with this key; None makes the key this transaction's.

    Waits while another transaction has the key. `request_digest` is the sha256 of what was asked:
    method, path and body. Raises `IdempotencyConflictError`, `BadParametersError`.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        reason = f"use 1 to {LONGEST_KEY} printable characters"
        raise BadParametersError("Idempotency-Key", repr(key[:LONGEST_KEY]), reason)
    _collect(connection, user_id, key)
    claimed = connection.execute(
        insert(idempotency_keys)
        .values(user_id=user_id, key=key, request_digest=request_digest)
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.key)
    ).first()
    if claimed is not None:
        return None
    found = connection.execute(sa.select(idempotency_keys).where(_is(user_id, key))).one()
    if found.request_digest != request_digest:
        raise IdempotencyConflictError(key, "it came with another request before")
    if found.status is None:
        raise IdempotencyConflictError(key, "its first request left no answer")
    return Answer(found.status, found.response)


def remember(
    connection: sa.Connection, *, user_id: int, key: str, status: int, response: JsonValue
) -> Answer:
    """Answer the claimed key, in the transaction that claimed it."""
    connection.execute(
        sa.update(idempotency_keys)
        .where(_is(user_id, key))
        .values(status=status, response=response)
    )
    return Answer(status, response)


def _is(user_id: int, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(idempotency_keys.c.user_id == user_id, idempotency_keys.c.key == key)


def _collect(connection: sa.Connection, user_id: int, key: str) -> None:
    """This key if it is old, and some other old ones that nobody has in hand."""
    table = idempotency_keys
    old = table.c.created_at <= sa.func.now() - sa.literal(KEPT)
    connection.execute(sa.delete(table).where(_is(user_id, key), old))
    some = (
        sa.select(table.c.user_id, table.c.key)
        .where(old)
        .limit(_COLLECTED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    connection.execute(sa.delete(table).where(sa.tuple_(table.c.user_id, table.c.key).in_(some)))
