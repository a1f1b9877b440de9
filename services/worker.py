"""The worker of a running platform: takes the first waiting job, works on it, takes the next. First
is the oldest of the highest priority."""

import logging
import threading
from collections.abc import Callable, Sequence

from maskloop.actors.training.plan import TrainingPoint
from maskloop.platform.db import jobs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.errors import (
    DatabaseUnavailableError,
    JobBusyError,
    LeaseLostError,
    TrainingBusyError,
)
from maskloop.platform.states import JobKind
from maskloop.services.held_jobs import leave_for_another
from maskloop.services.running import run
from maskloop.services.runtime import Runtime
from maskloop.services.steering import settle_abandoned

logger = logging.getLogger(__name__)


def work(
    runtime: Runtime,
    stop: threading.Event,
    *,
    kinds: Sequence[JobKind] = tuple(JobKind),
    poll_seconds: float = 1.0,
    on_progress: Callable[[int, Counts], None] = lambda job_id, counts: None,
    on_point: Callable[[int, TrainingPoint], None] = lambda job_id, point: None,
) -> None:
    """Until `stop` is set. A job that fails says so in its row and does not end the worker.

    Of these `kinds` only: one loop per group lets an export not wait behind hours of autolabel, nor
    autolabel behind a training.

    A KeyboardInterrupt goes through; the job in hand then waits for the next worker.
    """
    while not stop.is_set():
        job_id = _next(runtime, kinds)
        if job_id is None:
            stop.wait(poll_seconds)
        else:
            _work_on(runtime, job_id, stop, on_progress, on_point)


def _next(runtime: Runtime, kinds: Sequence[JobKind]) -> int | None:
    """None also while the database does not answer: it may come back."""
    try:
        settle_abandoned(runtime)
        with runtime.engine.connect() as connection:
            return jobs.next_waiting(connection, kinds)
    except DatabaseUnavailableError as error:
        logger.warning("database.silent error=%s", error)
        return None


def _work_on(
    runtime: Runtime,
    job_id: int,
    stop: threading.Event,
    on_progress: Callable[[int, Counts], None],
    on_point: Callable[[int, TrainingPoint], None],
) -> None:
    try:
        run(
            runtime,
            job_id,
            on_progress=lambda counts: on_progress(job_id, counts),
            on_point=lambda point: on_point(job_id, point),
            when_interrupted=leave_for_another,
            stop=stop,
            gives_way=True,
        )
    except (JobBusyError, LeaseLostError, TrainingBusyError) as error:
        logger.info("job.left job=%d reason=%s", job_id, error.code)
    except Exception as error:  # noqa: BLE001  the row holds the error
        logger.error("job.failed job=%d error=%s", job_id, error)
