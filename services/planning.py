"""What `maskloop plan` is made from: a job of this installation, and the database's own speed."""

import hashlib
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import psutil

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.compute import compute_of
from maskloop.actors.work import ItemResult, Outcome
from maskloop.platform import sa1b
from maskloop.platform.db import images, job_items, job_ledger, jobs, model_versions
from maskloop.platform.db.job_items import LeasedItem
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.db.jobs import Job, Lease
from maskloop.platform.db.sizes import Sizes, sizes
from maskloop.platform.errors import NothingToPlanByError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import ImageFacts
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.planning import Rows, Sample
from maskloop.platform.settings import Settings
from maskloop.platform.states import JobKind
from maskloop.services.autolabel import WRITERS
from maskloop.services.jobs import claim
from maskloop.services.projects import create_project
from maskloop.services.proposals import apply_result
from maskloop.services.result_writers import ResultWriters
from maskloop.services.runtime import Runtime, open_runtime

SAMPLE: Final = 64
"""Images of a job that are looked at, at most."""
LEAST: Final = 2
"""Images without which there is no interval."""
_LOOK_BACK: Final = 200
"""Jobs, when none is named."""
_MASKS: Final = 30_000
"""Written to learn how fast the database is; enough to tell the size of a row."""
_STAGES: Final = {
    "read": "read",
    "encode": "encode",
    "decode": "decode",
    "settle": "decode",
    "adapt": "decode",
    "write": "write",
}
"""Of a job's stages; all others choose masks."""
_OTHER_STAGES: Final = "choose masks"


def memory() -> float:
    """Bytes of this machine."""
    return float(psutil.virtual_memory().total)


def measured_job(runtime: Runtime, job_id: int | None = None) -> tuple[Job, list[LedgerRow]]:
    """The named autolabel job, or the newest one that computed something, with some images of it.

    Raises `NothingToPlanByError`, `NotFoundError`.
    """
    with runtime.engine.connect() as connection:
        if job_id is None:
            found = jobs.recent(connection, limit=_LOOK_BACK)
        else:
            found = [jobs.by_id(connection, job_id)]
        for job in found:
            if job.kind is not JobKind.AUTOLABEL or job.source_job_id is not None:
                continue
            rows = job_ledger.computed(connection, job.project_id, job.id, limit=SAMPLE)
            if len(rows) >= LEAST:
                return job, rows
    raise NothingToPlanByError(
        "no job here" if job_id is None else f"job {job_id} is no autolabel job that"
    )


def sample_of(runtime: Runtime, job: Job, rows: Sequence[LedgerRow]) -> Sample:
    with runtime.engine.connect() as connection:
        version = model_versions.by_id(connection, job.version_id)
    store = EmbeddingStore(runtime.objects, compute_of(runtime.settings).precision)
    keys = {
        "images": [images.object_key(row.sha256) for row in rows],
        "embeddings": [store.key(row.sha256, version.encoder_digest) for row in rows],
        "candidates": [row.candidates_key or "" for row in rows],
        "results": [row.result_key or "" for row in rows],
    }
    return Sample(
        seconds=[_grouped(row.seconds) for row in rows],
        masks=[row.masks or 0 for row in rows],
        bytes={kind: [_size(runtime, key) for key in found] for kind, found in keys.items()},
    )


def _grouped(seconds: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for stage, spent in seconds.items():
        group = _STAGES.get(stage, _OTHER_STAGES)
        found[group] = found.get(group, 0.0) + spent
    return found


def _size(runtime: Runtime, key: str) -> int:
    """0 for what is not there: it was deleted, or never kept."""
    info = runtime.objects.info(key) if key else None
    return 0 if info is None else info.size


def rows_of(runtime: Runtime, sampled: Sequence[LedgerRow], masks_per_image: float) -> Rows:
    """What the database takes for masks such as these and how fast it is, by as many images as it
    takes in a database beside this one, through what applies every job's results."""
    masks = _masks_of(runtime, sampled, max(1, round(masks_per_image)))
    count = max(50, _MASKS // len(masks))
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-plan-") as folder,
        open_runtime(_beside(runtime.settings, Path(folder))) as scratch,
    ):
        job_id, before = _prepared(scratch, count)
        seconds = _applied(scratch, job_id, masks, count)
        with scratch.engine.connect() as connection:
            after = sizes(connection)
    return _rows(before, after, masks=count * len(masks), images=count, seconds=seconds)


def _beside(settings: Settings, folder: Path) -> Settings:
    """An embedded server and a folder, whatever this installation has."""
    elsewhere = {"home": folder, "database_url": None, "object_store_url": None}
    return settings.model_copy(update=elsewhere)


def _masks_of(runtime: Runtime, rows: Sequence[LedgerRow], count: int) -> list[GeneratedMask]:
    """So many different masks of several images, or as many as they have."""
    found: dict[bytes, GeneratedMask] = {}
    for row in rows:
        if row.result_key is not None:
            data = runtime.objects.get(row.result_key)
            for mask in sa1b.masks_of(sa1b.unpack(data, row.result_key)):
                found.setdefault(mask.rle.digest, mask)
        if len(found) >= count:
            break
    if not found:
        raise NothingToPlanByError("none of the sampled results is there that")
    return list(found.values())[:count]


def _prepared(scratch: Runtime, count: int) -> tuple[int, Sizes]:
    """A job over so many images, and what the tables take before it."""
    project = create_project(scratch, "plan")
    with scratch.engine.begin() as connection:
        before = sizes(connection)
        version = model_versions.register(
            connection, name="plan", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        for number in range(count):
            digest = hashlib.sha256(b"%d" % number).digest()
            facts = ImageFacts(digest, 2250, 1500, "image/jpeg", 1)
            source = f"s3://bucket/photographs/{number:08}.jpg"
            images.register(connection, project.id, facts, source_uri=source, byte_size=500_000)
        job_id = jobs.insert(
            connection,
            project_id=project.id,
            kind=JobKind.AUTOLABEL,
            parameters=GenerationParameters().to_json(),
            model_version_id=version.id,
        )
        job_items.insert_for_project(connection, project.id, job_id)
    return job_id, before


def _applied(scratch: Runtime, job_id: int, masks: Sequence[GeneratedMask], count: int) -> float:
    """Seconds for all images of the job."""
    key = "results/plan.json.gz"
    height, width = masks[0].rle.size_hw
    document = sa1b.document(masks, image_id=0, file_name="", size_hw=(height, width))
    scratch.objects.put(key, sa1b.pack(document))
    lease = claim(scratch, job_id)
    with scratch.engine.begin() as connection:
        job = jobs.by_id(connection, job_id)
        items = job_items.lease(connection, job_id, lease, limit=count)
    seconds = {"read": 0.01, "encode": 0.2, "decode": 2.0, "write": 0.05}
    began = time.perf_counter()
    with ResultWriters(WRITERS) as writers:
        for item in items:
            result = ItemResult(item.id, Outcome.DONE, key, len(masks), seconds, "", "")
            writers.write(partial(_apply, scratch, job, lease, item, result))
    return time.perf_counter() - began


def _apply(scratch: Runtime, job: Job, lease: Lease, item: LeasedItem, result: ItemResult) -> None:
    apply_result(scratch, job, lease, item, result)


def _rows(before: Sizes, after: Sizes, *, masks: int, images: int, seconds: float) -> Rows:
    beside = (after.images.whole + after.items.whole) - (before.images.whole + before.items.whole)
    return Rows(
        table_bytes=(after.proposals.table - before.proposals.table) / masks,
        index_bytes=(after.proposals.indexes - before.proposals.indexes) / masks,
        image_bytes=beside / images,
        log_bytes=(after.log - before.log) / masks,
        masks_per_second=masks / seconds,
    )
