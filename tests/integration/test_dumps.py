"""A database that is dumped, lost and brought back is the one that it was."""

import os
from pathlib import Path

import pytest
import skimage.data
import sqlalchemy as sa

from maskloop.platform.errors import DatabaseNotEmptyError, DumpFailedError
from maskloop.services.adding_images import add_images
from maskloop.services.dumps import dump_database, restore_database
from maskloop.services.people import create_user
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from sites.database import fresh_runtime

PHOTOGRAPHS = Path(skimage.data.__file__).parent


def contents(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    tables = sa.MetaData()
    tables.reflect(runtime.engine)
    tables.reflect(runtime.engine, schema="passes")
    with runtime.engine.connect() as connection:
        return {
            table.fullname: sorted(
                (tuple(row) for row in connection.execute(table.select())), key=repr
            )
            for table in tables.tables.values()
        }


@pytest.fixture
def used(runtime: Runtime) -> Runtime:
    create_project(runtime, "cells", ["nucleus"])
    create_user(runtime, "ann", password="correct horse battery", is_admin=True)
    add_images(runtime, "cells", [str(PHOTOGRAPHS / "coffee.png")])
    return runtime


def test_everything_comes_back(used: Runtime, server_url: str, tmp_path: Path) -> None:
    made = dump_database(used, tmp_path / "backups" / "evening.dump")
    assert made.bytes == made.file.stat().st_size > 0
    assert made.objects == used.objects.url
    before = contents(used)

    with fresh_runtime(server_url, tmp_path / "elsewhere") as empty:
        assert contents(empty) != before
        restore_database(empty, made.file)
        assert contents(empty) == before
        create_project(empty, "birds", [])  # sequences go on where they were
        with empty.engine.connect() as connection:
            names = connection.execute(sa.text("SELECT id, name FROM projects ORDER BY id")).all()
        assert [tuple(row) for row in names] == [(1, "cells"), (2, "birds")]


def test_nothing_is_restored_over_what_is_there(used: Runtime, tmp_path: Path) -> None:
    made = dump_database(used, tmp_path / "evening.dump")
    before = contents(used)
    with pytest.raises(DatabaseNotEmptyError) as raised:
        restore_database(used, made.file)
    assert raised.value.fields["what"] == "projects"
    assert contents(used) == before


def test_a_damaged_dump_changes_nothing(used: Runtime, server_url: str, tmp_path: Path) -> None:
    made = dump_database(used, tmp_path / "evening.dump")
    os.truncate(made.file, made.bytes // 2)
    with fresh_runtime(server_url, tmp_path / "elsewhere") as empty:
        before = contents(empty)
        with pytest.raises(DumpFailedError, match="pg_restore"):
            restore_database(empty, made.file)
        assert contents(empty) == before


def test_a_dump_that_cannot_be_written_leaves_the_last_one(used: Runtime, tmp_path: Path) -> None:
    made = dump_database(used, tmp_path / "evening.dump")
    kept = made.file.read_bytes()
    used.engine.dispose()
    gone = used.engine.url.set(database="nobody_made_it")
    other = Runtime(used.settings, sa.create_engine(gone), used.objects)
    with pytest.raises(DumpFailedError, match="nobody_made_it"):
        dump_database(other, made.file)
    assert made.file.read_bytes() == kept
    assert list(tmp_path.glob(".*.part")) == []
