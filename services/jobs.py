"""The life of a job: submitted, claimed by one worker, kept alive, ended, resumed."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from maskloop.platform.db import images, job_items, jobs, model_versions, projects, trainings
from maskloop.platform.db.database import now
from maskloop.platform.db.job_items import Counts, LedgerRow
from maskloop.platform.db.jobs import Job, Lease
from maskloop.platform.db.projects import Project
from maskloop.platform.errors import (
    DatabaseUnavailableError,
    JobBusyError,
    NoCandidatesError,
    NotFoundError,
    RefusedTransitionError,
    WrongJobKindError,
)
from maskloop.platform.generation import GenerationParameters, Value
from maskloop.platform.keeping import chosen_again
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services.owners import is_gone, owner_name
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class JobView:
    """A job with what people want to see beside it."""

    job: Job
    project: str
    model_version: str | None
    counts: Counts
    worker_lost: bool
    """It is running by its row, but nobody works on it any more."""

    @property
    def state(self) -> str:
        return f"{self.job.state}, worker lost" if self.worker_lost else str(self.job.state)


def submit_autolabel(
    runtime: Runtime,
    project_name: str,
    parameters: GenerationParameters,
    *,
    keep_candidates: bool = True,
    supersede: bool = False,
) -> int:
    """Queue everything-mode over all images of a project, by the version that serves now."""
    with runtime.engine.begin() as connection:
        project = projects.by_name(connection, project_name)
        return submit_autolabel_in(
            connection,
            project,
            parameters,
            keep_candidates=keep_candidates,
            supersede=supersede,
        )


def submit_autolabel_in(
    connection: sa.Connection,
    project: Project,
    parameters: GenerationParameters,
    *,
    keep_candidates: bool,
    supersede: bool = False,
) -> int:
    """`submit_autolabel` in the caller's transaction."""
    if images.count(connection, project.id) == 0:
        hint = f"Add some with: maskloop images add {project.name} FOLDER"
        raise NotFoundError("image", f"in project {project.name}", hint)
    version = model_versions.serving(connection)
    job_id = jobs.insert(
        connection,
        project_id=project.id,
        kind=JobKind.AUTOLABEL,
        parameters=parameters.to_json(),
        model_version_id=version.id,
        keep_candidates=keep_candidates,
        supersede=supersede,
    )
    job_items.insert_for_project(connection, project.id, job_id)
    return job_id


def submit_from_job(
    runtime: Runtime,
    source_job_id: int,
    given: Mapping[str, Value],
    *,
    project_id: int | None = None,
    supersede: bool = False,
) -> int:
    """Queue a new choice among the candidates that a job kept, with its parameters but the `given`.

    Raises `NoCandidatesError`, `ChoiceRefusedError` or `BadParametersError`.
    """
    with runtime.engine.begin() as connection:
        return submit_from_job_in(
            connection, source_job_id, given, project_id=project_id, supersede=supersede
        )


def submit_from_job_in(
    connection: sa.Connection,
    source_job_id: int,
    given: Mapping[str, Value],
    *,
    project_id: int | None = None,
    supersede: bool = False,
) -> int:
    """`submit_from_job` in the caller's transaction."""
    named = jobs.by_id(connection, source_job_id, project_id)
    if named.kind is not JobKind.AUTOLABEL:
        raise WrongJobKindError(named.id, named.kind, JobKind.AUTOLABEL)
    # A job that chose again has the candidates of the job that it chose from.
    keeper = named if named.source_job_id is None else jobs.by_id(connection, named.source_job_id)
    parameters = chosen_again(
        keeper.id,
        GenerationParameters.from_json(keeper.parameters),
        GenerationParameters.from_json(named.parameters),
        given,
    )
    job_id = jobs.insert(
        connection,
        project_id=named.project_id,
        kind=JobKind.AUTOLABEL,
        parameters=parameters.to_json(),
        model_version_id=named.version_id,
        supersede=supersede,
        source_job_id=keeper.id,
    )
    if job_items.insert_from_job(connection, named.id, job_id) == 0:
        project = projects.by_id(connection, named.project_id).name
        reason = (
            "it has no image that is done with candidates"
            if named.keep_candidates
            else "it was asked not to"
        )
        raise NoCandidatesError(named.id, project, reason)
    return job_id


def claim(runtime: Runtime, job_id: int, *, take_over: bool = False) -> Lease:
    """Become the one worker of a job. What an earlier worker had in hand returns to the queue.

    Raises `JobBusyError` while another worker holds a living lease, `RefusedTransitionError` for a
    job that has succeeded, `TrainingBusyError` as `requeue` does.
    """
    lease = Lease(owner_name(), uuid.uuid4(), runtime.settings.lease_seconds)
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id)
        _take_turn(connection, job)
        if not jobs.claim(connection, job_id, lease, take_over=take_over or _is_orphaned(job)):
            raise _refusal(connection, job_id, lease.seconds)
        was_lost = job.state is JobState.RUNNING
        job_items.give_back_of_others(connection, job_id, count_attempt=was_lost)
        job_items.requeue(connection, job_id, ItemState.FAILED)
        trainings.let_version_follow(connection, job_id)
    return lease


def _take_turn(connection: sa.Connection, job: Job) -> None:
    """A training that goes on must not meet another of its project. Raises `TrainingBusyError`."""
    if job.kind is JobKind.TRAIN and job.state in (JobState.FAILED, JobState.CANCELLED):
        trainings.take_turn(connection, job.project_id, job_id=job.id)


def _is_orphaned(job: Job) -> bool:
    return job.lease_owner is not None and is_gone(job.lease_owner)


def _refusal(
    connection: sa.Connection, job_id: int, lease_seconds: float
) -> JobBusyError | RefusedTransitionError:
    job = jobs.by_id(connection, job_id)
    if job.lease_owner is None or job.lease_until is None:
        return RefusedTransitionError("Job", str(job_id), job.state, "run again")
    silent = lease_seconds - (job.lease_until - now(connection)).total_seconds()
    return JobBusyError(job_id, job.lease_owner, max(0.0, silent))


def cancel(runtime: Runtime, job_id: int, project_id: int | None = None) -> JobState:
    """CANCELLED when nobody worked on it, RUNNING when its worker was asked to stop."""
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if jobs.cancel_idle(connection, job_id, orphaned=_is_orphaned(job)):
            job_items.give_back_of_others(connection, job_id, count_attempt=False)
            trainings.let_version_follow(connection, job_id)
            return JobState.CANCELLED
        if jobs.request_cancel(connection, job_id):
            return JobState.RUNNING
        raise RefusedTransitionError("Job", str(job_id), job.state, "cancelled")


def settle_abandoned(runtime: Runtime) -> None:
    """Cancel the jobs whose worker was asked to stop and died before it did."""
    with runtime.engine.begin() as connection:
        for job_id in jobs.abandoned(connection):
            if jobs.cancel_idle(connection, job_id, orphaned=False):
                job_items.give_back_of_others(connection, job_id, count_attempt=False)
                trainings.let_version_follow(connection, job_id)


def check_resumable(runtime: Runtime, job_id: int, project_id: int | None = None) -> None:
    """Raises `NotFoundError`, or `RefusedTransitionError` for a job that has nothing left to do."""
    with runtime.engine.connect() as connection:
        job = jobs.by_id(connection, job_id, project_id)
    if job.state is JobState.SUCCEEDED:
        raise RefusedTransitionError("Job", str(job_id), job.state, "resumed")


def retry_quarantined(runtime: Runtime, job_id: int, project_id: int | None = None) -> int:
    """Put a finished job's quarantined items back to its queue; how many."""
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if job.state is JobState.RUNNING:
            raise RefusedTransitionError("Job", str(job_id), job.state, "retried")
        count = job_items.requeue(connection, job_id, ItemState.QUARANTINED)
        if count and not jobs.reopen(connection, job_id):
            raise RefusedTransitionError("Job", str(job_id), job.state, "retried")
        return count


def view(runtime: Runtime, job_id: int, project_id: int | None = None) -> JobView:
    with runtime.engine.connect() as connection:
        return view_in(connection, job_id, project_id)


def view_in(connection: sa.Connection, job_id: int, project_id: int | None = None) -> JobView:
    """`view` in the caller's transaction."""
    return _view(connection, jobs.by_id(connection, job_id, project_id))


def troubled_items(runtime: Runtime, job_id: int) -> list[LedgerRow]:
    """The items that failed or were quarantined, in the order of the ledger."""
    return _items(runtime, job_id, (ItemState.FAILED, ItemState.QUARANTINED))


def finished_items(runtime: Runtime, job_id: int) -> list[LedgerRow]:
    """The items that are done, in the order of the ledger."""
    return _items(runtime, job_id, (ItemState.DONE,))


def _items(runtime: Runtime, job_id: int, states: Sequence[ItemState]) -> list[LedgerRow]:
    with runtime.engine.connect() as connection:
        job = jobs.by_id(connection, job_id)
        return list(job_items.ledger(connection, job.project_id, job_id, states=states))


def items_page(
    runtime: Runtime,
    project_id: int,
    job_id: int,
    *,
    states: Sequence[ItemState] = tuple(ItemState),
    after: int = 0,
    limit: int = 100,
) -> list[LedgerRow]:
    """The ledger by the images' ids; `after` is the image id of the
    last row that was seen. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        jobs.by_id(connection, job_id, project_id)
        return job_items.page(
            connection, project_id, job_id, states=states, after=after, limit=limit
        )


def page(
    runtime: Runtime,
    project_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    kind: JobKind | None = None,
) -> list[JobView]:
    """A project's jobs, newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        found = jobs.page(connection, project_id, before=before, limit=limit, kind=kind)
        return [_view(connection, job) for job in found]


def requeue(runtime: Runtime, job_id: int, project_id: int | None = None) -> None:
    """Put a job that failed or was cancelled back to the queue: any worker goes on with it.

    A job that waits already, or whose worker was lost, is left to the worker as it is. Raises
    `NotFoundError`, `RefusedTransitionError` while it is worked on or when it has succeeded, and
    `TrainingBusyError` for a training while another of its project is under way.
    """
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if job.state is JobState.QUEUED:
            return
        if job.state in (JobState.FAILED, JobState.CANCELLED):
            _take_turn(connection, job)
            jobs.reopen(connection, job_id)
            trainings.let_version_follow(connection, job_id)
        elif not _is_lost(connection, job):
            raise RefusedTransitionError("Job", str(job_id), job.state, "resumed")


def list_jobs(runtime: Runtime, *, limit: int = 20) -> list[JobView]:
    """Newest first."""
    with runtime.engine.connect() as connection:
        return [_view(connection, job) for job in jobs.recent(connection, limit=limit)]


def _view(connection: sa.Connection, job: Job) -> JobView:
    return JobView(
        job=job,
        project=projects.by_id(connection, job.project_id).name,
        model_version=_version_name(connection, job),
        counts=job_items.counts(connection, job.id),
        worker_lost=_is_lost(connection, job),
    )


def _is_lost(connection: sa.Connection, job: Job) -> bool:
    lapsed = job.lease_until is not None and job.lease_until < now(connection)
    return lapsed or _is_orphaned(job)


def _version_name(connection: sa.Connection, job: Job) -> str | None:
    if job.model_version_id is None:
        return None
    return model_versions.by_id(connection, job.model_version_id).name


class Heartbeat:
    """Keeps a lease alive from a thread of its own while the block runs, and listens for a cancel.

    `lost` is set when somebody else has the job, or when the database was silent for a whole lease.
    """

    def __init__(
        self,
        engine: sa.Engine,
        job_id: int,
        lease: Lease,
        *,
        on_silence: Callable[[Exception], None],
    ) -> None:
        self.lost = threading.Event()
        self.cancel_requested = threading.Event()
        self._engine, self._job_id, self._lease = engine, job_id, lease
        self._on_silence = on_silence
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, name=f"lease-of-job-{job_id}", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        heard = time.monotonic()
        while not self._stop.wait(self._lease.seconds / 3):
            try:
                with self._engine.begin() as connection:
                    pulse = jobs.extend(connection, self._job_id, self._lease)
            except (DatabaseUnavailableError, sa.exc.SQLAlchemyError) as error:
                self._on_silence(error)  # the next beat tries again; every write is guarded anyway
                if time.monotonic() - heard > self._lease.seconds:
                    self.lost.set()
                    return
                continue
            heard = time.monotonic()
            if pulse.cancel_requested:
                self.cancel_requested.set()
            if not pulse.held:
                self.lost.set()
                return
