"""Working on a job of whatever kind."""

import threading
from collections.abc import Callable

from maskloop.actors.training.plan import TrainingPoint
from maskloop.platform.db import jobs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.states import JobKind
from maskloop.services.autolabel import run_job
from maskloop.services.evaluation_runs import run_evaluation
from maskloop.services.export.jobs import run_export
from maskloop.services.held_jobs import Interrupted, end_as_cancelled
from maskloop.services.jobs import JobView
from maskloop.services.runtime import Runtime
from maskloop.services.training_runs import run_training


def run(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
    on_point: Callable[[TrainingPoint], None] = lambda point: None,
    when_interrupted: Interrupted = end_as_cancelled,
    stop: threading.Event | None = None,
    gives_way: bool = False,
) -> JobView:
    """As `run_job`, `run_export`, `run_evaluation`, and `run_training`, which tells its steps to
    `on_point`.

    `stop` leaves all but autolabel jobs to another worker; those are stopped by an interrupt, and
    with `gives_way` by a waiting one of a higher priority.
    """
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
    if kind is JobKind.TRAIN:
        return run_training(
            runtime,
            job_id,
            take_over=take_over,
            on_point=on_point,
            when_interrupted=when_interrupted,
            stop=stop,
        )
    if kind is JobKind.EVALUATE:
        return run_evaluation(
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
        gives_way=gives_way,
    )
