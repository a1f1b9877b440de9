"""A decoder's memory for embeddings: bounded, the least recently used ones leave."""

import torch

from maskloop.actors.embedding_cache import EmbeddingCache
from maskloop.actors.sam.embedding import Embedding

ONE = int(256 * 64 * 64 * 4 * 3.5)


def embedding() -> Embedding:
    return Embedding(torch.zeros(256, 64, 64), (10, 10), (1024, 1024), "e")


def test_the_least_recently_used_one_leaves() -> None:
    cache = EmbeddingCache(3 * ONE)
    kept = {key: embedding() for key in "abc"}
    for key, value in kept.items():
        cache.put(key, value)
    assert cache.get("a") is kept["a"]

    cache.put("d", embedding())

    assert cache.get("b") is None
    assert cache.get("a") is kept["a"]
    assert cache.get("c") is kept["c"]
    assert len(cache) == 3


def test_putting_a_key_again_replaces_it_and_counts_it_once() -> None:
    cache = EmbeddingCache(2 * ONE)
    for _ in range(5):
        cache.put("a", embedding())
    last = embedding()
    cache.put("a", last)
    cache.put("b", embedding())
    assert cache.get("a") is last
    assert len(cache) == 2


def test_the_last_one_stays_however_small_the_memory() -> None:
    cache = EmbeddingCache(1)
    cache.put("a", embedding())
    cache.put("b", embedding())
    assert cache.get("a") is None
    assert cache.get("b") is not None
