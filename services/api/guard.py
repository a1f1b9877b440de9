"""What stands before every route, in plain ASGI because it is on the way of every click: who may
call this server by which name, how much at once and how large, and what browsers may do with it."""

import time
from typing import Any, Final

from starlette.exceptions import HTTPException

from maskloop.platform.errors import (
    BadHostError,
    BodyTooLargeError,
    MaskloopError,
    ServerBusyError,
)
from maskloop.services.api.context import LOOPBACK_NAMES, ApiContext
from maskloop.services.api.problems import problem_of

PREFIX: Final = "/api/v1"
MOST_IN_FLIGHT: Final = 256
MOST_BODY: Final = 8 * 1024 * 1024
"""Of all but uploads: the mask of a large image has some hundred kilobytes."""
UPLOADS: Final = "/images"
"""Where the path of an upload ends; its limit is per file (`images.py`)."""
_BUSY_SECONDS: Final = 1
_UNMATCHED: Final = "unmatched"
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by those who watch: a server that is only busy shall not be taken for a dead one."""

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
    "frame-ancestors 'self'; form-action 'self'"
)
_CSP: Final = b"content-security-policy"
_INLINE = "'self' 'unsafe-inline'"
_DOCS_POLICY: Final = f"{POLICY}; script-src {_INLINE}; style-src {_INLINE}"
"""The OpenAPI page starts itself from a script in the page."""


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Any, context: ApiContext) -> None:
        self._app = app
        self._context = context
        self._in_flight = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        answer = _Answer(send, scope["path"])
        metrics = self._context.metrics
        self._in_flight += 1
        metrics.requests_in_flight.set(self._in_flight)
        try:
            refusal = self._refusal(scope)
            if refusal is None:
                body = _Body(receive, None if _is_upload(scope) else MOST_BODY)
                await self._app(scope, body.receive, answer.send)
            else:
                await problem_of(refusal)(scope, receive, answer.send)
        finally:
            self._in_flight -= 1
            metrics.requests_in_flight.set(self._in_flight)
            route = _template(scope)
            seconds = time.perf_counter() - started
            metrics.request_seconds.labels(scope["method"], route, str(answer.status)).observe(
                seconds
            )

    def _refusal(self, scope: Any) -> MaskloopError | None:
        headers = dict(scope["headers"])
        if self._context.on_loopback:
            host = headers.get(b"host", b"").decode("latin-1")
            if _name_of(host) not in LOOPBACK_NAMES:
                return BadHostError(host)
        if self._in_flight > MOST_IN_FLIGHT and scope["path"] not in _PROBES:
            self._context.metrics.requests_refused.inc()
            return ServerBusyError(_BUSY_SECONDS)
        length = headers.get(b"content-length", b"0")
        if not _is_upload(scope) and length.isdigit() and int(length) > MOST_BODY:
            return BodyTooLargeError(MOST_BODY)
        return None


def _template(scope: Any) -> str:
    """Of the route: with its prefix, whatever the router keeps of it."""
    path: str = getattr(scope.get("route"), "path", _UNMATCHED)
    if scope["path"].startswith(PREFIX) and path.startswith("/") and not path.startswith(PREFIX):
        return PREFIX + path
    return path


def _is_upload(scope: Any) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.endswith(UPLOADS)


def _name_of(host: str) -> str:
    """Without the port; IPv6 addresses stand in brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


class _Body:
    """What is received, with an end where the limit is."""

    def __init__(self, receive: Any, most: int | None) -> None:
        self._receive = receive
        self._most = most
        self._seen = 0

    async def receive(self) -> Any:
        message = await self._receive()
        if self._most is not None and message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._most:
                # The only kind of error that FastAPI lets through from reading a body.
                raise HTTPException(413, str(BodyTooLargeError(self._most)))
        return message


class _Answer:
    """What is sent, with the headers that every answer has."""

    def __init__(self, send: Any, path: str) -> None:
        self._send = send
        self._policy = _DOCS_POLICY if path.startswith(("/docs", "/redoc")) else POLICY
        self.status = 500

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *_HEADERS]
            if all(name.lower() != _CSP for name, _ in headers):  # a page may have one of its own
                headers.append((_CSP, self._policy.encode()))
            message = {**message, "headers": headers}
        await self._send(message)
