"""The whole database as one file, by PostgreSQL's own programs."""

import os
import subprocess
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from maskloop.platform.db.database import where
from maskloop.platform.db.embedded import PROGRAMS
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import projects
from maskloop.platform.errors import DatabaseNotEmptyError, DumpFailedError


def dump(address: URL, file: Path) -> None:
    """Everything in the database at one moment, into `file`, whole or not at all; others go on
    working meanwhile. Raises `DumpFailedError`."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        _run("pg_dump", address, "--format=custom", "--no-owner", f"--file={part}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def restore(address: URL, file: Path) -> None:
    """The dump in the place of everything that is there, whole or not at all. Raises
    `DumpFailedError`."""
    how = ("--clean", "--if-exists", "--no-owner", "--exit-on-error", "--single-transaction")
    _run("pg_restore", address, *how, str(file))


def check_empty(connection: sa.Connection) -> None:
    """Nobody has made anything yet. Raises `DatabaseNotEmptyError`."""
    people = sa.select(sa.func.count()).where(users.c.password_hash.is_not(None))
    for what, count in (
        ("projects", sa.select(sa.func.count()).select_from(projects)),
        ("people with a password", people),
    ):
        found = connection.execute(count).scalar_one()
        if found:
            raise DatabaseNotEmptyError(where(connection.engine.url), found, what)


def _run(program: str, address: URL, *arguments: str) -> None:
    password = {"PGPASSWORD": address.password} if address.password else {}
    shown = address.set(drivername="postgresql", password=None)
    done = subprocess.run(
        [PROGRAMS / program, f"--dbname={shown.render_as_string()}", *arguments],
        env=os.environ | password,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise DumpFailedError(program, last[0].removeprefix(f"{program}: error: "))
