"""Embeddings beyond quota or age are deleted, the oldest first; nothing else is touched."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maskloop.actors.embedding_collector import Collected, Limits, collect
from maskloop.platform.storage import FolderStore

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """Four embeddings of 100 bytes, 1 to 4 days old, and an image that is older."""
    store = FolderStore(tmp_path)
    for days in (1, 2, 3, 4):
        put(store, tmp_path, f"embeddings/e/v/aa/{days}", timedelta(days=days))
    put(store, tmp_path, "images/aa/old", timedelta(days=9))
    return store


def put(store: FolderStore, root: Path, key: str, age: timedelta) -> None:
    store.put(key, b"x" * 100)
    written = (NOW - age).timestamp()
    os.utime(root / key, (written, written))


def left(store: FolderStore) -> list[str]:
    return [info.key.rpartition("/")[2] for info in store.list("embeddings/")]


def test_without_limits_it_only_counts(store: FolderStore) -> None:
    assert collect(store, Limits(), now=NOW) == Collected(4, 400, 0, 0)
    assert left(store) == ["1", "2", "3", "4"]


def test_what_is_older_than_the_age_goes(store: FolderStore) -> None:
    report = collect(store, Limits(longest=timedelta(days=2.5)), now=NOW)
    assert report == Collected(4, 400, 2, 200)
    assert left(store) == ["1", "2"]
    assert store.info("images/aa/old") is not None


def test_the_oldest_go_until_the_rest_fits(store: FolderStore) -> None:
    report = collect(store, Limits(most_bytes=250), now=NOW)
    assert report == Collected(4, 400, 2, 200)
    assert left(store) == ["1", "2"]


def test_the_stricter_limit_counts(store: FolderStore) -> None:
    collect(store, Limits(most_bytes=300, longest=timedelta(days=1.5)), now=NOW)
    assert left(store) == ["1"]


def test_within_the_quota_nothing_goes(store: FolderStore) -> None:
    assert collect(store, Limits(most_bytes=400), now=NOW).deleted == 0


def test_what_was_written_in_the_newest_minute_stays(store: FolderStore) -> None:
    collect(store, Limits(most_bytes=1), now=NOW)
    assert left(store) == ["1"]


def test_an_empty_store_is_no_trouble(tmp_path: Path) -> None:
    limits = Limits(most_bytes=1, longest=timedelta(days=1))
    assert collect(FolderStore(tmp_path), limits, now=NOW) == Collected()
