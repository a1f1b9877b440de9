"""Images that several threads want encoded, encoded together."""

from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Protocol

from maskloop.actors.sam.embedding import Embedding
from maskloop.platform.images import Pixels


class Together(Protocol):
    """What an `Encoder` is here."""

    def encode_together(self, images: list[Pixels], /) -> list[Embedding]: ...


class Gathering:
    """The encoder's thread takes what waits for it, up to `most` images. Nobody waits for company:
    a single image is encoded at once."""

    def __init__(self, encoder: Together, *, most: int) -> None:
        self._encoder = encoder
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._waiting: deque[tuple[Pixels, Future[Embedding]]] = deque()

    def encode(self, pixels: Pixels) -> Embedding:
        """From any thread. Where images failed together each is tried alone, and raises its own."""
        mine: Future[Embedding] = Future()
        self._waiting.append((pixels, mine))
        self._thread.submit(self._encode_waiting)
        try:
            return mine.result()
        except CancelledError:
            return self._thread.submit(self._encoder.encode_together, [pixels]).result()[0]

    def _encode_waiting(self) -> None:
        taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        if not taken:  # an earlier pass took it along
            return
        try:
            found = self._encoder.encode_together([pixels for pixels, _ in taken])
            for (_, future), embedding in zip(taken, found, strict=True):
                future.set_result(embedding)
        finally:
            for _, future in taken:
                future.cancel()  # those that have no result
