"""The client of boto3 that S3 is spoken to with, and how patient it is."""

import os
from dataclasses import dataclass
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

_CONNECTIONS = 64
"""That are kept open; more threads than this open new ones each time."""
# Default checksums, sent since 2025, are refused by many stores that are not AWS.
_FOREIGN = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True)
class Patience:
    """How long a store is waited for before it counts as away. No wait is without a bound."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    """Without a byte."""
    tries: int = 4
    """Of a request, and of a broken body before its next byte; between them boto3 (for a body, we)
    waits a random time that doubles."""
    body_seconds: float = 180.0
    slowest_bytes: float = 64 * 1024.0
    """A body may be waited for `body_seconds`, and a second more for each so many bytes."""

    def for_body(self, size: int) -> float:
        return self.body_seconds + size / self.slowest_bytes


def new_client(endpoint_url: str | None, patience: Patience) -> Any:
    """Credentials come from boto3's own chain: environment, profile, role of the machine.

    boto3's adaptive mode also slows all requests of the client down after a SlowDown, until the
    store takes them again.
    """
    options = {
        "connect_timeout": patience.connect_seconds,
        "read_timeout": patience.read_seconds,
        "retries": {"mode": "adaptive", "total_max_attempts": patience.tries},
        "max_pool_connections": _CONNECTIONS,
    }
    # A session of our own: boto3's shared one is not safe to use from several threads.
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        config=Config(**options | (_FOREIGN if endpoint_url else {})),
    )


_making = Lock()


def _renew_lock() -> None:
    global _making
    _making = Lock()


os.register_at_fork(after_in_child=_renew_lock)


class OneClient:
    """Makes its client at the first call of each process, once however many threads call."""

    def __init__(self, endpoint_url: str | None, patience: Patience) -> None:
        self._endpoint_url = endpoint_url
        self._patience = patience
        self._client_of: tuple[int, Any] = (0, None)

    def __call__(self) -> Any:
        process, client = self._client_of
        if process == os.getpid():
            return client
        with _making:
            if self._client_of[0] != os.getpid():
                client = new_client(self._endpoint_url, self._patience)
                self._client_of = (os.getpid(), client)
        return self._client_of[1]
