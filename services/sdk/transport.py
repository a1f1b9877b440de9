"""One HTTP request to a server: signed, repeated where that is safe, its errors as ours."""

import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from maskloop.platform.errors import RemoteError, ServerUnreachableError

_TRIES: Final = 5
_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
_MOMENTARY: Final = frozenset({429, 503})
"""Statuses of a server that may answer the same request soon."""
_CHUNK: Final = 1024 * 1024


class Transport:
    """Keeps connections alive; for one thread. `wait` is for tests of repeating."""

    def __init__(
        self,
        server: str,
        *,
        token: str | None,
        timeout_seconds: float,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        headers = {"X-Maskloop": "sdk"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._server = server.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self._server}/api/v1", headers=headers, timeout=timeout_seconds
        )
        self._wait = wait

    def close(self) -> None:
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        query: dict[str, Any] | None = None,
        files: Any = None,
        headers: dict[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Any:
        """The answer's JSON, None where there is no content; of statuses in `accept` too.

        What creates something carries a key of its own, so that a repeated request is done once.
        Raises `RemoteError` with the server's code, and `ServerUnreachableError`.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", uuid.uuid4().hex)
        given = {key: value for key, value in (query or {}).items() if value is not None}
        answer = self._repeated(
            lambda: self._http.request(
                method, path, json=json, params=given, files=files, headers=sent
            ),
            accept,
        )
        return answer.json() if answer.content else None

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """The content, piece by piece."""
        with self._reached(), self._http.stream("GET", path) as answer:
            if answer.is_error:
                answer.read()
                raise _error(answer)
            yield answer.iter_bytes(_CHUNK)

    def _repeated(
        self, request: Callable[[], httpx.Response], accept: Collection[int]
    ) -> httpx.Response:
        pause = _PAUSE_SECONDS
        for left in reversed(range(_TRIES)):
            try:
                with self._reached():
                    answer = request()
            except ServerUnreachableError:
                if not left:
                    raise
            else:
                if not answer.is_error or answer.status_code in accept:
                    return answer
                if not (left and answer.status_code in _MOMENTARY):
                    raise _error(answer)
                pause = max(pause, _seconds(answer.headers.get("Retry-After")))
            self._wait(min(pause, _LONGEST_PAUSE_SECONDS))
            pause *= 2
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise ServerUnreachableError(self._server, reason) from error


def _error(answer: httpx.Response) -> RemoteError:
    """From problem+json; anything else is some other server's answer."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    detail = str(problem.get("detail") or problem.get("title") or answer.reason_phrase)
    return RemoteError(
        answer.status_code,
        str(problem.get("code", "unknown")),
        detail,
    )


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:
        return 0.0
