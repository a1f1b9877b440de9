"""The forecast of a dry run: made when its sample is settled, and kept with the job."""

import math
from collections.abc import Sequence
from datetime import datetime

from maskloop.platform.db import job_items, job_ledger, jobs
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.db.jobs import Job
from maskloop.platform.errors import LeaseLostError, NothingMeasuredError
from maskloop.platform.forecast import Compared, Forecast, Measured, Spent, compared, forecast
from maskloop.platform.states import JobState
from maskloop.services.held_jobs import HeldJob
from maskloop.services.units import duration, size


def make_forecast(held: HeldJob, *, workers: int, began: datetime) -> Forecast:
    """From what the sample took; `began`: when this worker began with it, by the database's clock.

    Raises `NothingMeasuredError` when no image of the sample could be done, `LeaseLostError`.
    """
    job = held.job
    with held.runtime.engine.begin() as connection:
        rows = job_ledger.sample(connection, job.project_id, job.id)
        images = job_items.counts(connection, job.id).total
        if not any(row.masks is not None for row in rows):
            raise NothingMeasuredError(job.id, len(rows))
        start_seconds, stretch = _pace(rows, workers, began)
        made = forecast(
            [_measured(row) for row in rows],
            images=images,
            workers=workers,
            start_seconds=start_seconds,
            stretch=stretch,
        )
        if not jobs.set_forecast(connection, job.id, held.lease, made):
            raise LeaseLostError(job.id)
    return made


def _measured(row: LedgerRow) -> Measured:
    return Measured(sum(row.seconds.values()), row.masks or 0, row.bytes or 0)


def _pace(rows: Sequence[LedgerRow], workers: int, began: datetime) -> tuple[float, float]:
    """Seconds until the first image was begun, and how much longer than busy the workers were.

    At the end of a sample some workers have nothing left to do, as they will once at the end of the
    job: half an image of each is left out.
    """
    busy = [sum(row.seconds.values()) for row in rows]
    ends = [row.finished_at for row in rows if row.finished_at is not None]
    start = max(0.0, (ends[0] - began).total_seconds() - busy[0])
    on_clock = (ends[-1] - began).total_seconds() - start
    idle = (workers - 1) / 2 * sum(busy) / len(busy)
    return start, max(1.0, on_clock * workers / (sum(busy) + idle))


NAMES = {
    "wall_seconds": "time on the clock",
    "worker_seconds": "time of all workers",
    "masks": "masks",
    "bytes": "written to the store",
}


def value(quantity: str, amount: float) -> str:
    """An amount of a forecast's quantity, in words."""
    if math.isinf(amount):
        return "any"
    if quantity.endswith("seconds"):
        return duration(amount)
    return size(amount) if quantity == "bytes" else f"{amount:,.0f}"


def comparison(job: Job, spent: Spent) -> list[Compared]:
    """A job's forecast beside the truth, once it has ended well; nothing without a forecast."""
    if job.forecast is None:
        return []
    has_ended = job.state is JobState.SUCCEEDED
    return compared(
        job.forecast, spent if has_ended else None, job.worked_seconds if has_ended else None
    )
