"""The bytes of an object in S3: read in order, asked for again where the connection breaks."""

import io
import random
import time
from collections.abc import Callable
from typing import Any

from maskloop.platform.errors import (
    BadLocationError,
    ObjectUnreadableError,
    StoreUnavailableError,
)
from maskloop.platform.storage.s3_client import Patience
from maskloop.platform.storage.s3_errors import is_damage, translated

Ask = Callable[[int, int | None, str | None], Any]
"""From first byte, end (None: the object's) and ETag (None: any) to the answer of GetObject."""

_LONGEST_WAIT = 8.0
_PARTIAL = 206


class Body(io.RawIOBase):
    """Bytes `start` to `stop` of an object. A broken answer is gone on with by a range.

    What was read before and after a break is of one object: the rest is asked for under its ETag.
    A store that gives no ETag or ignores ranges is not asked again. Only time spent in reading
    counts against the patience, not what the reader does between.
    """

    def __init__(
        self,
        ask: Ask,
        store: str,
        key: str,
        patience: Patience,
        *,
        start: int = 0,
        stop: int | None = None,
        etag: str | None = None,
    ) -> None:
        self._ask = ask
        self._store = store
        self._key = key
        self._patience = patience
        self._position = start
        self._stop = stop
        answer = ask(start, stop, etag)
        self._body = answer["Body"]
        if (start or stop is not None) and not _is_partial(answer):
            self._body.close()
            raise BadLocationError(f"{store}/{key}", "its store does not give ranges of an object")
        self._promised = etag
        self.etag: str | None = etag or answer.get("ETag")
        self._seconds_left = patience.for_body(int(answer.get("ContentLength", 0)))
        self._breaks = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        while True:
            try:
                with translated(self._store, self._key):
                    count = int(self._body.readinto(buffer))
                break
            except StoreUnavailableError as error:
                self._seconds_left -= time.monotonic() - began
                began = time.monotonic()
                self._go_on(error)
        self._position += count
        self._seconds_left -= time.monotonic() - began
        if count:
            self._breaks = 0
            self._check_time()
        return count

    def close(self) -> None:
        self._body.close()
        super().close()

    def _go_on(self, error: StoreUnavailableError) -> None:
        """Ask for the rest after a pause, or raise `error` where that cannot help."""
        self._body.close()
        self._breaks += 1
        if self.etag is None or is_damage(error) or self._breaks >= self._patience.tries:
            raise error
        self._check_time()
        time.sleep(random.random() * min(2.0 ** (self._breaks - 2), _LONGEST_WAIT))
        try:
            answer = self._ask(self._position, self._stop, self.etag)
        except ObjectUnreadableError:
            if self._promised is not None:
                raise
            reason = f"{self._key} was replaced while it was read"
            raise StoreUnavailableError(self._store, reason) from error
        self._body = answer["Body"]
        if not _is_partial(answer):
            raise error

    def _check_time(self) -> None:
        if self._seconds_left <= 0:
            reason = f"{self._key} came too slowly, {self._position:,} bytes of it are here"
            raise StoreUnavailableError(self._store, reason)


def _is_partial(answer: Any) -> bool:
    return bool(answer["ResponseMetadata"]["HTTPStatusCode"] == _PARTIAL)


class RangedFile(io.RawIOBase):
    """An object as a file to seek in; only what is read is fetched. All of it is of one ETag."""

    def __init__(self, ask: Ask, store: str, key: str, patience: Patience, size: int) -> None:
        self._ask = ask
        self._store = store
        self._key = key
        self._patience = patience
        self._size = size
        self._position = 0
        self._etag: str | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        start = self._position
        stop = min(start + len(buffer), self._size)
        if stop <= start:
            return 0
        body = Body(
            self._ask,
            self._store,
            self._key,
            self._patience,
            start=start,
            stop=stop,
            etag=self._etag,
        )
        with io.BufferedReader(body) as stream:
            data = stream.read(stop - start)
        self._etag = body.etag
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
