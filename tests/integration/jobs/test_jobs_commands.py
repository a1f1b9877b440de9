"""`maskloop jobs` as it is typed."""

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.db import job_items, jobs
from maskloop.platform.db.jobs import Lease
from maskloop.platform.errors import BadBudgetError, BadPriorityError
from maskloop.platform.forecast import Budget, Measured, forecast
from maskloop.platform.states import JobState
from maskloop.services.cli.jobs import jobs as commands
from maskloop.services.jobs import view
from maskloop.services.runtime import Runtime
from sites.commands import Run, command_of

if TYPE_CHECKING:
    from tests.integration.jobs.conftest import Desk

ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)


@pytest.fixture
def maskloop(runtime: Runtime) -> Run:
    return command_of(runtime.settings, commands)


def test_pause_says_what_happened_and_how_to_go_on(
    runtime: Runtime, job_id: int, maskloop: Run
) -> None:
    told = maskloop("pause", job_id)
    assert (told.exit_code, told.output) == (
        0,
        f"Job {job_id} is paused. Go on with: maskloop jobs resume {job_id}\n",
    )
    assert view(runtime, job_id).job.state is JobState.PAUSED
    assert " paused " in maskloop("list").output


def test_pause_of_a_job_at_work_says_that_its_worker_was_asked(
    desk: "Desk", job_id: int, maskloop: Run
) -> None:
    desk.hold(job_id)
    assert "was asked to wait" in maskloop("pause", job_id).output


def test_a_priority_is_set_and_listed(runtime: Runtime, job_id: int, maskloop: Run) -> None:
    assert maskloop("priority", job_id, 7).output == f"Job {job_id} has priority 7.\n"
    (listed,) = json.loads(maskloop("list", "--json").output)
    assert listed["priority"] == 7
    refused = maskloop("priority", job_id, 101)
    assert isinstance(refused.exception, BadPriorityError)
    assert view(runtime, job_id).job.priority == 7


def test_show_names_what_is_put_off_and_why(
    runtime: Runtime, desk: "Desk", job_id: int, maskloop: Run
) -> None:
    first, *_ = desk.hold(job_id)
    with runtime.engine.begin() as connection:
        assert job_items.put_off(
            connection,
            first.id,
            ELSEWHERE,
            seconds=60,
            error_code="store_unavailable",
            error="The object store is away.",
        )
    shown = json.loads(maskloop("show", job_id, "--json").output)
    assert shown["images"]["put_off"] == 1
    (trouble,) = shown["troubles"]
    assert (trouble["state"], trouble["code"]) == ("queued", "store_unavailable")
    assert trouble["retry_at"] is not None
    told = maskloop("show", job_id).output
    assert "put off until" in told
    assert "(try 2) store_unavailable: The object store is away." in told


def test_a_budget_is_set_shown_and_taken_away(runtime: Runtime, job_id: int, maskloop: Run) -> None:
    assert maskloop("budget", job_id, "8h,50GB").output == (
        f"Job {job_id} may spend 8 worker hours, 50 GB written.\n"
    )
    shown = json.loads(maskloop("show", job_id, "--json").output)
    assert shown["budget"] == {"seconds": 28_800, "bytes": 50_000_000_000}
    assert maskloop("budget", job_id, "--none").output == (
        f"Job {job_id} may spend as much as it takes.\n"
    )
    assert isinstance(maskloop("budget", job_id, "much").exception, BadBudgetError)
    assert maskloop("budget", job_id).exit_code == 2
    assert view(runtime, job_id).job.budget == Budget()


def test_show_has_the_forecast_of_a_dry_run(
    runtime: Runtime, desk: "Desk", job_id: int, maskloop: Run
) -> None:
    desk.hold(job_id)
    made = forecast(
        [Measured(2, 10, 1000), Measured(4, 30, 3000)],
        images=3,
        workers=2,
        start_seconds=5,
        stretch=1,
    )
    with runtime.engine.begin() as connection:
        assert jobs.set_forecast(connection, job_id, ELSEWHERE, made)
    told = maskloop("show", job_id).output
    assert "Forecast of all 3 images, from 2 at random, with 2 workers:" in told
    (clock,) = (line for line in told.splitlines() if "time on the clock" in line)
    assert "9.5 s" in clock
    assert json.loads(maskloop("show", job_id, "--json").output)["forecast"] == made.to_json()
