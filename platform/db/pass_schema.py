"""The schema `passes`: tables of the same shape as those of images and of what people make of
them, for what is labelled blindly.

A transaction in passes looks there first: the same statements by the same code then read and write
the pass's image instead of the project's. Everything that has no twin there is the project's in
both. Numbers come of the same sequences, so that none stands for two things.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import sqlalchemy as sa

TWINS: Final = ("images", "proposals", "annotations", "reviews", "image_leases", "submissions")
"""Tables that stand in both schemas."""
PASSES: Final = "passes"
PUBLIC: Final = "public"


def engine_in_passes(engine: sa.Engine) -> sa.Engine:
    """The same pool; every transaction of it is one in passes."""
    there = engine.execution_options()

    @sa.event.listens_for(there, "begin")
    def look_there(connection: sa.Connection) -> None:
        _look_in(connection, PASSES, PUBLIC)

    return there


@contextmanager
def in_passes(connection: sa.Connection) -> Iterator[None]:
    """A stretch of an ordinary transaction that is one in passes. After an error it stays there:
    roll back."""
    _look_in(connection, PASSES, PUBLIC)
    yield
    _look_in(connection, "DEFAULT")


@contextmanager
def in_project(connection: sa.Connection) -> Iterator[None]:
    """A stretch of a transaction in passes that is an ordinary one."""
    _look_in(connection, "DEFAULT")
    yield
    _look_in(connection, PASSES, PUBLIC)


def of_passes(table: sa.Table) -> sa.Table:
    """The table in passes, whichever the transaction is in."""
    return _of(table, PASSES)


def of_public(table: sa.Table) -> sa.Table:
    """The project's own table, whichever the transaction is in."""
    return _of(table, PUBLIC)


def of_both(table: sa.Table) -> sa.Subquery:
    """The rows of both, under the table's name."""
    return sa.union_all(sa.select(of_public(table)), sa.select(of_passes(table))).subquery(
        table.name
    )


@cache
def _of(table: sa.Table, schema: str) -> sa.Table:
    assert table.name in TWINS, f"{table.name} stands in one schema only"
    return table.to_metadata(sa.MetaData(), schema=schema)


def _look_in(connection: sa.Connection, *schemas: str) -> None:
    connection.exec_driver_sql(f"SET LOCAL search_path TO {', '.join(schemas)}")
