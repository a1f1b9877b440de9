"""The life of a job: submitted, claimed by one worker, kept alive, ended, resumed."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import (
    images,
    job_items,
    job_ledger,
    jobs,
    model_versions,
    projects,
    trainings,
)
from maskloop.platform.db.database import now
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.db.jobs import NO_BUDGET, Job, Lease
from maskloop.platform.db.projects import Project
from maskloop.platform.errors import (
    BadPriorityError,
    BadSampleError,
    BudgetSpentError,
    JobBusyError,
    NoCandidatesError,
    NotFoundError,
    RefusedTransitionError,
    WrongJobKindError,
)
from maskloop.platform.forecast import Budget, Spent
from maskloop.platform.generation import GenerationParameters, Value
from maskloop.platform.keeping import chosen_again
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services.owners import is_gone, owner_name
from maskloop.services.runtime import Runtime

MOST_PRIORITY = 100
SAMPLE = 32
"""Images of a dry run's sample, where nobody says how many."""
LEAST_SAMPLE = 2
_STOPPED = (JobState.FAILED, JobState.CANCELLED, JobState.PAUSED)
"""From these a job goes on only when somebody resumes it."""


@dataclass(frozen=True)
class JobView:
    """A job with what people want to see beside it."""

    job: Job
    project: str
    model_version: str | None
    counts: Counts
    spent: Spent
    """By all images that are done."""
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
    priority: int = 0,
    sample_images: int | None = None,
    budget: Budget = NO_BUDGET,
) -> int:
    """Queue everything-mode over all images of a project, by the version that serves now.

    With `sample_images` it is a dry run: so many random images are done first, then the job is
    paused with a forecast of all. With a `budget` it is paused when that is spent. Raises
    `NotFoundError`, `BadPriorityError`, `BadSampleError`.
    """
    with runtime.engine.begin() as connection:
        project = projects.by_name(connection, project_name)
        return submit_autolabel_in(
            connection,
            project,
            parameters,
            keep_candidates=keep_candidates,
            supersede=supersede,
            priority=priority,
            sample_images=sample_images,
            budget=budget,
        )


def submit_autolabel_in(
    connection: sa.Connection,
    project: Project,
    parameters: GenerationParameters,
    *,
    keep_candidates: bool,
    supersede: bool = False,
    priority: int = 0,
    sample_images: int | None = None,
    budget: Budget = NO_BUDGET,
) -> int:
    """`submit_autolabel` in the caller's transaction."""
    check_priority(priority)
    if sample_images is not None and sample_images < LEAST_SAMPLE:
        raise BadSampleError(sample_images, LEAST_SAMPLE)
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
        priority=priority,
        sample_images=sample_images,
        budget=budget,
    )
    job_items.insert_for_project(connection, project.id, job_id)
    if sample_images is not None:
        job_items.choose_sample(connection, job_id, sample_images)
    return job_id


def submit_from_job(
    runtime: Runtime,
    source_job_id: int,
    given: Mapping[str, Value],
    *,
    project_id: int | None = None,
    supersede: bool = False,
    priority: int = 0,
) -> int:
    """Queue a new choice among the candidates that a job kept, with its parameters but the `given`.

    Raises `NoCandidatesError`, `ChoiceRefusedError` or `BadParametersError`.
    """
    with runtime.engine.begin() as connection:
        return submit_from_job_in(
            connection,
            source_job_id,
            given,
            project_id=project_id,
            supersede=supersede,
            priority=priority,
        )


def submit_from_job_in(
    connection: sa.Connection,
    source_job_id: int,
    given: Mapping[str, Value],
    *,
    project_id: int | None = None,
    supersede: bool = False,
    priority: int = 0,
) -> int:
    """`submit_from_job` in the caller's transaction."""
    check_priority(priority)
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
        priority=priority,
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
    job that has succeeded, `BudgetSpentError`, and `TrainingBusyError` as `requeue` does.
    """
    lease = Lease(owner_name(), uuid.uuid4(), runtime.settings.lease_seconds)
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id)
        _take_turn(connection, job)
        check_budget(connection, job)
        if not jobs.claim(connection, job_id, lease, take_over=take_over or is_orphaned(job)):
            raise _refusal(connection, job_id, lease.seconds)
        was_lost = job.state is JobState.RUNNING
        job_items.give_back_of_others(connection, job_id, count_attempt=was_lost)
        job_items.requeue(connection, job_id, ItemState.FAILED)
        trainings.let_version_follow(connection, job_id)
    return lease


def _take_turn(connection: sa.Connection, job: Job) -> None:
    """A training that goes on must not meet another of its project. Raises `TrainingBusyError`."""
    if job.kind is JobKind.TRAIN and job.state in _STOPPED:
        trainings.take_turn(connection, job.project_id, job_id=job.id)


def is_orphaned(job: Job) -> bool:
    return job.lease_owner is not None and is_gone(job.lease_owner)


def _refusal(
    connection: sa.Connection, job_id: int, lease_seconds: float
) -> JobBusyError | RefusedTransitionError:
    job = jobs.by_id(connection, job_id)
    if job.lease_owner is None or job.lease_until is None:
        return RefusedTransitionError("Job", str(job_id), job.state, "run again")
    silent = lease_seconds - (job.lease_until - now(connection)).total_seconds()
    return JobBusyError(job_id, job.lease_owner, max(0.0, silent))


def check_priority(priority: int) -> None:
    if not -MOST_PRIORITY <= priority <= MOST_PRIORITY:
        raise BadPriorityError(priority, MOST_PRIORITY)


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
    """The items that failed, were quarantined or are put off, in the order of the ledger."""
    with runtime.engine.connect() as connection:
        job = jobs.by_id(connection, job_id)
        return list(job_ledger.troubled(connection, job.project_id, job_id))


def finished_items(runtime: Runtime, job_id: int) -> list[LedgerRow]:
    """The items that are done, in the order of the ledger."""
    with runtime.engine.connect() as connection:
        job = jobs.by_id(connection, job_id)
        done = (ItemState.DONE,)
        return list(job_ledger.ledger(connection, job.project_id, job_id, states=done))


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
        return job_ledger.page(
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
    """Put a job that failed or was stopped back to the queue: any worker goes on with it.

    A job that waits already, or whose worker was lost, is left to the worker as it is. Raises
    `NotFoundError`, `RefusedTransitionError` while it is worked on or when it has succeeded, and
    `TrainingBusyError` for a training while another of its project is under way.
    """
    with runtime.engine.begin() as connection:
        job = jobs.locked(connection, job_id, project_id)
        if job.state is JobState.QUEUED:
            return
        if job.state in _STOPPED:
            check_budget(connection, job)
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
        spent=_spent(connection, job),
        worker_lost=_is_lost(connection, job),
    )


def check_budget(connection: sa.Connection, job: Job) -> None:
    """Raises `BudgetSpentError` for a job that could only be paused again at once."""
    if job.budget == NO_BUDGET or job.state is JobState.SUCCEEDED:
        return
    if (spent := job.budget.reached(job_ledger.spent(connection, job.id))) is not None:
        raise BudgetSpentError(job.id, spent)


def _is_lost(connection: sa.Connection, job: Job) -> bool:
    lapsed = job.lease_until is not None and job.lease_until < now(connection)
    return lapsed or is_orphaned(job)


def _spent(connection: sa.Connection, job: Job) -> Spent:
    """Read where it is compared with something: it is a sum over the whole ledger."""
    if job.forecast is None and job.budget == NO_BUDGET:
        return Spent()
    return job_ledger.spent(connection, job.id)


def _version_name(connection: sa.Connection, job: Job) -> str | None:
    if job.model_version_id is None:
        return None
    return model_versions.by_id(connection, job.model_version_id).name
