"""One encode for many askers, across processes and machines, by claims in the object store.

claims/<embedding key>     the name of whoever encodes it; gone when the embedding is there

Writing an object that is there already does nothing, so of several claimants one succeeds. The
others look for the embedding until it is there. A claim that does not change for `STALE_SECONDS` by
the waiter's own clock is a dead process's, and is taken over: nobody's clock is compared with
another's. Two that take over at once both encode; the values are the same and one of them is kept.
"""

import time
import uuid
from collections.abc import Callable

from maskloop.platform.errors import ObjectMissingError
from maskloop.platform.storage.store import ObjectStore

STALE_SECONDS = 30.0
"""Far longer than an encoder takes for any image."""
_LOOK_SECONDS = (0.02, 0.5)
"""Between two looks; from the first to the second, doubling."""


class Claims:
    """Of one process, on the embeddings of an object store."""

    def __init__(
        self,
        objects: ObjectStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._wait = wait
        self._name = uuid.uuid4().hex.encode()

    def take(self, key: str, is_there: Callable[[], bool]) -> bool:
        """Whether the caller is to make the object `key` now, and then to `give_back`.

        Waits for whoever is at it; False when it is there. `is_there` says whether it is.
        """
        claim = _claim(key)
        if not self._put(claim, is_there):
            return False
        # Whoever had the claim before may have finished between our two looks.
        if is_there():
            self._objects.delete(claim)
            return False
        return True

    def give_back(self, key: str) -> None:
        self._objects.delete(_claim(key))

    def _put(self, claim: str, is_there: Callable[[], bool]) -> bool:
        pause, longest = _LOOK_SECONDS
        holder, since = b"", self._clock()
        while not self._objects.put(claim, self._name):
            if is_there():
                return False
            now, found = self._clock(), self._holder(claim)
            if found != holder:
                holder, since = found, now
            elif now - since > STALE_SECONDS:
                self._objects.delete(claim)
                continue
            self._wait(pause)
            pause = min(2 * pause, longest)
        return True

    def _holder(self, claim: str) -> bytes:
        try:
            return self._objects.get(claim)
        except ObjectMissingError:
            return b""


def _claim(key: str) -> str:
    return f"claims/{key}"
