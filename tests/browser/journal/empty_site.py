"""A page without content on loopback that may import our modules, and a server that makes what it
is asked to, once for each key."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
FOLDERS = {"/ui/label/": ROOT / "ui/label/static", "/tests/": ROOT / "tests/unit/ui"}
NAME = "labeling.test"
"""Where Chromium is told that this is 127.0.0.1: a server on another machine, over plain http."""
SECONDS_MOST = 30.0
POLICY = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:"


@dataclass
class EmptySite:
    """What the server was asked, and what it has made."""

    port: int
    requests: list[str] = field(default_factory=list)
    """Keys in the order in which they came."""
    made: dict[str, dict[str, int]] = field(default_factory=dict)
    may_answer: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def plain_origin(self) -> str:
        """No secure context: the browser has fewer functions there."""
        return f"http://{NAME}:{self.port}"

    def make(self, key: str) -> dict[str, int]:
        with self._changed:
            self.requests.append(key)
            made = self.made.setdefault(key, {"id": 70 + len(self.made), "revision": 1})
            self._changed.notify_all()
        return made

    def wait_for(self, count: int) -> None:
        """Until so many requests came."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.requests) >= count, SECONDS_MOST)
        assert came, f"{len(self.requests)} requests came, not {count}"


@contextmanager
def empty_site() -> Iterator[EmptySite]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.site = EmptySite(port=server.server_address[1])
        server.site.may_answer.set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.site
        server.site.may_answer.set()
        server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: EmptySite

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that was killed does not read its answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        for prefix, folder in FOLDERS.items():
            if self.path.startswith(prefix):
                file = folder / self.path.removeprefix(prefix)
                self._answer(200, "text/javascript", file.read_bytes())
                return
        self._answer(200, "text/html", b"<!doctype html><title>empty</title>")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        made = self.server.site.make(self.headers["Idempotency-Key"])
        self.server.site.may_answer.wait(SECONDS_MOST)
        self._answer(201, "application/json", json.dumps(made).encode())

    def _answer(self, status: int, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
