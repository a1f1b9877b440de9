"""Keeping the embeddings of an object store within a quota and an age.

An embedding may be deleted at any time; the next click or job on its image makes it again. The
store tells only when an object was written, so the oldest go first. Two walks over the listing: one
adds up bytes by the minute of writing, the other deletes what is before the minute that the limits
lead to; memory does not grow with the number of embeddings.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maskloop.platform.storage.store import ObjectInfo, ObjectStore

PREFIX = "embeddings/"
_MINUTE = 60


@dataclass(frozen=True)
class Limits:
    """None: no limit."""

    most_bytes: int | None = None
    longest: timedelta | None = None


@dataclass(frozen=True)
class Collected:
    """What there was, and what of it was deleted."""

    embeddings: int = 0
    bytes: int = 0
    deleted: int = 0
    deleted_bytes: int = 0


def collect(objects: ObjectStore, limits: Limits, *, now: datetime) -> Collected:
    """Delete what is beyond the limits; with none, only count."""
    by_minute: Counter[int] = Counter()
    report = Collected()
    for info in objects.list(PREFIX):
        by_minute[_minute(info)] += info.size
        report = replace(report, embeddings=report.embeddings + 1, bytes=report.bytes + info.size)
    first_kept = _first_kept(by_minute, limits, now)
    if first_kept is None:
        return report
    for info in objects.list(PREFIX):
        if _minute(info) < first_kept:
            objects.delete(info.key)
            report = replace(
                report,
                deleted=report.deleted + 1,
                deleted_bytes=report.deleted_bytes + info.size,
            )
    return report


def _first_kept(by_minute: Counter[int], limits: Limits, now: datetime) -> int | None:
    """The minute before which all is deleted; None when nothing is."""
    cuts = []
    if limits.longest is not None:
        cuts.append(int((now - limits.longest).timestamp()) // _MINUTE)
    if limits.most_bytes is not None and by_minute.total() > limits.most_bytes:
        cuts.append(_cut_to(by_minute, limits.most_bytes))
    return max(cuts, default=None)


def _cut_to(by_minute: Counter[int], most_bytes: int) -> int:
    """The newest minutes that fit, whole; the newest of all stays, however large it is."""
    minutes = sorted(by_minute, reverse=True)
    total = 0
    for position, minute in enumerate(minutes):
        total += by_minute[minute]
        if total > most_bytes and position > 0:
            return minute + 1
    return minutes[-1]


def _minute(info: ObjectInfo) -> int:
    return int(info.written.timestamp()) // _MINUTE
