"""Embeddings in a decoder's memory: the least recently used ones leave first."""

from collections import OrderedDict

from maskloop.actors.sam.embedding import Embedding

_SIDE = 2.5
"""What a decoder keeps beside an embedding's features (its side of the first layer), in their
size: 10 MiB in float32, half of that in bf16."""


class EmbeddingCache:
    """Up to `limit_bytes`, and always the last one. For one thread."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[str, Embedding] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Embedding | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, embedding: Embedding) -> None:
        self._forget(key)
        self._kept[key] = embedding
        self._bytes += _size(embedding)
        while self._bytes > self._limit and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        left = self._kept.pop(key, None)
        if left is not None:
            self._bytes -= _size(left)


def _size(embedding: Embedding) -> int:
    features = embedding.features
    return int(features.numel() * features.element_size() * (1 + _SIDE))
