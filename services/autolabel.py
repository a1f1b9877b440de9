"""The worker of autolabel jobs: hands the ledger's items to the pipeline and applies what returns.

Items are leased a window at a time. When the pipeline itself breaks (a process died, an error that
is nobody's outcome), the window shrinks until a single image is left that breaks it; that image is
quarantined and the rest goes on.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from maskloop.actors import autolabel
from maskloop.actors.autolabel import ItemResult, Plan, WorkItem
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.device import device_of
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import job_items, jobs, model_versions
from maskloop.platform.db.job_items import Counts, LeasedItem
from maskloop.platform.db.jobs import Job, Lease
from maskloop.platform.errors import (
    LeaseLostError,
    MaskloopError,
    PipelineBrokenError,
    WorkersDieError,
)
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits
from maskloop.platform.states import ItemState, JobState
from maskloop.services.jobs import Heartbeat, JobView, claim, view
from maskloop.services.proposals import apply_result, settle_bad
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)

WINDOW = 256
"""Items leased and handed to the pipeline together; starting a window costs a second or two."""
_SHRINK = 16
HOPELESS = 3
"""So many single images in a row that break the pipeline are no fault of the images."""


class Pipeline(Protocol):
    """`actors.autolabel.run`, or what a test puts in its place."""

    def __call__(
        self, plan: Plan, items: Sequence[WorkItem], *, workers: int
    ) -> Iterator[ItemResult]: ...


class _CancelledError(Exception):
    """Somebody asked the job to stop."""


@dataclass(frozen=True)
class _Work:
    """One claimed job and all it needs."""

    runtime: Runtime
    job: Job
    lease: Lease
    plan: Plan
    pipeline: Pipeline
    heartbeat: Heartbeat
    tally: "_Tally"


class _Tally:
    """The ledger's counts, kept while working: asking the database after every image would cost
    more the larger the job is."""

    def __init__(self, counts: Counts, on_progress: Callable[[Counts], None]) -> None:
        waiting = counts.queued + counts.leased
        self._counts = replace(counts, queued=waiting, leased=0)
        self._on_progress = on_progress
        on_progress(self._counts)

    def settled(self, state: ItemState, masks: int = 0) -> None:
        counts = self._counts
        changed = {"queued": counts.queued - 1, "masks": counts.masks + masks}
        changed[state.value] = getattr(counts, state.value) + 1
        self._counts = replace(counts, **changed)
        self._on_progress(self._counts)


def run_job(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
    pipeline: Pipeline = autolabel.run,
) -> JobView:
    """Claim a job and work on it to its end; resumes what an earlier worker left.

    A KeyboardInterrupt and `jobs cancel` end it as cancelled, an error of the job itself as failed;
    both keep every settled item and can be resumed. Raises what `claim` raises, `LeaseLostError`,
    and whatever made the job fail.
    """
    lease = claim(runtime, job_id, take_over=take_over)
    job = view(runtime, job_id).job
    heartbeat = Heartbeat(runtime.engine, job_id, lease, on_silence=_log_silence(job_id))
    settings = runtime.settings
    with heartbeat:
        try:
            plan, tally = _plan(runtime, job), _Tally(view(runtime, job_id).counts, on_progress)
            work = _Work(runtime, job, lease, plan, pipeline, heartbeat, tally)
            with ray_session(
                workers=settings.worker_count, object_store_mb=settings.ray_object_store_mb
            ):
                _work_through(work)
        except LeaseLostError:
            raise
        except (_CancelledError, KeyboardInterrupt) as stop:
            _end(runtime, job_id, lease, JobState.CANCELLED)
            if isinstance(stop, KeyboardInterrupt):
                raise
        except Exception as error:
            code = error.code if isinstance(error, MaskloopError) else "internal"
            _end(runtime, job_id, lease, JobState.FAILED, code=code, reason=str(error))
            raise
        else:
            _end_by_ledger(runtime, job_id, lease)
    return view(runtime, job_id)


def _log_silence(job_id: int) -> Callable[[Exception], None]:
    return lambda error: logger.warning("heartbeat.silent job=%d error=%s", job_id, error)


def _plan(runtime: Runtime, job: Job) -> Plan:
    """Raises `WeightsMissingError` or `WeightsCorruptError` before any process is started."""
    settings = runtime.settings
    with runtime.engine.connect() as connection:
        version = model_versions.by_id(connection, job.model_version_id)
    weights = WeightsFolder(settings.weights)
    for digest in (version.encoder_digest, version.decoder_digest):
        fetch(weights, digest, runtime.objects)
        weights.load(digest)
    return Plan(
        objects=settings.objects,
        s3_endpoint_url=settings.s3_endpoint_url,
        weights=settings.weights,
        encoder_digest=version.encoder_digest,
        decoder_digest=version.decoder_digest,
        device=device_of(settings.device),
        threads=1,
        parameters=GenerationParameters.from_json(job.parameters),
        limits=Limits(settings.max_image_pixels),
        results_prefix=f"results/{job.project_id}/{job.id}",
    )


def _work_through(work: _Work) -> None:
    """Lease, run and settle windows until the queue is empty."""
    window, hopeless = WINDOW, 0
    while items := _lease(work, window):
        try:
            _run_window(work, items)
            window, hopeless = WINDOW, 0
        except PipelineBrokenError as error:
            _check_stop(work)
            if len(items) > 1:
                _give_back(work)
                window = max(1, len(items) // _SHRINK)
                logger.warning("pipeline.broken job=%d window=%d", work.job.id, window)
                continue
            hopeless += 1
            if hopeless == HOPELESS:
                raise WorkersDieError(work.job.id, error.reason) from error
            _quarantine(work, items[0], error.reason)


def _lease(work: _Work, limit: int) -> list[LeasedItem]:
    with work.runtime.engine.begin() as connection:
        return job_items.lease(connection, work.job.id, work.lease, limit=limit)


def _run_window(work: _Work, items: list[LeasedItem]) -> None:
    by_id = {item.id: item for item in items}
    asked = [
        WorkItem(item.id, item.image_id, item.image_key, item.sha256, item.source_uri)
        for item in items
    ]
    workers = work.runtime.settings.worker_count
    for result in work.pipeline(work.plan, asked, workers=workers):
        state = apply_result(work.runtime, work.job, work.lease, by_id[result.item_id], result)
        work.tally.settled(state, result.masks)
        _check_stop(work)


def _check_stop(work: _Work) -> None:
    if work.heartbeat.lost.is_set():
        raise LeaseLostError(work.job.id)
    if work.heartbeat.cancel_requested.is_set():
        raise _CancelledError


def _give_back(work: _Work) -> None:
    with work.runtime.engine.begin() as connection:
        job_items.give_back(connection, work.job.id, count_attempt=True)


def _quarantine(work: _Work, item: LeasedItem, reason: str) -> None:
    settle_bad(
        work.runtime,
        work.job,
        work.lease,
        item,
        ItemState.QUARANTINED,
        code="worker_died",
        reason=f"Working on {item.source_uri} broke the worker: {reason}",
    )
    work.tally.settled(ItemState.QUARANTINED)


def _end_by_ledger(runtime: Runtime, job_id: int, lease: Lease) -> None:
    """Succeeded when every item is done or quarantined, else failed: the truth is the ledger's."""
    with runtime.engine.connect() as connection:
        counts = job_items.counts(connection, job_id)
    if counts.failed:
        reason = (
            f"{counts.failed} of {counts.total} images could not be done; "
            f"see them with `maskloop jobs show {job_id}`, then `maskloop jobs resume {job_id}`"
        )
        _end(runtime, job_id, lease, JobState.FAILED, code="items_failed", reason=reason)
    else:
        _end(runtime, job_id, lease, JobState.SUCCEEDED)


def _end(
    runtime: Runtime,
    job_id: int,
    lease: Lease,
    state: JobState,
    *,
    code: str | None = None,
    reason: str | None = None,
) -> None:
    with runtime.engine.begin() as connection:
        if not jobs.finish(connection, job_id, lease, state, error_code=code, error=reason):
            raise LeaseLostError(job_id)
        job_items.give_back(connection, job_id, count_attempt=False)
