"""A real S3 server on loopback, and both object stores."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from maskloop.platform.storage import FolderStore, ObjectStore
from maskloop.platform.storage.s3 import S3Store

BUCKET = "pictures"

Fault = Callable[[dict[str, Any]], tuple[int, str] | None]
"""From a WSGI request to the status and S3 error code to answer with, or None to let it pass."""


@dataclass
class S3Server:
    url: str = ""
    fault: Fault = lambda request: None
    requests: list[str] = field(default_factory=list)
    """Method and path of what was asked, in order."""


class _Application:
    """moto behind a lock: S3 decides conditional writes at one point, moto in two steps."""

    def __init__(self, state: S3Server) -> None:
        self._state = state
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def __call__(self, request: dict[str, Any], start: Any) -> Iterable[bytes]:
        self._state.requests.append(f"{request['REQUEST_METHOD']} {request['PATH_INFO']}")
        if answer := self._state.fault(request):
            status, code = answer
            request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
            start(f"{status} Fault", [("Content-Type", "application/xml")])
            return [f"<Error><Code>{code}</Code><Message>as tested</Message></Error>".encode()]
        with self._lock:
            return list(self._moto(request, start))


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[BaseWSGIServer, S3Server]]:
    state = S3Server()
    server = make_server("127.0.0.1", 0, _Application(state), threaded=True)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made-up credentials, and nothing of the machine's own."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def s3_server(
    _server: tuple[BaseWSGIServer, S3Server], aws_environment: None
) -> Iterator[S3Server]:
    """With one empty bucket, `BUCKET`; faults are cleared after the test."""
    state = _server[1]
    client = boto3.session.Session().client("s3", endpoint_url=state.url)
    client.create_bucket(Bucket=BUCKET)
    state.requests.clear()
    yield state
    state.fault = lambda request: None
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            client.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def s3_store(s3_server: S3Server) -> S3Store:
    return S3Store(BUCKET, "team/one", endpoint_url=s3_server.url)


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
