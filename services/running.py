"""Working on a job of whatever kind."""

import threading
from collections.abc import Callable

from maskloop.platform.db import jobs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.states import JobKind
from maskloop.services.autolabel import run_job
from maskloop.services.export.jobs import run_export
from maskloop.services.held_jobs import Interrupted, end_as_cancelled
from maskloop.services.jobs import JobView
from maskloop.services.runtime import Runtime


def run(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
    when_interrupted: Interrupted = end_as_cancelled,
    stop: threading.Event | None = None,
) -> JobView:
    """As `run_job` and `run_export`. `stop` ends exports early; autolabel jobs by an interrupt."""
    with runtime.engine.connect() as connection:
        kind = jobs.by_id(connection, job_id).kind
    if kind is JobKind.EXPORT:
        return run_export(
            runtime,
            job_id,
            take_over=take_over,
            on_progress=on_progress,
            when_interrupted=when_interrupted,
            stop=stop,
        )
    return run_job(
        runtime,
        job_id,
        take_over=take_over,
        on_progress=on_progress,
        when_interrupted=when_interrupted,
    )
