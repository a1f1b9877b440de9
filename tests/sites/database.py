"""A real database and object store, fresh for every test that asks for `runtime`."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from maskloop.platform.db.database import connect, open_database
from maskloop.platform.db.embedded import start_embedded
from maskloop.platform.settings import Settings
from maskloop.services.runtime import Runtime, open_runtime

TEMPLATE = "maskloop_template"
NOTHING_OUTLIVES_A_CRASH = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of the tests' server: making and dropping databases would mostly wait for the disk."""


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """An embedded server with a migrated database that the tests' databases are copied from.

    Not below pytest's own temporary folder: under root the server runs as another user, and a
    second pytest would take that folder's permissions away from it.
    """
    with tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as folder:
        server = start_embedded(Path(folder) / "postgres")
        try:
            url = server.url
            for setting in NOTHING_OUTLIVES_A_CRASH:
                _administer(url, f"ALTER SYSTEM SET {setting} = off")
            _administer(url, "SELECT pg_reload_conf()")
            _administer(url, f"CREATE DATABASE {TEMPLATE}")
            with open_database(Settings(database_url=_named(url, TEMPLATE))):
                pass
            yield url
        finally:
            _server(server.url).dispose()
            server.leave()


@pytest.fixture
def runtime(server_url: str, tmp_path: Path) -> Iterator[Runtime]:
    with fresh_runtime(server_url, tmp_path / "home") as opened:
        yield opened


@contextmanager
def fresh_runtime(server_url: str, home: Path, *, template: str = TEMPLATE) -> Iterator[Runtime]:
    """Over a copy of a database that nobody is connected to; the copy ends with the block."""
    name = f"test_{uuid.uuid4().hex}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        with open_runtime(Settings(home=home, database_url=_named(server_url, name))) as opened:
            yield opened
    finally:
        _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _named(url: str, database: str) -> SecretStr:
    return SecretStr(make_url(url).set(database=database).render_as_string(hide_password=False))


def _administer(url: str, statement: str) -> None:
    with _server(url).connect() as connection:
        connection.execute(sa.text(statement))


@cache
def _server(url: str) -> sa.Engine:
    """Kept: each test asks it twice."""
    return connect(url).execution_options(isolation_level="AUTOCOMMIT")
