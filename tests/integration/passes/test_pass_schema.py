"""The schema `passes` has the shape of the project's own tables, and statements that name no schema
find there what they are to find."""

import pytest
import sqlalchemy as sa

from maskloop.platform.db import annotations
from maskloop.platform.db.pass_schema import TWINS, engine_in_passes, in_passes
from maskloop.platform.db.tables import images
from maskloop.platform.errors import DatabaseUnavailableError
from maskloop.services.runtime import Runtime
from sites.studio import Studio

COLUMNS = """
SELECT table_name, column_name, data_type, udt_name, is_nullable, ordinal_position,
       CASE WHEN column_name <> 'id' THEN column_default END
FROM information_schema.columns WHERE table_schema = :schema AND table_name = ANY (:tables)
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, contype::text, replace(pg_get_constraintdef(oid), 'passes.', '')
FROM pg_constraint WHERE connamespace = CAST(:schema AS regnamespace)
"""
INDEXES = """
SELECT tablename, substring(indexdef from 'USING .*') FROM pg_indexes
WHERE schemaname = :schema AND tablename = ANY (:tables)
"""
TRIGGERS = """
SELECT relname, tgname, replace(pg_get_triggerdef(t.oid), 'public.', 'passes.')
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
WHERE relnamespace = CAST(:schema AS regnamespace) AND NOT tgisinternal AND relname = ANY (:tables)
"""
OF_PROJECT_ONLY = {("images", "u", "UNIQUE (project_id, sha256)")}
OF_PASSES_ONLY = {
    ("images", "f", "FOREIGN KEY (project_id, id) REFERENCES passes(project_id, pass_image_id)"),
    ("proposals", "f", "FOREIGN KEY (project_id) REFERENCES projects(id)"),
    ("proposals", "f", "FOREIGN KEY (model_version_id) REFERENCES model_versions(id)"),
    (
        "proposals",
        "f",
        "FOREIGN KEY (project_id, image_id) REFERENCES images(project_id, id)",
    ),
    ("proposals", "f", "FOREIGN KEY (project_id, job_id) REFERENCES jobs(project_id, id)"),
}
TRIGGERS_OF_PROJECT_ONLY = {
    "images_are_kept",
    "images_keep_their_keys",
    "proposals_belong_at_insert",
    "proposals_belong_at_update",
}
"""What the project's proposals belong to is checked by statement and not by row."""


def rows(runtime: Runtime, statement: str, schema: str) -> set[tuple[object, ...]]:
    with runtime.engine.connect() as connection:
        found = connection.execute(sa.text(statement), {"schema": schema, "tables": list(TWINS)})
        return {tuple(row) for row in found}


def test_tables_of_both_schemas_have_the_same_columns(runtime: Runtime) -> None:
    ours, theirs = rows(runtime, COLUMNS, "public"), rows(runtime, COLUMNS, "passes")
    assert len(ours) >= 4
    assert theirs == ours


def test_triggers_are_the_same_but_for_what_proposals_belong_to(runtime: Runtime) -> None:
    ours, theirs = rows(runtime, TRIGGERS, "public"), rows(runtime, TRIGGERS, "passes")
    assert len(theirs) >= 4
    assert theirs <= ours
    assert {name for _, name, _ in ours - theirs} == TRIGGERS_OF_PROJECT_ONLY


def constraints(runtime: Runtime, schema: str) -> set[tuple[object, ...]]:
    found = rows(runtime, CONSTRAINTS, schema)
    named = {(str(table).removeprefix("passes."), *rest) for table, *rest in found}
    return {row for row in named if row[0] in TWINS}


def test_constraints_are_the_same_but_for_equal_images_and_what_proposals_belong_to(
    runtime: Runtime,
) -> None:
    ours, theirs = constraints(runtime, "public"), constraints(runtime, "passes")
    assert ours - theirs == OF_PROJECT_ONLY
    assert theirs - ours == OF_PASSES_ONLY


def test_indexes_are_some_of_the_projects(runtime: Runtime) -> None:
    """Of few rows; those that decide what is unique are constraints."""
    ours, theirs = rows(runtime, INDEXES, "public"), rows(runtime, INDEXES, "passes")
    assert theirs <= ours


def test_foreign_keys_stay_in_the_schema(runtime: Runtime) -> None:
    crossing = """
    SELECT conname FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid
    WHERE f.connamespace = 'passes'::regnamespace AND t.relnamespace = 'public'::regnamespace
      AND t.relname = ANY (:tables) AND :schema = 'passes'
    """
    assert rows(runtime, crossing, "passes") == set()


def test_numbers_are_of_one_sequence(studio: Studio) -> None:
    studio.label(studio.images[0], [(Studio.ONE, studio.cat)])
    studio.gold(studio.images[0])
    found = studio.begun()
    (drawn,) = studio.draw(found, (Studio.ONE, studio.cat))
    assert found.pass_image_id > max(one.id for one in studio.images)
    (after,) = studio.label(studio.images[1], [(Studio.ONE, studio.cat)])
    assert after > drawn.id
    ((newest,),) = studio.rows("SELECT max(id) FROM proposals")
    ((copied,),) = studio.rows("SELECT min(id) FROM passes.proposals")
    assert isinstance(newest, int)
    assert isinstance(copied, int)
    assert copied > newest


def numbers(connection: sa.Connection) -> list[int]:
    return list(connection.execute(sa.select(images.c.id).order_by(images.c.id)).scalars())


def test_a_statement_that_was_prepared_looks_where_its_transaction_looks(studio: Studio) -> None:
    """PostgreSQL parses a prepared statement again when the search path is another."""
    studio.label(studio.images[0], [])
    studio.gold(studio.images[0])
    found, ours = studio.begun(), [one.id for one in studio.images]
    engine = sa.create_engine(
        studio.runtime.engine.url,
        pool_size=1,
        max_overflow=0,
        connect_args={"prepare_threshold": 0},
    )
    there = engine_in_passes(engine)
    try:
        for _ in range(3):
            with engine.connect() as connection:
                assert numbers(connection) == ours
            with there.connect() as connection:
                assert numbers(connection) == [found.pass_image_id]
                with connection.begin_nested():
                    assert numbers(connection) == [found.pass_image_id]
                prepared = connection.execute(
                    sa.text("SELECT count(*) FROM pg_prepared_statements")
                )
                assert prepared.scalar_one() > 0
            with engine.connect() as connection:
                with in_passes(connection):
                    assert numbers(connection) == [found.pass_image_id]
                assert numbers(connection) == ours
    finally:
        engine.dispose()


def test_errors_are_translated_in_passes_too(studio: Studio) -> None:
    with studio.runtime.in_passes.engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 1"))
        with pytest.raises(DatabaseUnavailableError):
            connection.execute(sa.text("SELECT pg_sleep(5)"))


def test_what_is_done_in_passes_is_done_there_only(studio: Studio) -> None:
    studio.label(studio.images[0], [(Studio.ONE, studio.cat)])
    studio.gold(studio.images[0])
    before = {table: studio.count(f"public.{table}") for table in TWINS}
    found = studio.begun()
    studio.draw(found, (Studio.TWO, studio.dog))
    with studio.runtime.in_passes.engine.connect() as connection:
        (drawn,) = annotations.of_image(connection, studio.project_id, found.pass_image_id)
    assert (drawn.category, drawn.author) == ("dog", "ben")
    studio.submit(found)
    assert {table: studio.count(f"public.{table}") for table in TWINS} == before
    assert {table: studio.count(f"passes.{table}") for table in TWINS} == {
        "images": 1,
        "proposals": 2,
        "annotations": 1,
        "reviews": 0,
        "image_leases": 0,
        "submissions": 1,
    }


@pytest.fixture
def closed(studio: Studio) -> Studio:
    studio.label(studio.images[0], [])
    studio.gold(studio.images[0])
    found = studio.begun()
    studio.draw(found, (Studio.ONE, studio.cat))
    studio.submit(found)
    return studio


@pytest.mark.parametrize("table", ["annotations", "submissions"])
def test_what_was_drawn_and_said_blindly_is_never_changed(closed: Studio, table: str) -> None:
    refused = pytest.raises(sa.exc.IntegrityError, match="are never changed or removed")
    with closed.runtime.engine.connect() as connection, refused:
        connection.execute(sa.text(f"DELETE FROM passes.{table}"))


def test_an_image_without_a_pass_cannot_stand_there(studio: Studio) -> None:
    with studio.runtime.in_passes.engine.connect() as connection:
        copied = (
            "INSERT INTO passes.images SELECT * FROM public.images WHERE id = "
            f"{studio.images[0].id}"
        )
        with pytest.raises(sa.exc.IntegrityError, match="images_of_a_pass"):
            connection.execute(sa.text(copied))
