"""What the database lets happen to a state is what `platform/states.py` says."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform import states
from maskloop.platform.states import ItemState, JobState, ModelVersionState, ProposalState
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench, StartedJob

TRANSITIONS: dict[str, Mapping[StrEnum, frozenset[StrEnum]]] = {
    "jobs": states.JOB_TRANSITIONS,
    "job_items": states.ITEM_TRANSITIONS,
    "proposals": states.PROPOSAL_TRANSITIONS,
    "model_versions": states.MODEL_VERSION_TRANSITIONS,
}
STATES: dict[str, type[StrEnum]] = {
    "jobs": JobState,
    "job_items": ItemState,
    "proposals": ProposalState,
    "model_versions": ModelVersionState,
}
TOKEN = "00000000-0000-0000-0000-000000000001"


def rest_of_row(table: str, state: StrEnum) -> dict[str, str]:
    """What the other columns must be, as SQL, for a row to be in this state."""
    if table == "jobs":
        held = state is JobState.RUNNING
        return {
            "lease_owner": "'host:1'" if held else "NULL",
            "lease_token": f"'{TOKEN}'" if held else "NULL",
            "lease_until": "now()" if held else "NULL",
            "error": "'it broke'" if state is JobState.FAILED else "NULL",
        }
    if table == "job_items":
        bad = state in (ItemState.FAILED, ItemState.QUARANTINED)
        return {
            "lease_token": f"'{TOKEN}'" if state is ItemState.LEASED else "NULL",
            "result_key": "'results/1'" if state is ItemState.DONE else "NULL",
            "masks": "3" if state is ItemState.DONE else "NULL",
            "error": "'it broke'" if bad else "NULL",
        }
    return {}


@pytest.fixture
def rows(runtime: Runtime, bench: "Bench") -> Iterator[sa.Connection]:
    """One row in each of the four tables."""
    project_id = bench.make_project()
    image = bench.add_image(project_id, bench.png(np.zeros((4, 4, 3), dtype=np.uint8)), "/a.png")
    job: StartedJob = bench.start_job(project_id)
    job.done(image, [bench.mask_of(np.ones((4, 4), dtype=bool))])
    with runtime.engine.connect() as connection:
        yield connection


def set_state(connection: sa.Connection, table: str, state: StrEnum) -> None:
    values = {"state": f"'{state}'"} | rest_of_row(table, state)
    assignments = ", ".join(f"{column} = {value}" for column, value in values.items())
    updated = connection.execute(sa.text(f"UPDATE {table} SET {assignments}"))
    assert updated.rowcount == 1


def begin_in(connection: sa.Connection, table: str, state: StrEnum) -> None:
    """As if the row had been made in this state: changes are not judged meanwhile."""
    connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
    set_state(connection, table, state)
    connection.execute(sa.text("SET LOCAL session_replication_role = origin"))


def refusal(connection: sa.Connection, statement: str) -> tuple[str | None, str]:
    """Constraint and message of a statement that must fail; the transaction goes on."""
    savepoint = connection.begin_nested()
    with pytest.raises(sa.exc.IntegrityError) as caught:
        connection.execute(sa.text(statement))
    savepoint.rollback()
    diagnosis = caught.value.orig.diag  # type: ignore[union-attr]
    return diagnosis.constraint_name, diagnosis.message_primary


@pytest.mark.parametrize("table", TRANSITIONS)
def test_the_database_allows_the_listed_changes_and_no_others(
    rows: sa.Connection, table: str
) -> None:
    allowed: dict[StrEnum, set[StrEnum]] = {state: set() for state in STATES[table]}
    for before, after in product(STATES[table], repeat=2):
        if before is after:
            continue
        savepoint = rows.begin_nested()
        begin_in(rows, table, before)
        try:
            set_state(rows, table, after)
            allowed[before].add(after)
        except sa.exc.IntegrityError as error:
            constraint = error.orig.diag.constraint_name  # type: ignore[union-attr]
            message = error.orig.diag.message_primary  # type: ignore[union-attr]
            refused = f"{table} {{}} cannot go from {before} to {after}"
            expected = re.escape(refused).replace(r"\{\}", r"\d+")
            if constraint != f"{table}_transition_check" or not re.fullmatch(expected, message):
                raise
        savepoint.rollback()
    listed = {before: set(after) - {before} for before, after in TRANSITIONS[table].items()}
    assert allowed == listed


@pytest.mark.parametrize("table", TRANSITIONS)
def test_an_update_that_keeps_the_state_is_no_change(rows: sa.Connection, table: str) -> None:
    for state in STATES[table]:
        savepoint = rows.begin_nested()
        begin_in(rows, table, state)
        set_state(rows, table, state)
        savepoint.rollback()


@pytest.mark.parametrize("table", TRANSITIONS)
def test_every_state_has_its_line_in_the_table_of_changes(table: str) -> None:
    assert set(TRANSITIONS[table]) == set(STATES[table])


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [(table, "state", values) for table, values in STATES.items()]
    + [("jobs", "kind", states.JobKind)],
)
def test_a_column_takes_the_values_of_its_enum_and_no_others(
    rows: sa.Connection, table: str, column: str, values: type[StrEnum]
) -> None:
    definition = rows.execute(
        sa.text(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = :name AND conrelid = to_regclass(:table)"
        ),
        {"name": f"{table}_{column}_check", "table": f"public.{table}"},
    ).scalar_one()
    assert set(re.findall(r"'(\w+)'", definition)) == set(values)
    begin_in(rows, table, next(iter(STATES[table])))
    rows.execute(sa.text("SET LOCAL session_replication_role = replica"))
    constraint, _ = refusal(rows, f"UPDATE {table} SET {column} = 'forgotten'")
    assert constraint == f"{table}_{column}_check"
    savepoint = rows.begin_nested()
    with pytest.raises(sa.exc.IntegrityError, match="null value"):
        rows.execute(sa.text(f"UPDATE {table} SET {column} = NULL"))
    savepoint.rollback()


@pytest.mark.parametrize(
    ("table", "state", "change", "constraint"),
    [
        ("jobs", JobState.RUNNING, "lease_token = NULL", "jobs_lease_check"),
        ("jobs", JobState.RUNNING, "lease_until = NULL", "jobs_lease_check"),
        ("jobs", JobState.RUNNING, "lease_owner = NULL", "jobs_lease_check"),
        ("jobs", JobState.QUEUED, "lease_owner = 'host:1'", "jobs_lease_check"),
        ("jobs", JobState.FAILED, "error = NULL", "jobs_error_check"),
        ("jobs", JobState.SUCCEEDED, "error = 'it broke'", "jobs_error_check"),
        ("job_items", ItemState.LEASED, "lease_token = NULL", "job_items_lease_check"),
        ("job_items", ItemState.DONE, f"lease_token = '{TOKEN}'", "job_items_lease_check"),
        ("job_items", ItemState.DONE, "result_key = NULL", "job_items_result_check"),
        ("job_items", ItemState.DONE, "masks = NULL", "job_items_result_check"),
        ("job_items", ItemState.QUARANTINED, "error = NULL", "job_items_error_check"),
        ("job_items", ItemState.QUEUED, "error = 'it broke'", "job_items_error_check"),
    ],
)
def test_a_row_cannot_hold_half_of_what_its_state_means(
    rows: sa.Connection, table: str, state: StrEnum, change: str, constraint: str
) -> None:
    begin_in(rows, table, state)
    assert refusal(rows, f"UPDATE {table} SET {change}")[0] == constraint


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("UPDATE promotions SET because = 'it never happened'", "promotions"),
        ("DELETE FROM promotions", "promotions"),
        ("TRUNCATE promotions", "promotions"),
        ("TRUNCATE model_versions CASCADE", "jobs"),
    ],
)
def test_a_promotion_is_for_ever(rows: sa.Connection, statement: str, kept: str) -> None:
    """`kept`: the table that refuses first."""
    rows.execute(
        sa.text(
            "INSERT INTO promotions (model_version_id, because) "
            "SELECT id, 'the first one' FROM model_versions"
        )
    )
    assert refusal(rows, statement) == (
        f"{kept}_append_only_check",
        f"rows of {kept} are never changed or removed",
    )
    assert rows.execute(sa.text("SELECT because FROM promotions")).scalars().all() == [
        "the first one"
    ]
