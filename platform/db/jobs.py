"""Rows of `jobs`: durable work and the lease of whoever does it.

Every change is one UPDATE guarded by the state and, for a worker, by the lease's token; the number
of rows it touched is the answer.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.tables import jobs
from maskloop.platform.errors import NotFoundError, WrongJobKindError
from maskloop.platform.forecast import Budget, Forecast
from maskloop.platform.states import JobKind, JobState

NO_BUDGET = Budget()
RESUMABLE = (JobState.QUEUED, JobState.PAUSED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Lease:
    """`owner` is host:pid; `token` guards everything its holder writes."""

    owner: str
    token: uuid.UUID
    seconds: float


@dataclass(frozen=True)
class Job:
    id: int
    project_id: int
    kind: JobKind
    state: JobState
    parameters: dict[str, Any]
    """By kind, as JSON."""
    model_version_id: int | None
    """None for kinds that need no model; see `version_id`."""
    keep_candidates: bool
    supersede: bool
    """Its proposals replace pending ones that earlier jobs of other versions made."""
    source_job_id: int | None
    """The job whose candidates this one chooses among, with no inference."""
    lease_owner: str | None
    lease_until: datetime | None
    worked_seconds: float
    """On the clock, under the leases that have ended."""
    cancel_requested: datetime | None
    pause_requested: datetime | None
    sample_images: int | None
    """Of a dry run: it is paused when so many are done, with a forecast."""
    forecast: Forecast | None
    budget: Budget
    priority: int
    """From -100 to 100; workers take the highest first, and the oldest of those."""
    error_code: str | None
    error: str | None
    """Why it failed; of a paused job, why it was paused where nobody asked."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result_key: str | None
    """Where the ZIP of an export that succeeded is in the object store."""

    @property
    def version_id(self) -> int:
        """Of the version an autolabel job works with. Raises `WrongJobKindError` for others."""
        if self.model_version_id is None:
            raise WrongJobKindError(self.id, self.kind, JobKind.AUTOLABEL)
        return self.model_version_id


def insert(
    connection: sa.Connection,
    *,
    project_id: int,
    kind: JobKind,
    parameters: Mapping[str, Any],
    model_version_id: int | None = None,
    keep_candidates: bool = True,
    supersede: bool = False,
    source_job_id: int | None = None,
    priority: int = 0,
    sample_images: int | None = None,
    budget: Budget = NO_BUDGET,
) -> int:
    """A queued job's id."""
    statement = (
        sa.insert(jobs)
        .values(
            project_id=project_id,
            kind=kind,
            state=JobState.QUEUED,
            parameters=dict(parameters),
            model_version_id=model_version_id,
            keep_candidates=keep_candidates,
            supersede=supersede,
            source_job_id=source_job_id,
            priority=priority,
            sample_images=sample_images,
            budget=budget.to_json() or sa.null(),
        )
        .returning(jobs.c.id)
    )
    inserted: int = connection.execute(statement).scalar_one()
    return inserted


def by_id(connection: sa.Connection, job_id: int, project_id: int | None = None) -> Job:
    """Of that project, where one is named. Raises `NotFoundError`."""
    wanted = sa.select(jobs).where(jobs.c.id == job_id)
    if project_id is not None:
        wanted = wanted.where(jobs.c.project_id == project_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise _missing(job_id)
    return _job(row)


def locked(connection: sa.Connection, job_id: int, project_id: int | None = None) -> Job:
    """As `by_id`; until the end of the transaction nobody else changes the job."""
    wanted = sa.select(jobs.c.id).where(jobs.c.id == job_id).with_for_update(key_share=True)
    connection.execute(wanted)
    return by_id(connection, job_id, project_id)


def _missing(job_id: int) -> NotFoundError:
    return NotFoundError("job", str(job_id), "See them with: maskloop jobs list")


def still_held(connection: sa.Connection, job_id: int, lease: Lease) -> bool:
    """Whether the lease is this one; if so, nobody takes it before the transaction ends."""
    statement = (
        sa.select(jobs.c.id)
        .where(jobs.c.id == job_id, jobs.c.lease_token == lease.token)
        .with_for_update(read=True)
    )
    return connection.execute(statement).first() is not None


def recent(connection: sa.Connection, *, limit: int) -> list[Job]:
    """Newest first."""
    rows = connection.execute(sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit))
    return [_job(row) for row in rows]


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None,
    limit: int,
    kind: JobKind | None = None,
) -> list[Job]:
    """Newest first; `before` is the id of the last one that was seen."""
    wanted = sa.select(jobs).where(jobs.c.project_id == project_id)
    if before is not None:
        wanted = wanted.where(jobs.c.id < before)
    if kind is not None:
        wanted = wanted.where(jobs.c.kind == kind)
    rows = connection.execute(wanted.order_by(jobs.c.id.desc()).limit(limit))
    return [_job(row) for row in rows]


def claim(connection: sa.Connection, job_id: int, lease: Lease, *, take_over: bool) -> bool:
    """Take the lease of a job that waits, was stopped, or whose lease has lapsed.

    `take_over` also takes a lease that has not lapsed: its holder's later writes fail by its token.
    """
    free = sa.or_(
        jobs.c.state.in_(RESUMABLE),
        sa.and_(jobs.c.state == JobState.RUNNING, jobs.c.lease_until < sa.func.now()),
        sa.and_(jobs.c.state == JobState.RUNNING, sa.literal(take_over)),
    )
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == job_id, free)
        .values(
            state=JobState.RUNNING,
            lease_owner=lease.owner,
            lease_token=lease.token,
            lease_until=_lease_end(lease),
            lease_since=sa.func.now(),
            worked_seconds=worked_seconds(),
            cancel_requested=None,
            pause_requested=None,
            error_code=None,
            error=None,
            started_at=sa.func.coalesce(jobs.c.started_at, sa.func.now()),
            finished_at=None,
        )
    )
    return connection.execute(statement).rowcount == 1


def next_waiting(
    connection: sa.Connection, kinds: Sequence[JobKind] = tuple(JobKind)
) -> int | None:
    """Of the jobs of these kinds that are queued, or whose worker was lost and not to stop: the
    oldest of the highest priority."""
    return connection.execute(
        sa.select(jobs.c.id)
        .where(_waits(), jobs.c.kind.in_(kinds))
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(1)
    ).scalar_one_or_none()


def _waits() -> sa.ColumnElement[bool]:
    return sa.or_(
        jobs.c.state == JobState.QUEUED,
        sa.and_(
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_until < sa.func.now(),
            jobs.c.cancel_requested.is_(None),
            jobs.c.pause_requested.is_(None),
        ),
    )


def is_outranked(connection: sa.Connection, job_id: int) -> bool:
    """Whether a job of its kind waits that has a higher priority."""
    mine = sa.select(jobs.c.kind, jobs.c.priority).where(jobs.c.id == job_id).subquery()
    waiting = sa.exists().where(
        _waits(), jobs.c.kind == mine.c.kind, jobs.c.priority > mine.c.priority
    )
    return bool(connection.execute(sa.select(waiting).select_from(mine)).scalar_one_or_none())


def set_budget(connection: sa.Connection, job_id: int, budget: Budget) -> None:
    connection.execute(
        sa.update(jobs).where(jobs.c.id == job_id).values(budget=budget.to_json() or sa.null())
    )


def set_forecast(connection: sa.Connection, job_id: int, lease: Lease, forecast: Forecast) -> bool:
    """False when the lease was lost."""
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.lease_token == lease.token)
        .values(forecast=forecast.to_json())
    )
    return connection.execute(statement).rowcount == 1


def set_priority(connection: sa.Connection, job_id: int, priority: int) -> None:
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(priority=priority))


@dataclass(frozen=True)
class Standing:
    """How all jobs stand."""

    by_state: dict[JobState, int]
    lost: int
    """Running, but nobody was heard of working on them for as long as their lease."""


def standing(connection: sa.Connection) -> Standing:
    lapsed = jobs.c.lease_until < sa.func.now()
    is_lost = sa.and_(jobs.c.state == JobState.RUNNING, lapsed)
    rows = connection.execute(
        sa.select(jobs.c.state, sa.func.count(), sa.func.count().filter(is_lost)).group_by(
            jobs.c.state
        )
    ).all()
    return Standing({JobState(row[0]): row[1] for row in rows}, sum(row[2] for row in rows))


@dataclass(frozen=True)
class Pulse:
    """What a heartbeat learned."""

    held: bool
    cancel_requested: bool
    pause_requested: bool = False


def extend(connection: sa.Connection, job_id: int, lease: Lease) -> Pulse:
    """Renew the lease, if it is still this one."""
    row = connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.lease_token == lease.token)
        .values(lease_until=_lease_end(lease))
        .returning(jobs.c.cancel_requested, jobs.c.pause_requested)
    ).one_or_none()
    if row is None:
        return Pulse(False, False)
    return Pulse(True, row.cancel_requested is not None, row.pause_requested is not None)


def let_lapse(connection: sa.Connection, job_id: int, lease: Lease) -> bool:
    """End the lease now, so that any worker may go on with the job."""
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.lease_token == lease.token)
        .values(lease_until=sa.func.now() - timedelta(seconds=1))
    )
    return connection.execute(statement).rowcount == 1


def finish(
    connection: sa.Connection,
    job_id: int,
    lease: Lease,
    state: JobState,
    *,
    error_code: str | None = None,
    error: str | None = None,
    result_key: str | None = None,
) -> bool:
    """Give the lease back and say how it ended; False when the lease was lost."""
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.lease_token == lease.token)
        .values(
            state=state,
            lease_owner=None,
            lease_token=None,
            lease_until=None,
            lease_since=None,
            worked_seconds=worked_seconds(),
            cancel_requested=None,
            pause_requested=None,
            error_code=error_code,
            error=error,
            result_key=result_key,
            finished_at=sa.func.now(),
        )
    )
    return connection.execute(statement).rowcount == 1


def reopen(connection: sa.Connection, job_id: int) -> bool:
    """A job that has ended or is paused back to the queue: it goes on."""
    ended = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.PAUSED)
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state.in_(ended))
        .values(state=JobState.QUEUED, error=None, error_code=None, finished_at=None)
    )
    return connection.execute(statement).rowcount == 1


def worked_seconds() -> sa.ColumnElement[float]:
    """On the clock, under the leases of a job until now; for the UPDATE that ends one."""
    last = sa.func.least(jobs.c.lease_until, sa.func.now()) - jobs.c.lease_since
    seconds = sa.cast(sa.func.extract("epoch", last), sa.Double)
    return jobs.c.worked_seconds + sa.func.coalesce(sa.func.greatest(seconds, 0.0), 0.0)


def _lease_end(lease: Lease) -> sa.ColumnElement[datetime]:
    return sa.func.now() + sa.literal(timedelta(seconds=lease.seconds))


def _job(row: sa.Row[tuple[object, ...]]) -> Job:
    return Job(
        id=row.id,
        project_id=row.project_id,
        kind=JobKind(row.kind),
        state=JobState(row.state),
        parameters=row.parameters,
        model_version_id=row.model_version_id,
        keep_candidates=row.keep_candidates,
        supersede=row.supersede,
        source_job_id=row.source_job_id,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        worked_seconds=row.worked_seconds,
        cancel_requested=row.cancel_requested,
        pause_requested=row.pause_requested,
        sample_images=row.sample_images,
        forecast=None if row.forecast is None else Forecast.from_json(row.forecast),
        budget=Budget.from_json(row.budget),
        priority=row.priority,
        error_code=row.error_code,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        result_key=row.result_key,
    )
