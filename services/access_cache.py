"""What was read about people, trusted for a few seconds, and longer while the database is away."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import LRUCache

from maskloop.platform.errors import DatabaseUnavailableError, NotSignedInError

OUTAGE_SECONDS = 30.0
"""How old an entry may be that is used because the database does not answer."""
_PAUSE_SECONDS = 1.0
"""After it did not answer, it is not asked again for this long where an entry will do: each asking
may take the seconds of a connection that times out."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class _Entry(Generic[V]):
    value: V
    read_at: float


class AccessCache(Generic[K, V]):
    """Bounded and thread-safe. Nothing is answered that was not read before.

    `clock` is monotonic, in seconds.
    """

    def __init__(self, seconds: float, *, most: int, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._entries: LRUCache[K, _Entry[V]] = LRUCache(maxsize=most)
        self._lock = threading.Lock()
        self._silent_until = float("-inf")
        self._forgotten = 0

    def get(self, key: K, read: Callable[[], V]) -> V:
        """Raises what `read` raises; a `NotSignedInError` of it also removes the entry."""
        asked_at = self._clock()  # before the reading: what changes meanwhile counts as changed
        with self._lock:
            entry = self._entries.get(key)
            forgotten, silent = self._forgotten, asked_at < self._silent_until
        if entry is not None and asked_at - entry.read_at < self._seconds:
            return entry.value
        if entry is not None and silent and self._will_do(entry):
            return entry.value
        try:
            value = read()
        except NotSignedInError:
            with self._lock:
                self._entries.pop(key, None)
            raise
        except DatabaseUnavailableError:
            with self._lock:
                self._silent_until = self._clock() + _PAUSE_SECONDS
            if entry is None or not self._will_do(entry):
                raise
            return entry.value
        with self._lock:
            self._silent_until = float("-inf")
            if self._forgotten == forgotten:
                self._entries[key] = _Entry(value, asked_at)
        return value

    def forget(self) -> None:
        """Read everything again, also what is just being read."""
        with self._lock:
            self._entries.clear()
            self._forgotten += 1

    def _will_do(self, entry: _Entry[V]) -> bool:
        return self._clock() - entry.read_at < OUTAGE_SECONDS
