"""The encoder of the Serve application: images of the object store to embeddings in it.

A request names an image and an encoder; the answer is that the embedding is in the store.
"""

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from maskloop.actors.embedding_claims import Claims
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.compute import settle_threads
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.serving.plan import ServingPlan
from maskloop.actors.serving.versions import PromotedVersions, Versions
from maskloop.platform.errors import ImageChangedError, MaskloopError
from maskloop.platform.images import Limits, Pixels, read_image
from maskloop.platform.mask_answers import ImageRef
from maskloop.platform.storage import open_store

_MOST_ENCODERS = 2
"""Held at once: while a new version is promoted, decoders may still ask for the old one's."""
_READERS = 4
_WAITERS = 16
"""Threads that wait for other replicas, apart from those that read and write: two replicas that
wait for each other's images must both be able to finish their own."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class EncoderStatus:
    calls: int
    """Images that went through the network since this replica began."""


@dataclass(frozen=True, eq=False)
class _Work:
    """One image on its way through the network."""

    pixels: Pixels
    digest: str
    embedding: "asyncio.Future[Embedding]"


class EncoderReplica:
    """One at a time goes through the network; what only waits or copies has threads of its own."""

    def __init__(self, plan: ServingPlan) -> None:
        compute = plan.encoder_compute.compute
        settle_threads(compute)
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        self._limits = Limits(plan.max_image_pixels)
        self._embeddings = EmbeddingStore(self._objects, compute.precision)
        self._claims = Claims(self._objects)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="read")
        self._waiters = ThreadPoolExecutor(_WAITERS, thread_name_prefix="wait")
        self._network = ThreadPoolExecutor(1, thread_name_prefix="encode")
        self._flights: dict[str, asyncio.Task[None]] = {}
        self._calls = 0
        weights = WeightsFolder(plan.weights)

        def load(digest: str) -> Encoder:
            fetch(weights, digest, self._objects)
            return load_encoder(weights, digest, compute)

        self._encoders = _Encoders(load)
        self._versions = Versions(lambda spec: self._encoders.get(spec.encoder_digest))
        self._together = plan.encoder_batch
        self._waiting: deque[_Work] = deque()
        self._pump: asyncio.Task[None] | None = None

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Serve's hook: the encoder of a promoted version is loaded before it is asked for."""
        self._versions.reconfigure(PromotedVersions.of(user_config))

    def status(self) -> EncoderStatus:
        return EncoderStatus(self._calls)

    async def encode(self, image: ImageRef, encoder_digest: str) -> None:
        """Returns when the embedding is in the store. However many ask, it is encoded once.

        Raises `BadImageError`, `ObjectMissingError`, `WeightsMissingError`, `WeightsCorruptError`
        and the object store's errors.
        """
        key = self._embeddings.key(image.sha256, encoder_digest)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.ensure_future(self._fly(key, image, encoder_digest))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        # Whoever asked first may go away; the others still wait for it.
        await asyncio.shield(flight)

    async def _fly(self, key: str, image: ImageRef, digest: str) -> None:
        def is_there() -> bool:
            return self._embeddings.has(image.sha256, digest)

        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._waiters, self._claims.take, key, is_there):
            return
        try:
            pixels = await self._reading(lambda: self._pixels(image))
            embedding = await self._through_network(pixels, digest)
            await self._reading(lambda: self._embeddings.put(image.sha256, embedding))
        finally:
            await self._reading(lambda: self._claims.give_back(key))

    async def _reading(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    def _pixels(self, image: ImageRef) -> Pixels:
        data = self._objects.get(image.object_key)
        pixels, facts = read_image(data, image.source, self._limits)
        if facts.sha256 != image.sha256:
            raise ImageChangedError(image.source, f"sha256 is now {facts.sha256.hex()[:12]}…")
        return pixels

    async def _through_network(self, pixels: Pixels, digest: str) -> Embedding:
        """Images that arrive while the network is at work are encoded together when it is free;
        none waits for others to arrive."""
        loop = asyncio.get_running_loop()
        work = _Work(pixels, digest, loop.create_future())
        self._waiting.append(work)
        if self._pump is None:
            self._pump = asyncio.ensure_future(self._work_off())
        return await work.embedding

    async def _work_off(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                count = min(self._together, len(self._waiting))
                works = [self._waiting.popleft() for _ in range(count)]
                encoded = loop.run_in_executor(self._network, self._encode, works)
                await asyncio.wait([encoded])
                raised = encoded.exception()
                outcomes = encoded.result() if raised is None else [raised] * count
                for work, outcome in zip(works, outcomes, strict=True):
                    _settle(work, outcome)
        finally:
            self._pump = None

    def _encode(self, works: Sequence[_Work]) -> list[Embedding | MaskloopError]:
        """In their order; a version that cannot be loaded concerns only those that want it."""
        found: dict[_Work, Embedding | MaskloopError] = {}
        for digest in {work.digest for work in works}:
            together = [work for work in works if work.digest == digest]
            try:
                encoder = self._encoders.get(digest)
                embeddings = encoder.encode_together([work.pixels for work in together])
            except MaskloopError as error:
                found.update(dict.fromkeys(together, error))
                continue
            self._calls += len(together)
            found.update(zip(together, embeddings, strict=True))
        return [found[work] for work in works]


def _settle(work: _Work, outcome: Embedding | BaseException) -> None:
    if work.embedding.done():  # whoever waited was cancelled
        return
    if isinstance(outcome, BaseException):
        work.embedding.set_exception(outcome)
    else:
        work.embedding.set_result(outcome)


class _Encoders:
    """The latest few, by digest. Safe in many threads; one loads while others wait."""

    def __init__(self, load: Callable[[str], Encoder]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Encoder] = OrderedDict()

    def get(self, digest: str) -> Encoder:
        with self._lock:
            if digest not in self._held:
                self._held[digest] = self._load(digest)
            self._held.move_to_end(digest)
            while len(self._held) > _MOST_ENCODERS:
                self._held.popitem(last=False)
            return self._held[digest]
