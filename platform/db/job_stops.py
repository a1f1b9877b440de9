"""Stopping jobs: cancelled for good, or paused until somebody resumes them.

A worker at work is asked, and ends the job itself; a job that nobody works on is ended at once.
"""

from typing import Literal

import sqlalchemy as sa

from maskloop.platform.db.jobs import worked_seconds
from maskloop.platform.db.tables import jobs
from maskloop.platform.states import JobState

Stop = Literal[JobState.CANCELLED, JobState.PAUSED]

_REQUESTED = {
    JobState.CANCELLED: jobs.c.cancel_requested,
    JobState.PAUSED: jobs.c.pause_requested,
}
_STOPPED_FROM = {
    JobState.CANCELLED: (JobState.QUEUED, JobState.PAUSED),
    JobState.PAUSED: (JobState.QUEUED,),
}


def request(connection: sa.Connection, job_id: int, stop: Stop) -> bool:
    """Ask the worker of a running job to stop; True when one is at work."""
    statement = (
        sa.update(jobs)
        .where(
            jobs.c.id == job_id,
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_until >= sa.func.now(),
        )
        .values({_REQUESTED[stop]: sa.func.now()})
    )
    return connection.execute(statement).rowcount == 1


def stop_idle(connection: sa.Connection, job_id: int, stop: Stop, *, orphaned: bool) -> bool:
    """Stop a job that nobody works on: one that waits, or is running with a lapsed lease.

    `orphaned`: its worker is known to be gone, so that its lease need not have lapsed.
    """
    statement = (
        sa.update(jobs)
        .where(
            jobs.c.id == job_id,
            sa.or_(
                jobs.c.state.in_(_STOPPED_FROM[stop]),
                sa.and_(jobs.c.state == JobState.RUNNING, jobs.c.lease_until < sa.func.now()),
                sa.and_(jobs.c.state == JobState.RUNNING, sa.literal(orphaned)),
            ),
        )
        .values(
            state=stop,
            lease_owner=None,
            lease_token=None,
            lease_until=None,
            lease_since=None,
            worked_seconds=worked_seconds(),
            cancel_requested=None,
            pause_requested=None,
            finished_at=sa.func.now(),
        )
    )
    return connection.execute(statement).rowcount == 1


def abandoned(connection: sa.Connection) -> list[tuple[int, Stop]]:
    """Jobs that were to stop when their worker was lost, and how; locked. A cancel is stronger."""
    rows = connection.execute(
        sa.select(jobs.c.id, jobs.c.cancel_requested.is_not(None).label("is_cancel"))
        .where(
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_until < sa.func.now(),
            sa.or_(jobs.c.cancel_requested.is_not(None), jobs.c.pause_requested.is_not(None)),
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    return [(row.id, JobState.CANCELLED if row.is_cancel else JobState.PAUSED) for row in rows]
