"""An S3 server on loopback that answers, or misbehaves, as a test says."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "pictures"


@dataclass(frozen=True)
class Cut:
    """The answer as it is, but the connection ends behind so many bytes of its body."""

    bytes: int


class Broken(Enum):
    DROPPED = "the connection is closed without an answer"
    STALLED = "there is no answer before the test ends"


Fault = Callable[[dict[str, Any]], "tuple[int, str] | Cut | Broken | None"]
"""From a WSGI request to the status and S3 error code to answer with, or None to let it pass."""


@dataclass
class S3Server:
    url: str = ""
    fault: Fault = lambda request: None
    requests: list[str] = field(default_factory=list)
    """Method and path of what was asked, in order."""
    ranges: list[str] = field(default_factory=list)
    """Those that were asked for, in order."""
    over: threading.Event = field(default_factory=threading.Event)

    def break_next(self, *faults: "tuple[int, str] | Cut | Broken", method: str = "GET") -> None:
        """One fault for each of the next requests of that method."""
        left = list(faults)

        def next_fault(request: dict[str, Any]) -> "tuple[int, str] | Cut | Broken | None":
            return left.pop(0) if left and request["REQUEST_METHOD"] == method else None

        self.fault = next_fault


class _Application:
    """moto behind a lock: S3 decides conditional writes at one point, moto in two steps."""

    def __init__(self, state: S3Server) -> None:
        self._state = state
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def __call__(self, request: dict[str, Any], start: Any) -> Iterable[bytes]:
        self._state.requests.append(f"{request['REQUEST_METHOD']} {request['PATH_INFO']}")
        if "HTTP_RANGE" in request:
            self._state.ranges.append(request["HTTP_RANGE"])
        match self._state.fault(request):
            case (status, code):
                request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
                start(f"{status} Fault", [("Content-Type", "application/xml")])
                text = f"<Error><Code>{code}</Code><Message>as tested</Message></Error>"
                return [text.encode()]
            case Cut(count):
                self._answer_in_part(request, count)
                _hang_up(request)
            case Broken.DROPPED:
                _hang_up(request)
            case Broken.STALLED:
                self._state.over.wait(60)
                _hang_up(request)
        with self._lock:
            return list(self._moto(request, start))

    def _answer_in_part(self, request: dict[str, Any], count: int) -> None:
        """Past the server's own writer, which would not promise more than it sends."""
        head: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head.extend([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)])

        with self._lock:
            body = b"".join(self._moto(request, start))
        request["werkzeug.socket"].sendall("\r\n".join([*head, "", ""]).encode() + body[:count])


def _hang_up(request: dict[str, Any]) -> NoReturn:
    request["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


@contextmanager
def serving() -> Iterator[S3Server]:
    state = S3Server()
    server = make_server("127.0.0.1", 0, _Application(state), threaded=True)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def with_bucket(state: S3Server) -> Iterator[S3Server]:
    """With one empty bucket, `BUCKET`; faults are cleared at the end."""
    client = boto3.session.Session().client("s3", endpoint_url=state.url)
    client.create_bucket(Bucket=BUCKET)
    state.requests.clear()
    state.ranges.clear()
    state.over.clear()
    yield state
    state.over.set()
    state.fault = lambda request: None
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            client.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    client.delete_bucket(Bucket=BUCKET)


def standard_chain(folder: Path) -> dict[str, str]:
    """Made-up credentials for the environment, and nothing of the machine's own; `folder` is
    empty."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


OF_THE_MACHINE = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
"""Variables to be removed for a test."""
