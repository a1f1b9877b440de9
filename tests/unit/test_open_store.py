"""Which location opens which store."""

import subprocess
import sys
from pathlib import Path

import pytest

from maskloop.platform.errors import BadLocationError
from maskloop.platform.storage import FolderStore, open_store
from maskloop.platform.storage.s3 import S3Store


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/data/objects", "/data/objects"),
        ("relative", str(Path.cwd() / "relative")),
        ("~/objects", str(Path.home() / "objects")),
        ("file:///data/with%20space", "/data/with space"),
        ("file://localhost/data", "/data"),
    ],
)
def test_paths_and_file_urls_open_folders(location: str, url: str) -> None:
    store = open_store(location)
    assert isinstance(store, FolderStore)
    assert store.url == url


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("s3://bucket/a#b?c", "s3://bucket/a#b?c"),
    ],
)
def test_s3_urls_open_buckets(location: str, url: str) -> None:
    store = open_store(location)
    assert isinstance(store, S3Store)
    assert store.url == url


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("gs://bucket/x", "expected s3://bucket/prefix, file:///folder or a path"),
        ("S3://bucket/x", "expected s3://bucket/prefix, file:///folder or a path"),
        ("s3:///x", "it names no bucket; expected s3://bucket/prefix"),
        ("file://host/x", "expected file:///folder with three slashes"),
        ("", "a path cannot be empty or hold a zero byte"),
        ("a\0b", "a path cannot be empty or hold a zero byte"),
    ],
)
def test_other_locations_are_refused(location: str, reason: str) -> None:
    with pytest.raises(BadLocationError) as caught:
        open_store(location)
    assert caught.value.fields["reason"] == reason


def test_boto3_is_loaded_only_for_a_bucket() -> None:
    script = (
        "import sys; from maskloop.platform.storage import open_store; open_store('x');"
        "import maskloop.platform.storage.sources; print('boto3' in sys.modules);"
        "open_store('s3://b'); print('boto3' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert answer.stdout.split() == [b"False", b"True"]
