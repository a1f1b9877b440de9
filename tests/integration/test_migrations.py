"""Revisions lead from nothing to the schema of `platform/db/tables.py`, and back."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg.errors import ForeignKeyViolation
from sqlalchemy.engine import make_url

from maskloop.platform.db.database import connect
from maskloop.platform.db.every_table import metadata
from maskloop.platform.db.migrate import (
    alembic_config,
    current_revision,
    newest_revision,
    upgrade,
)
from maskloop.platform.errors import SchemaTooNewError
from sites.warehouse import fill

OWN_FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


@pytest.fixture
def empty(server_url: str) -> Iterator[sa.Engine]:
    """A database with nothing in it."""
    name = f"empty_{uuid.uuid4().hex}"
    server = connect(server_url).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine = connect(make_url(server_url).set(database=name).render_as_string(False))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def tables_of(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def test_from_nothing_to_every_table(empty: sa.Engine) -> None:
    assert tables_of(empty) == set()
    upgrade(empty)
    assert tables_of(empty) == {"alembic_version", *metadata.tables}
    with empty.connect() as connection:
        assert current_revision(connection) == newest_revision() == "0015"


def test_upgrading_again_changes_nothing(empty: sa.Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.text("INSERT INTO projects (name) VALUES ('cats')"))
    upgrade(empty)
    with empty.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM projects")).scalars().all() == ["cats"]


def test_the_revisions_make_the_tables_that_the_code_knows(empty: sa.Engine) -> None:
    upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_constraints_and_indexes_are_those_that_the_code_knows(empty: sa.Engine) -> None:
    """Alembic's comparison is blind to CHECK constraints."""
    with empty.connect() as connection:
        metadata.create_all(connection)
        declared = set(connection.execute(sa.text(CONSTRAINTS)).all())
        connection.rollback()
    upgrade(empty)
    with empty.connect() as connection:
        assert set(connection.execute(sa.text(CONSTRAINTS)).all()) == declared
    assert len(declared) > 40


def test_back_to_nothing_and_up_again(empty: sa.Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        assert set(connection.execute(sa.text(OWN_FUNCTIONS)).scalars()) == {
            "maskloop_check_proposals",
            "maskloop_check_transition",
            "maskloop_refuse_change",
        }
        command.downgrade(alembic_config(connection), "base")
    assert tables_of(empty) == {"alembic_version"}
    with empty.connect() as connection:
        assert connection.execute(sa.text(OWN_FUNCTIONS)).scalars().all() == []
        assert current_revision(connection) is None
    upgrade(empty)
    assert tables_of(empty) == {"alembic_version", *metadata.tables}


def test_with_proposals_there_it_goes_down_and_up_again(empty: sa.Engine) -> None:
    """Before 0014 their foreign keys are checked row by row."""
    upgrade(empty)
    fill(empty, 2000)
    for revision, constraint in [("0012", "project_id_image_id_fkey"), ("0014", "image_check")]:
        with empty.begin() as connection:
            going = command.downgrade if revision == "0012" else command.upgrade
            going(alembic_config(connection), revision)
        with empty.connect() as connection:
            count = "SELECT count(*) FROM proposals"
            assert connection.execute(sa.text(count)).scalar_one() == 2000
            with pytest.raises(sa.exc.IntegrityError) as caught:
                connection.execute(sa.text("UPDATE proposals SET image_id = 1000000"))
            assert isinstance(caught.value.orig, ForeignKeyViolation)
            assert caught.value.orig.diag.constraint_name == f"proposals_{constraint}"


def test_several_that_upgrade_at_once_all_succeed(empty: sa.Engine) -> None:
    engines = [connect(empty.url.render_as_string(False)) for _ in range(4)]
    together = Barrier(len(engines))

    def start(engine: sa.Engine) -> None:
        together.wait(timeout=30)
        upgrade(engine)

    try:
        with ThreadPoolExecutor(len(engines)) as pool:
            for outcome in [pool.submit(start, engine) for engine in engines]:
                outcome.result(timeout=60)
    finally:
        for engine in engines:
            engine.dispose()
    assert tables_of(empty) == {"alembic_version", *metadata.tables}


@pytest.mark.parametrize("found", ["9999", "0005_of_the_future"])
def test_a_database_of_a_newer_maskloop_is_refused_and_left_alone(
    empty: sa.Engine, found: str
) -> None:
    with empty.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num varchar(32))"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES (:n)"), {"n": found})
        connection.execute(sa.text("CREATE TABLE of_the_future (id int)"))
    with pytest.raises(SchemaTooNewError) as caught:
        upgrade(empty)
    assert str(caught.value) == (
        f"The database is at schema {found}, which this version of maskloop does not know. "
        "Upgrade maskloop; it will not touch the database until then."
    )
    assert tables_of(empty) == {"alembic_version", "of_the_future"}
    with empty.connect() as connection:
        assert current_revision(connection) == found
