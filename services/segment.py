"""Everything-mode over files, without a server: one SA-1B document per image."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath

from maskloop.actors import everything
from maskloop.actors.sam.embedding import Embedding
from maskloop.platform import sa1b
from maskloop.platform.errors import (
    BadImageError,
    MaskloopError,
    ObjectMissingError,
    ObjectUnreadableError,
)
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits, Pixels, read_image
from maskloop.platform.settings import Settings
from maskloop.platform.stages import Stages
from maskloop.platform.storage.file_errors import translated
from maskloop.platform.storage.sources import Source, find_images
from maskloop.services.local_model import LocalModel


@dataclass(frozen=True)
class Segmented:
    """`seconds` by stage sum to `wall_seconds`, in which `prepare` is the waiting for what took
    `ahead_seconds` while the image before was being decoded. `out` is None for a refused image."""

    source: str
    out: Path | None
    masks: int
    wall_seconds: float
    seconds: dict[str, float]
    ahead_seconds: dict[str, float]
    refusal: MaskloopError | None = None


_LONGEST_STEM = 60
"""Characters; with up to four bytes each this stays below what file systems allow."""


@dataclass
class _Names:
    """File names in the output folder: the image's stem, made unique by a number."""

    taken: set[str] = field(default_factory=set)

    def of(self, uri: str) -> str:
        stem = PurePosixPath(uri).stem[:_LONGEST_STEM] or "image"
        name, number = stem, 2
        while name.casefold() in self.taken:
            name, number = f"{stem}-{number}", number + 1
        self.taken.add(name.casefold())
        return f"{name}.json"


def segment(
    settings: Settings,
    model: LocalModel,
    locations: Sequence[str],
    out: Path,
    parameters: GenerationParameters,
) -> Iterator[Segmented]:
    """Segment images one after another; a bad image is yielded with its refusal.

    Each document is written whole or not at all; one of an earlier run is replaced.
    """
    with translated(str(out)):
        out.mkdir(parents=True, exist_ok=True)
    names = _Names()
    with ThreadPoolExecutor(1, "ahead") as ahead:

        def prepare(source: Source) -> Future[_Prepared]:
            return ahead.submit(_prepare, settings, model, source)

        started = time.perf_counter()
        waiting: Future[_Prepared] | None = None
        number = 0
        for following in chain(_sources(settings, locations), [None]):
            current = waiting
            waiting = None if following is None else prepare(following)
            if current is not None:
                number += 1
                yield _one(model, current, names, out, parameters, number, started)
                started = time.perf_counter()


def _sources(settings: Settings, locations: Sequence[str]) -> Iterator[Source]:
    for location in locations:
        yield from find_images(location, s3_endpoint_url=settings.s3_endpoint_url)


def count_images(settings: Settings, locations: Sequence[str]) -> int:
    """How many images there are. Raises `BadLocationError` before any work is done."""
    return sum(1 for _ in _sources(settings, locations))


@dataclass(frozen=True)
class _Prepared:
    """An image and its embedding, or why there is none, and the seconds that either took."""

    source: Source
    image: tuple[Pixels, Embedding] | MaskloopError
    seconds: dict[str, float]


def _prepare(settings: Settings, model: LocalModel, source: Source) -> _Prepared:
    stages = Stages()
    try:
        with stages("read"):
            data = source.read(settings.max_image_bytes)
            pixels, _ = read_image(data, source.uri, Limits(settings.max_image_pixels))
    except (BadImageError, ObjectMissingError, ObjectUnreadableError) as refusal:
        return _Prepared(source, refusal, stages.seconds)
    with stages("encode"):
        embedding = model.encoder.encode(pixels)
    return _Prepared(source, (pixels, embedding), stages.seconds)


def _one(
    model: LocalModel,
    waiting: Future[_Prepared],
    names: _Names,
    out: Path,
    parameters: GenerationParameters,
    number: int,
    started: float,
) -> Segmented:
    stages = Stages()
    with stages("prepare"):
        prepared = waiting.result()
    uri = prepared.source.uri
    target = out / names.of(uri)
    if isinstance(prepared.image, MaskloopError):
        seconds, wall = _whole(stages, started)
        return Segmented(uri, None, 0, wall, seconds, prepared.seconds, prepared.image)
    pixels, embedding = prepared.image
    masks = everything.generate(
        pixels,
        model.encoder,
        model.decoder,
        parameters,
        referee=model.referee,
        whole_image=embedding,
        stages=stages,
    )
    with stages("write"):
        document = sa1b.document(
            masks,
            image_id=number,
            file_name=PurePosixPath(uri).name,
            size_hw=(pixels.shape[0], pixels.shape[1]),
        )
        write_whole(target, json.dumps(document))
    seconds, wall = _whole(stages, started)
    return Segmented(uri, target, len(masks), wall, seconds, prepared.seconds)


def _whole(stages: Stages, started: float) -> tuple[dict[str, float], float]:
    """Seconds by stage, with what is in none of them, and their sum."""
    wall = time.perf_counter() - started
    return stages.seconds | {"other": wall - sum(stages.seconds.values())}, wall


def write_whole(path: Path, text: str) -> None:
    """Replace a file's content at once, so that a reader or a crash never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text)
    partial.replace(path)


def stats_json(model: str, done: Sequence[Segmented]) -> dict[str, object]:
    """Seconds per stage, for each image and in sum."""
    return {
        "model": model,
        "seconds": _sum([image.seconds for image in done]),
        "ahead_seconds": _sum([image.ahead_seconds for image in done]),
        "wall_seconds": sum(image.wall_seconds for image in done),
        "images": [
            {
                "source": image.source,
                "masks": image.masks,
                "wall_seconds": image.wall_seconds,
                "seconds": image.seconds,
                "ahead_seconds": image.ahead_seconds,
            }
            for image in done
        ],
    }


def _sum(seconds: Sequence[dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for image in seconds:
        for stage, value in image.items():
            total[stage] = total.get(stage, 0.0) + value
    return total
