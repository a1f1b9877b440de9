"""The worker of autolabel jobs: hands the ledger's items to the pipeline and applies what returns.

Items are leased a window at a time; what cannot be done now is put off, and the worker waits for it
when nothing else is left. When the pipeline itself breaks (a process died, an error that
is nobody's outcome), the window shrinks until a single image is left that breaks it. That image is
suspected, and quarantined once another one has gone through: where none does, it is the machine.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from maskloop.actors import autolabel
from maskloop.actors.pools import with_pools
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import Compute, compute_of, workers_of
from maskloop.actors.work import ItemResult, Outcome, Plan, Pool, WorkItem
from maskloop.platform.db import job_items, job_ledger, model_versions
from maskloop.platform.db.database import now
from maskloop.platform.db.job_items import Counts, LeasedItem
from maskloop.platform.db.jobs import NO_BUDGET, Job, Lease
from maskloop.platform.errors import (
    PipelineBrokenError,
    WorkersDieError,
)
from maskloop.platform.forecast import Spent
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits
from maskloop.platform.settings import Settings
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services.forecasts import make_forecast
from maskloop.services.held_jobs import (
    HeldJob,
    Interrupted,
    PausedError,
    end,
    end_as_cancelled,
    held_job,
)
from maskloop.services.jobs import JobView, view
from maskloop.services.model_versions import fetch_weights
from maskloop.services.proposals import apply_result, settle_bad
from maskloop.services.result_writers import ResultWriters
from maskloop.services.runtime import Runtime
from maskloop.services.tally import Purse, Tally

logger = logging.getLogger(__name__)

WINDOW = 256
"""Items leased and handed to the pipeline together, at least: starting a window costs seconds."""
WINDOW_OF_A_WORKER = 64
"""So many for each, on a cluster."""
WRITERS = 3
"""Threads that apply results; each has a connection to the database while it does."""
_SHRINK = 16
HOPELESS = 3
"""So many single images in a row that break the pipeline are no fault of the images."""


class Pipeline(Protocol):
    """`actors.autolabel.run`, or what a test puts in its place."""

    def __call__(self, plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]: ...


@dataclass(frozen=True)
class _Work:
    """One claimed job and all it needs."""

    held: HeldJob
    plan: Plan
    pipeline: Pipeline
    tally: Tally
    purse: Purse

    @property
    def runtime(self) -> Runtime:
        return self.held.runtime

    @property
    def job(self) -> Job:
        return self.held.job

    @property
    def lease(self) -> Lease:
        return self.held.lease


def _purse(runtime: Runtime, job: Job) -> Purse:
    if job.budget == NO_BUDGET:
        return Purse(job, Spent())
    with runtime.engine.connect() as connection:
        return Purse(job, job_ledger.spent(connection, job.id))


def run_job(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
    when_interrupted: Interrupted = end_as_cancelled,
    gives_way: bool = False,
    pipeline: Pipeline | None = None,
) -> JobView:
    """Claim a job and work on it to its end; resumes what an earlier worker left.

    What stops it ends as `held_job` says, and keeps every settled item. The work is done by Ray
    Data in a session of its own, unless another `pipeline` is given.
    """
    with held_job(
        runtime,
        job_id,
        kind=JobKind.AUTOLABEL,
        take_over=take_over,
        when_interrupted=when_interrupted,
        gives_way=gives_way,
    ) as held:
        with runtime.engine.connect() as connection:
            began = now(connection)
        plan, tally = _plan(runtime, held.job), Tally(view(runtime, job_id).counts, on_progress)
        opened = _through_ray(runtime, plan) if pipeline is None else nullcontext((plan, pipeline))
        with opened as (fitted, run):
            _work_on(_Work(held, fitted, run, tally, _purse(runtime, held.job)), began)
        _end_by_ledger(runtime, job_id, held.lease)
    return view(runtime, job_id)


@contextmanager
def _through_ray(runtime: Runtime, plan: Plan) -> Iterator[tuple[Plan, Pipeline]]:
    """The plan as the cluster at hand has room for it."""
    settings = runtime.settings
    with ray_session(workers=plan.workers.size, object_store_mb=settings.ray_object_store_mb):
        yield with_pools(plan, settings), autolabel.run


def _plan(runtime: Runtime, job: Job) -> Plan:
    """Raises `WeightsMissingError` or `WeightsCorruptError` before any process is started."""
    settings = runtime.settings
    with runtime.engine.connect() as connection:
        version = model_versions.by_id(connection, job.version_id)
    compute = compute_of(settings, threads=1)
    if job.source_job_id is None:
        fetch_weights(runtime, version)
    return Plan(
        objects=runtime.objects.url,
        s3_endpoint_url=settings.s3_endpoint_url,
        weights=settings.weights,
        encoder_digest=version.encoder_digest,
        decoder_digest=version.decoder_digest,
        compute=compute,
        workers=_workers(compute, settings, loads_model=job.source_job_id is None),
        parameters=GenerationParameters.from_json(job.parameters),
        limits=Limits(settings.max_image_pixels),
        keep_candidates=job.keep_candidates,
        from_candidates=job.source_job_id is not None,
    )


def _workers(compute: Compute, settings: Settings, *, loads_model: bool) -> Pool:
    """Of this machine."""
    gpus = 1.0 if compute.device == "cuda" and loads_model else 0.0
    return Pool(settings.workers or workers_of(compute.device), gpus=gpus)


def _work_on(work: _Work, began: datetime) -> None:
    """A dry run's sample first; the job is paused with its forecast, where anything is left."""
    if work.job.sample_images is not None and work.job.forecast is None:
        _work_through(work, only_sampled=True)
        made = make_forecast(work.held, workers=work.plan.workers.size, began=began)
        if work.tally.left:
            reason = (
                f"the forecast is made, from {made.sampled} of {made.images} images; "
                f"go on with `maskloop jobs resume {work.job.id}`"
            )
            raise PausedError("forecast_made", reason)
    _work_through(work)


def _work_through(work: _Work, *, only_sampled: bool = False) -> None:
    """Lease, run and settle windows until the queue is empty."""
    largest = max(WINDOW, WINDOW_OF_A_WORKER * work.plan.workers.size)
    window, suspects = largest, _Suspects(work)
    while True:
        items = _lease(work, window, only_sampled)
        if not items:
            if (seconds := _seconds_to_next_try(work, only_sampled)) is None:
                break
            work.held.wait(seconds)
            continue
        try:
            _run_window(work, items, suspects)
            window = largest
        except PipelineBrokenError as error:
            work.held.check_stop()
            if len(items) == 1:
                suspects.add(items[0], error)
                continue
            _give_back(work, items)
            window = max(1, len(items) // _SHRINK)
            logger.warning("pipeline.broken job=%d window=%d", work.job.id, window)
    suspects.end()


class _Suspects:
    """Images that broke the pipeline when they were alone in it, since one last went through.

    They stay leased until they are judged: another that goes through convicts them, three in a row
    acquit them. At the end of the queue it is enough that any went through in this run.
    """

    def __init__(self, work: _Work) -> None:
        self._work = work
        self._found: list[tuple[LeasedItem, PipelineBrokenError]] = []
        self._one_went_through = False
        self._convicting = threading.Lock()

    def add(self, item: LeasedItem, error: PipelineBrokenError) -> None:
        """Raises `WorkersDieError` for one too many."""
        with self._convicting:
            self._found.append((item, error))
            if len(self._found) == HOPELESS:
                raise WorkersDieError(self._work.job.id, error.reason) from error

    def convict(self) -> None:
        """By whichever writer is the first."""
        with self._convicting:
            self._one_went_through = True
            for item, error in self._found:
                _quarantine(self._work, item, error.reason)
            self._found.clear()

    def end(self) -> None:
        """Nothing is left that could go through."""
        if self._found and not self._one_went_through:
            raise WorkersDieError(self._work.job.id, self._found[-1][1].reason)
        self.convict()


def _lease(work: _Work, limit: int, only_sampled: bool) -> list[LeasedItem]:
    with work.runtime.engine.begin() as connection:
        items = job_items.lease(
            connection, work.job.id, work.lease, limit=limit, only_sampled=only_sampled
        )
        put_off = job_items.count_put_off(connection, work.job.id)
    work.tally.put_off(put_off)
    return items


def _seconds_to_next_try(work: _Work, only_sampled: bool) -> float | None:
    with work.runtime.engine.connect() as connection:
        return job_items.seconds_to_next_try(connection, work.job.id, only_sampled=only_sampled)


def _run_window(work: _Work, items: list[LeasedItem], suspects: _Suspects) -> None:
    by_id = {item.id: item for item in items}
    with ResultWriters(WRITERS) as writers:
        for result in work.pipeline(work.plan, [_asked(item) for item in items]):
            item = by_id.pop(result.item_id)
            if result.outcome is Outcome.BROKE:
                suspects.add(item, PipelineBrokenError(result.reason))
                continue
            writers.write(partial(_apply, work, item, result, suspects))
            work.purse.pay(result)
            if work.purse.is_empty:
                break
            work.held.check_stop()
    if work.tally.left:
        work.purse.check()
    if by_id:
        raise PipelineBrokenError(f"{len(by_id)} images were left without a result")


def _apply(work: _Work, item: LeasedItem, result: ItemResult, suspects: _Suspects) -> None:
    state = apply_result(work.runtime, work.job, work.lease, item, result)
    work.tally.settled(state, result.masks)
    if state is ItemState.DONE:
        suspects.convict()


def _asked(item: LeasedItem) -> WorkItem:
    return WorkItem(
        item_id=item.id,
        image_key=item.image_key,
        sha256=item.sha256,
        source=item.source_uri,
        candidates_key=item.candidates_key or "",
    )


def _give_back(work: _Work, items: list[LeasedItem]) -> None:
    """Those of a broken window that were not settled; suspects stay leased."""
    with work.runtime.engine.begin() as connection:
        job_items.give_back(
            connection,
            work.job.id,
            work.lease,
            count_attempt=True,
            only=[item.id for item in items],
        )


def _quarantine(work: _Work, item: LeasedItem, reason: str) -> None:
    settle_bad(
        work.runtime,
        work.job,
        work.lease,
        item,
        ItemState.QUARANTINED,
        code="breaks_worker",
        reason=f"Working on {item.source_uri} broke the worker: {reason}",
    )
    work.tally.settled(ItemState.QUARANTINED)


def _end_by_ledger(runtime: Runtime, job_id: int, lease: Lease) -> None:
    """The truth is the ledger's: succeeded when something is done and nothing is left to do."""
    with runtime.engine.connect() as connection:
        counts = job_items.counts(connection, job_id)
    left = counts.total - counts.done - counts.quarantined
    look = f"see why with `maskloop jobs show {job_id}`"
    if left:
        reason = f"{left} of {counts.total} images could not be done; {look}, then resume the job"
        end(runtime, job_id, lease, JobState.FAILED, code="items_failed", reason=reason)
    elif counts.quarantined and not counts.done:
        reason = f"all {counts.total} images were set aside as bad; {look}"
        end(runtime, job_id, lease, JobState.FAILED, code="all_quarantined", reason=reason)
    else:
        end(runtime, job_id, lease, JobState.SUCCEEDED)
