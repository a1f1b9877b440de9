"""The decoder of the Serve application: prompts on an image to masks.

It holds embeddings in memory and reads others from the object store; what is in neither it has the
encoder make. Requests for one image come to one replica as long as there is no reason against it.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from ray.serve.handle import DeploymentHandle

from maskloop.actors.embedding_cache import EmbeddingCache
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.mask_answers import Answerer
from maskloop.actors.sam.compute import Compute, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.folded_decoder import MOST_TOKENS, OUTPUT_TOKENS
from maskloop.actors.sam.prompt_encoder import CHANNELS, GRID_SIDE
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.transforms import INPUT_SIDE
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.serving.calls import translated
from maskloop.actors.serving.challenger import Challenger
from maskloop.actors.serving.encoder_replica import EncoderReplica
from maskloop.actors.serving.plan import ServingPlan
from maskloop.actors.serving.versions import Current, PromotedVersions, Versions, VersionSpec
from maskloop.platform.errors import ServingUnavailableError
from maskloop.platform.mask_answers import (
    ChallengerStatus,
    EmbeddingSource,
    ImageRef,
    MaskAnswer,
    MaskQuestion,
    ServedVersion,
    ShadowSkipped,
)
from maskloop.platform.prompts import MASK_SIDE, POSITIVE, Prompts
from maskloop.platform.stages import Stages
from maskloop.platform.storage import open_store

_MIB = 1024 * 1024
_READERS = 4
_SHADOW_SHARE = 8
"""The part of the memory for embeddings that a challenger may take besides."""
_LOOKS = 3
"""An embedding that is made and gone again so often does not vanish by accident."""


@dataclass(frozen=True)
class DecoderStatus:
    serving: ServedVersion
    refused: dict[ServedVersion, str]
    embeddings: int
    """In memory."""
    challenger: ChallengerStatus | None


class DecoderReplica:
    """`encoder`: handle of the encoder's deployment."""

    def __init__(self, plan: ServingPlan, encoder: "DeploymentHandle[EncoderReplica]") -> None:
        compute = plan.decoder_compute.compute
        settle_threads(compute)
        objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        weights = WeightsFolder(plan.weights)
        self._embeddings = EmbeddingStore(objects, plan.encoder_compute.precision)
        self._cache = EmbeddingCache(plan.embedding_cache_mb * _MIB)
        self._encoder = encoder
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="read")
        self._deciders = ThreadPoolExecutor(compute.threads, thread_name_prefix="decode")
        self._flights: dict[str, asyncio.Task[tuple[Embedding, EmbeddingSource]]] = {}
        self._clicks = 0
        self._shadow_cache = EmbeddingCache(plan.embedding_cache_mb * _MIB // _SHADOW_SHARE)
        self._shadow_thread = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._shadowing = False

        def load(spec: VersionSpec, compute: Compute = compute) -> Answerer:
            fetch(weights, spec.decoder_digest, objects)
            decoder = load_decoder(weights, spec.decoder_digest, compute)
            _try(decoder, spec)
            return Answerer(decoder)

        self._versions = Versions(load)
        # One thread: a click that comes meanwhile finds the other cores free. It is not made less
        # urgent: put aside with the interpreter's lock in its hand it would hold up clicks.
        single = replace(compute, threads=1)
        self._challenger = Challenger(lambda spec: load(spec, single))

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Serve's hook: the versions that were promoted, the newest first, and a challenger."""
        promoted = PromotedVersions.of(user_config)
        self._versions.reconfigure(promoted)
        self._challenger.reconfigure(promoted.shadow)

    def status(self) -> DecoderStatus:
        return DecoderStatus(
            self._versions.current().spec.served,
            self._versions.refused,
            len(self._cache),
            self._challenger.status,
        )

    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        """By the version that serves when the question arrives, from its first to its last step.

        Raises `BadPromptError`, `BadReferenceError`, what the encoder raises, and
        `ServingUnavailableError`.
        """
        question.prompts.check(question.image.size_hw)
        self._clicks += 1
        try:
            return await self._masks(question)
        finally:
            self._clicks -= 1

    async def _masks(self, question: MaskQuestion) -> MaskAnswer:
        stages = Stages()
        current = self._versions.current()
        with stages("embedding"):
            embedding, source = await self._embedding(question.image, current)
        waited = time.perf_counter()
        loop = asyncio.get_running_loop()

        def answer() -> MaskAnswer:
            stages.seconds["queue"] = time.perf_counter() - waited
            return _answer(current, embedding, question, source, stages)

        return await loop.run_in_executor(self._deciders, answer)

    async def shadow(self, question: MaskQuestion) -> MaskAnswer | ShadowSkipped:
        """The same by the challenger, where there is one and nothing better to do. A question that
        names an earlier mask has that one made again by the challenger too: it is its own chain.

        Raises `BadPromptError`, `BadReferenceError`.
        """
        current = self._challenger.current
        if current is None:
            return ShadowSkipped.NOT_LOADED
        if self._clicks or self._shadowing:
            return ShadowSkipped.BUSY
        self._shadowing = True
        try:
            found = await self._stored(question.image, current.spec.encoder_digest)
            if found is None:
                return ShadowSkipped.NO_EMBEDDING
            if self._clicks:
                return ShadowSkipped.BUSY
            embedding, source = found
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._shadow_thread, _answer, current, embedding, question, source, Stages()
            )
        finally:
            self._shadowing = False

    async def _stored(
        self, image: ImageRef, digest: str
    ) -> tuple[Embedding, EmbeddingSource] | None:
        """For the challenger. It keeps a side of its own by each embedding that it sees, so it has
        its own few of them: what clicks need stays in memory as long as without it."""
        key = self._embeddings.key(image.sha256, digest)
        kept = self._shadow_cache.get(key)
        if kept is not None:
            return kept, EmbeddingSource.HIT
        known, source = self._cache.get(key), EmbeddingSource.HIT
        if known is None:
            loop = asyncio.get_running_loop()
            source = EmbeddingSource.STORE
            known = await loop.run_in_executor(
                self._readers, self._embeddings.get, image.sha256, digest
            )
        if known is None:
            return None
        copy = replace(known)  # another key to the same features
        self._shadow_cache.put(key, copy)
        return copy, source

    async def warm(self, image: ImageRef) -> EmbeddingSource:
        """Have everything ready that a click on this image needs."""
        current = self._versions.current()
        embedding, source = await self._embedding(image, current)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._deciders, current.loaded.project, embedding)
        return source

    async def _embedding(
        self, image: ImageRef, current: Current[Answerer]
    ) -> tuple[Embedding, EmbeddingSource]:
        digest = current.spec.encoder_digest
        key = self._embeddings.key(image.sha256, digest)
        known = self._cache.get(key)
        if known is not None:
            return known, EmbeddingSource.HIT
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.ensure_future(self._obtain(key, image, digest))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def _obtain(
        self, key: str, image: ImageRef, digest: str
    ) -> tuple[Embedding, EmbeddingSource]:
        """From the store, where the encoder puts it when it is not there."""
        source = EmbeddingSource.STORE
        loop = asyncio.get_running_loop()
        for look in range(_LOOKS):
            stored = await loop.run_in_executor(
                self._readers, self._embeddings.get, image.sha256, digest
            )
            if stored is not None:
                self._cache.put(key, stored)
                return stored, source
            source = EmbeddingSource.ENCODED
            if look < _LOOKS - 1:
                with translated("encoder"):
                    await self._encoder.options(session_id=key).encode.remote(image, digest)
        raise ServingUnavailableError("decoder", f"the embedding of {image.source} does not stay")


def _answer(
    current: Current[Answerer],
    embedding: Embedding,
    question: MaskQuestion,
    source: EmbeddingSource,
    stages: Stages,
) -> MaskAnswer:
    masks = current.loaded.answer(
        embedding,
        question.prompts,
        multimask=question.multimask,
        previous=question.previous,
        stages=stages,
    )
    return MaskAnswer(masks, current.spec.served, source, stages.seconds)


def _try(decoder: Decoder, spec: VersionSpec) -> None:
    """Graphs are compiled when they are first used, and again for each number of points: that shall
    be before the first click."""
    size_hw = (INPUT_SIDE, INPUT_SIDE)
    nothing = torch.zeros(CHANNELS, GRID_SIDE, GRID_SIDE)
    embedding = Embedding(nothing, size_hw, size_hw, spec.encoder_digest)
    point = (INPUT_SIDE / 2, INPUT_SIDE / 2)
    logits = np.zeros((MASK_SIDE, MASK_SIDE), dtype=np.float32)
    for count in range(1, MOST_TOKENS - OUTPUT_TOKENS + 1):
        points, labels = (point,) * count, (POSITIVE,) * count
        decoder.decode(embedding, Prompts(points, labels, mask_logits=logits))
