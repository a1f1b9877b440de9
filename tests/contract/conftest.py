"""A real S3 server on loopback, and both object stores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from maskloop.platform.storage import FolderStore, ObjectStore
from maskloop.platform.storage.s3 import S3Store
from maskloop.platform.storage.s3_client import Patience
from sites.s3_server import (
    BUCKET,
    OF_THE_MACHINE,
    S3Server,
    serving,
    standard_chain,
    with_bucket,
)


@pytest.fixture(scope="session")
def _server() -> Iterator[S3Server]:
    with serving() as state:
        yield state


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made-up credentials, and nothing of the machine's own."""
    for name, value in standard_chain(tmp_path).items():
        monkeypatch.setenv(name, value)
    for name in OF_THE_MACHINE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def s3_server(_server: S3Server, aws_environment: None) -> Iterator[S3Server]:
    """With one empty bucket, `BUCKET`; faults are cleared after the test."""
    with with_bucket(_server) as state:
        yield state


@pytest.fixture
def s3_store(s3_server: S3Server) -> S3Store:
    return S3Store(BUCKET, "team/one", endpoint_url=s3_server.url)


@pytest.fixture
def hasty_store(s3_server: S3Server) -> S3Store:
    """Waits for a fifth of a second where the others wait for 30."""
    return S3Store(BUCKET, "team/one", s3_server.url, Patience(read_seconds=0.2, tries=3))


@pytest.fixture
def s3_client(s3_server: S3Server) -> Any:
    """A plain client, to see and make what maskloop does not."""
    return boto3.session.Session().client("s3", endpoint_url=s3_server.url)


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture(params=["folder_store", "s3_store"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    found: ObjectStore = request.getfixturevalue(request.param)
    return found
