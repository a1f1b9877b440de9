"""What people decide of a job that waits or runs: stop it, let it wait, put it before others."""

import sqlalchemy as sa

from maskloop.platform.db import job_items, job_stops, jobs, trainings
from maskloop.platform.db.job_stops import Stop
from maskloop.platform.errors import RefusedTransitionError
from maskloop.platform.forecast import Budget
from maskloop.platform.states import JobKind, JobState
from maskloop.services.jobs import check_priority, is_orphaned
from maskloop.services.runtime import Runtime


def cancel(runtime: Runtime, job_id: int, project_id: int | None = None) -> JobState:
    """CANCELLED when nobody worked on it, RUNNING when its worker was asked to stop."""
    return _stop(runtime, job_id, project_id, JobState.CANCELLED, "cancelled")


def pause(runtime: Runtime, job_id: int, project_id: int | None = None) -> JobState:
    """PAUSED when nobody worked on it, RUNNING when its worker was asked to leave it so. No worker
    takes it before it is resumed."""
    return _stop(runtime, job_id, project_id, JobState.PAUSED, "paused")


def _stop(
    runtime: Runtime, job_id: int, project_id: int | None, stop: Stop, wanted: str
) -> JobState:
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if stop is JobState.PAUSED and job.state is JobState.PAUSED:
            return job.state
        if job_stops.stop_idle(connection, job_id, stop, orphaned=is_orphaned(job)):
            _let_go(connection, job_id)
            return stop
        if job_stops.request(connection, job_id, stop):
            return JobState.RUNNING
        raise RefusedTransitionError("Job", str(job_id), job.state, wanted)


def _let_go(connection: sa.Connection, job_id: int) -> None:
    """Of a job that nobody works on any more."""
    job_items.give_back_of_others(connection, job_id, count_attempt=False)
    trainings.let_version_follow(connection, job_id)


def settle_abandoned(runtime: Runtime) -> None:
    """Stop the jobs whose worker was asked to and died before it did."""
    with runtime.engine.begin() as connection:
        for job_id, stop in job_stops.abandoned(connection):
            if job_stops.stop_idle(connection, job_id, stop, orphaned=False):
                _let_go(connection, job_id)


def prioritize(runtime: Runtime, job_id: int, priority: int, project_id: int | None = None) -> None:
    """Workers take the job before all of a lower priority, and give way to it between two images.

    Raises `NotFoundError`, `BadPriorityError`, and `RefusedTransitionError` for a job that has
    ended well: there is nothing left to order.
    """
    check_priority(priority)
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if job.state is JobState.SUCCEEDED:
            raise RefusedTransitionError("Job", str(job_id), job.state, "given a priority")
        jobs.set_priority(connection, job_id, priority)


def set_budget(
    runtime: Runtime, job_id: int, budget: Budget, project_id: int | None = None
) -> None:
    """What the job may spend in all, what it has spent included. A worker at work follows the old
    one to its end. Raises `NotFoundError`, and `RefusedTransitionError` for a job that has ended
    well or is no autolabel job."""
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if job.state is JobState.SUCCEEDED or job.kind is not JobKind.AUTOLABEL:
            raise RefusedTransitionError("Job", str(job_id), job.state, "given a budget")
        jobs.set_budget(connection, job_id, budget)
