"""What the database knows of an autolabel job, gathered for its report."""

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

import sqlalchemy as sa

from maskloop.platform.db import job_items, job_ledger, jobs, model_versions, projects
from maskloop.platform.db.database import now
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.db.jobs import Job
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.forecast import Compared, Spent
from maskloop.platform.states import ItemState, JobState
from maskloop.services.forecasts import comparison

MAX_TROUBLED = 500
"""Failed and quarantined images listed, at most."""


@dataclass(frozen=True)
class StageTime:
    """`seconds` of all workers together; `share` of all stages, 0 to 1."""

    name: str
    seconds: float
    share: float


@dataclass
class Ledger:
    """A job's ledger read once: sums over all of it, rows only as far as the page shows them."""

    shown: list[LedgerRow] = field(default_factory=list)
    troubled: list[LedgerRow] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, row: LedgerRow, *, max_images: int) -> None:
        if row.state is ItemState.DONE:
            self.masks.append(row.masks or 0)
            if len(self.shown) < max_images:
                self.shown.append(row)
        elif row.error and len(self.troubled) < MAX_TROUBLED:
            self.troubled.append(row)
        for stage, seconds in row.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


@dataclass(frozen=True)
class JobFacts:
    project: str
    job: Job
    version: ModelVersion
    as_of: datetime
    counts: Counts
    spent: Spent
    ledger: Ledger

    @property
    def forecast(self) -> list[Compared]:
        return comparison(self.job, self.spent)

    @property
    def in_progress(self) -> bool:
        return self.job.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def seconds(self) -> float | None:
        """From the first start to the end, or until now; pauses between are part of it."""
        if self.job.started_at is None:
            return None
        return ((self.job.finished_at or self.as_of) - self.job.started_at).total_seconds()

    @property
    def images_per_minute(self) -> float | None:
        return 60 * self.counts.done / self.seconds if self.seconds and self.counts.done else None

    @property
    def median_masks(self) -> float | None:
        return median(self.ledger.masks) if self.ledger.masks else None

    @property
    def stages(self) -> list[StageTime]:
        """The longest first."""
        whole = sum(self.ledger.seconds.values()) or 1.0
        falling = sorted(self.ledger.seconds.items(), key=lambda stage: -stage[1])
        return [StageTime(name, seconds, seconds / whole) for name, seconds in falling]

    @property
    def waiting(self) -> int:
        return self.counts.queued + self.counts.leased

    @property
    def troubles(self) -> int:
        return self.counts.failed + self.counts.quarantined


def read_facts(engine: sa.Engine, job_id: int, *, max_images: int) -> JobFacts:
    """One moment of a job, however long it is read. Raises `NotFoundError`."""
    snapshot = engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    with snapshot as connection:
        job = jobs.by_id(connection, job_id)
        ledger = Ledger()
        for row in job_ledger.ledger(connection, job.project_id, job.id):
            ledger.add(row, max_images=max_images)
        return JobFacts(
            project=projects.by_id(connection, job.project_id).name,
            job=job,
            version=model_versions.by_id(connection, job.version_id),
            as_of=now(connection),
            counts=job_items.counts(connection, job.id),
            spent=job_ledger.spent(connection, job.id),
            ledger=ledger,
        )
