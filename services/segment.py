"""Everything-mode over files, without a server: one SA-1B document per image."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from maskloop.actors import everything
from maskloop.platform import sa1b
from maskloop.platform.errors import BadImageError, MaskloopError, ObjectMissingError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits, read_image
from maskloop.platform.settings import Settings
from maskloop.platform.stages import Stages
from maskloop.platform.storage.file_errors import translated
from maskloop.platform.storage.sources import Source, find_images
from maskloop.services.local_model import LocalModel


@dataclass(frozen=True)
class Segmented:
    """`seconds` by stage sum to `wall_seconds`; `out` is None for a refused image."""

    source: str
    out: Path | None
    masks: int
    wall_seconds: float
    seconds: dict[str, float]
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
    number = 0
    for location in locations:
        for source in find_images(location, s3_endpoint_url=settings.s3_endpoint_url):
            number += 1
            target = out / names.of(source.uri)
            yield _one(settings, model, source, target, parameters, number)


def count_images(settings: Settings, locations: Sequence[str]) -> int:
    """How many images there are. Raises `BadLocationError` before any work is done."""
    return sum(
        1
        for location in locations
        for _ in find_images(location, s3_endpoint_url=settings.s3_endpoint_url)
    )


def _one(
    settings: Settings,
    model: LocalModel,
    source: Source,
    target: Path,
    parameters: GenerationParameters,
    number: int,
) -> Segmented:
    started = time.perf_counter()
    stages = Stages()
    try:
        with stages("read"):
            data = source.read(settings.max_image_bytes)
            pixels, _ = read_image(data, source.uri, Limits(settings.max_image_pixels))
    except (BadImageError, ObjectMissingError) as refusal:
        wall = time.perf_counter() - started
        return Segmented(source.uri, None, 0, wall, stages.seconds, refusal)
    masks = everything.generate(pixels, model.encoder, model.decoder, parameters, stages=stages)
    with stages("write"):
        document = sa1b.document(
            masks,
            image_id=number,
            file_name=PurePosixPath(source.uri).name,
            size_hw=(pixels.shape[0], pixels.shape[1]),
        )
        write_whole(target, json.dumps(document))
    wall = time.perf_counter() - started
    stages.seconds["other"] = wall - sum(stages.seconds.values())
    return Segmented(source.uri, target, len(masks), wall, stages.seconds)


def write_whole(path: Path, text: str) -> None:
    """Replace a file's content at once, so that a reader or a crash never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text)
    partial.replace(path)


def stats_json(model: str, done: Sequence[Segmented]) -> dict[str, object]:
    """Seconds per stage, for each image and in sum."""
    total: dict[str, float] = {}
    for image in done:
        for stage, seconds in image.seconds.items():
            total[stage] = total.get(stage, 0.0) + seconds
    return {
        "model": model,
        "seconds": total,
        "wall_seconds": sum(image.wall_seconds for image in done),
        "images": [
            {
                "source": image.source,
                "masks": image.masks,
                "wall_seconds": image.wall_seconds,
                "seconds": image.seconds,
            }
            for image in done
        ],
    }
