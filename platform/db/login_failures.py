"""Rows of `login_failures`: password guesses that were wrong, or are being judged."""

import hashlib
import math
from datetime import datetime, timedelta

import sqlalchemy as sa

from maskloop.platform.db.people_tables import login_failures
from maskloop.platform.errors import TooManyAttemptsError

WINDOW = timedelta(minutes=15)
FAILURES_PER_NAME = 5
FAILURES_PER_ADDRESS = 20

_COLLECTED_AT_ONCE = 100


def admit(connection: sa.Connection, user_name: str, address: str) -> None:
    """Count an attempt as a failure before it is judged: guesses made all at once, too, are five.

    Raises `TooManyAttemptsError`.
    """
    _lock(connection, f"name {user_name}", f"address {address}")
    _collect(connection)
    by_name = _full_since(connection, login_failures.c.user_name == user_name, FAILURES_PER_NAME)
    by_address = _full_since(connection, login_failures.c.address == address, FAILURES_PER_ADDRESS)
    waits = [since + WINDOW for since in (by_name, by_address) if since is not None]
    if waits:
        left = max(waits) - connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        raise TooManyAttemptsError(max(1, math.ceil(left.total_seconds())))
    connection.execute(sa.insert(login_failures).values(user_name=user_name, address=address))


def forgive(connection: sa.Connection, user_name: str) -> None:
    """The right password was given: nothing counts against the name any more."""
    connection.execute(sa.delete(login_failures).where(login_failures.c.user_name == user_name))


def _full_since(
    connection: sa.Connection, condition: sa.ColumnElement[bool], most: int
) -> datetime | None:
    """When the oldest of the newest `most` failures was, if the window holds that many."""
    return connection.execute(
        sa.select(login_failures.c.failed_at)
        .where(condition, login_failures.c.failed_at > sa.func.now() - sa.literal(WINDOW))
        .order_by(login_failures.c.failed_at.desc())
        .offset(most - 1)
        .limit(1)
    ).scalar_one_or_none()


def _lock(connection: sa.Connection, *names: str) -> None:
    """Until the end of the transaction; in one order, so that no two wait for each other."""
    keys = [hashlib.sha256(f"login {name}".encode()).digest()[:8] for name in names]
    for key in sorted(int.from_bytes(key, signed=True) for key in keys):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _collect(connection: sa.Connection) -> None:
    old = (
        sa.select(login_failures.c.id)
        .where(login_failures.c.failed_at <= sa.func.now() - sa.literal(WINDOW))
        .limit(_COLLECTED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    connection.execute(sa.delete(login_failures).where(login_failures.c.id.in_(old)))
