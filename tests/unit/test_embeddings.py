"""Embeddings in the object store: what comes back, and what does not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from maskloop.actors.embeddings import EmbeddingStore, embedding_key
from maskloop.actors.sam.embedding import Embedding
from maskloop.platform.storage import open_store
from maskloop.platform.storage.store import ObjectStore

SHA256 = bytes(range(32))
DIGEST = "e" * 64
KEY = embedding_key(SHA256, DIGEST, "bf16")


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path))


def embedding() -> Embedding:
    features = torch.randn(256, 64, 64, generator=torch.Generator().manual_seed(1))
    return Embedding(features, (300, 451), (681, 1024), DIGEST)


def test_an_embedding_comes_back_rounded_to_float16_with_channels_side_by_side(
    objects: ObjectStore,
) -> None:
    store = EmbeddingStore(objects, "bf16")
    put, got = store.put(SHA256, embedding()), store.get(SHA256, DIGEST)
    assert got is not None
    assert torch.equal(got.features, embedding().features.half().float())
    assert torch.equal(put.features, got.features)
    assert got.features.permute(1, 2, 0).is_contiguous()
    assert (got.size_hw, got.resized_hw, got.encoder_digest) == ((300, 451), (681, 1024), DIGEST)


def test_another_precision_has_embeddings_of_its_own(objects: ObjectStore) -> None:
    EmbeddingStore(objects, "bf16").put(SHA256, embedding())
    assert EmbeddingStore(objects, "fp32").get(SHA256, DIGEST) is None


def changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def in_another_order(data: bytes) -> bytes:
    tensors = load(data)
    return save({**tensors, "features": tensors["features"].permute(2, 0, 1).contiguous()})


def shorter(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("damage", [changed, in_another_order, shorter])
def test_a_damaged_embedding_is_none_and_is_removed(
    objects: ObjectStore, damage: Callable[[bytes], bytes]
) -> None:
    store = EmbeddingStore(objects, "bf16")
    store.put(SHA256, embedding())
    data = objects.get(KEY)
    objects.delete(KEY)
    objects.put(KEY, damage(data))
    assert store.get(SHA256, DIGEST) is None
    assert objects.info(KEY) is None


def test_an_embedding_of_another_shape_is_none_although_its_digest_is_right(
    objects: ObjectStore,
) -> None:
    store = EmbeddingStore(objects, "bf16")
    small = Embedding(torch.zeros(256, 32, 32), (300, 451), (681, 1024), DIGEST)
    store.put(SHA256, small)
    assert store.get(SHA256, DIGEST) is None
