"""What the decoder sees of an image: its embedding, kept since the first encode; or its pixels."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.errors import ImageChangedError, ObjectMissingError
from maskloop.platform.images import Limits, Pixels, read_image
from maskloop.platform.storage.store import ObjectStore

MOST_HELD: Final = 64
"""Embeddings in memory, 4 MiB each."""


@dataclass(frozen=True)
class KnownImage:
    """`key`: of its bytes in the object store; `source`: for messages."""

    sha256: bytes
    key: str
    source: str


def known_image(objects: ObjectStore, key: str) -> KnownImage:
    """An image of which only the key is known; reads it."""
    return KnownImage(hashlib.sha256(objects.get(key)).digest(), key, key)


class Images:
    """Reads images and their embeddings; safe in a thread beside the one that computes."""

    def __init__(
        self,
        objects: ObjectStore,
        embeddings: EmbeddingStore,
        *,
        encoder_digest: str,
        limits: Limits,
    ) -> None:
        self._objects = objects
        self._embeddings = embeddings
        self._digest = encoder_digest
        self._limits = limits
        self._held: LRUCache[bytes, Embedding] = LRUCache(MOST_HELD)
        self._lock = threading.Lock()

    def encode_missing(
        self,
        images: Sequence[KnownImage],
        folder: WeightsFolder,
        compute: Compute,
        between: Callable[[], None],
    ) -> int:
        """Encode and keep those that have no embedding yet; how many. `between` any two of them.

        The encoder is loaded only where there is such an image.
        """
        missing = [image for image in dict.fromkeys(images) if not self._has(image)]
        if not missing:
            return 0
        encoder = load_encoder(folder, self._digest, compute)
        for image in missing:
            between()
            self._embeddings.put(image.sha256, encoder.encode(self.pixels(image)))
        return len(missing)

    def _has(self, image: KnownImage) -> bool:
        return self._embeddings.has(image.sha256, self._digest)

    def embedding(self, image: KnownImage) -> Embedding:
        """Raises `ObjectMissingError` where it was removed since, or damaged."""
        with self._lock:
            held = self._held.get(image.sha256)
        if held is not None:
            return held
        found = self._embeddings.get(image.sha256, self._digest)
        if found is None:
            key = self._embeddings.key(image.sha256, self._digest)
            raise ObjectMissingError(key, self._objects.url)
        with self._lock:
            self._held[image.sha256] = found
        return found

    def pixels(self, image: KnownImage) -> Pixels:
        """Raises `ImageChangedError` where the bytes are others than they were."""
        pixels, facts = read_image(self._objects.get(image.key), image.source, self._limits)
        if facts.sha256 != image.sha256:
            raise ImageChangedError(image.source, f"sha256 is now {facts.sha256.hex()[:12]}…")
        return pixels
