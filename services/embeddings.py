"""The embeddings that are kept: how many there are, and those beyond quota and age deleted."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

from maskloop.actors.embedding_collector import Collected, Limits, collect
from maskloop.platform.errors import MaskloopError
from maskloop.platform.settings import Settings
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 3600.0
_GB: Final = 1_000_000_000


def limits_of(settings: Settings) -> Limits:
    quota, days = settings.embedding_quota_gb, settings.embedding_days
    return Limits(
        most_bytes=None if quota is None else int(quota * _GB),
        longest=None if days is None else timedelta(days=days),
    )


def count_embeddings(runtime: Runtime) -> Collected:
    """Walks the whole listing of the object store."""
    return collect(runtime.objects, Limits(), now=datetime.now(UTC))


def collect_embeddings(runtime: Runtime, limits: Limits) -> Collected:
    """Delete what is beyond the limits; clicks and jobs make again what they miss."""
    return collect(runtime.objects, limits, now=datetime.now(UTC))


def keep_collecting(runtime: Runtime, stop: threading.Event) -> None:
    """Every hour until `stop` is set, by the settings; returns at once where they set no limit."""
    limits = limits_of(runtime.settings)
    if limits == Limits():
        return
    while not stop.is_set():
        try:
            found = collect_embeddings(runtime, limits)
            logger.info("embeddings.collected deleted=%d of=%d", found.deleted, found.embeddings)
        except MaskloopError as error:  # the store may answer again in an hour
            logger.warning("embeddings.not_collected error=%s", error)
        stop.wait(_EVERY_SECONDS)
