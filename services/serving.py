"""Serving: the Serve application kept at the promoted version, and what asks it."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from maskloop.actors.app import deploy, serve_started
from maskloop.actors.pools import Node, encoding_compute, is_cluster, nodes
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import compute_of, workers_of
from maskloop.actors.serving.client import ServingClient
from maskloop.actors.serving.plan import ComputePlan, Replicas, ServingPlan
from maskloop.actors.serving.versions import VersionSpec
from maskloop.platform.db import model_versions, shadows
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.errors import DatabaseUnavailableError, MaskloopError
from maskloop.platform.mask_answers import (
    ImageRef,
    MaskAnswer,
    MaskQuestion,
    ServedVersion,
    ShadowSkipped,
)
from maskloop.platform.settings import Settings, cores
from maskloop.platform.states import ModelVersionState
from maskloop.services.predictor import ServingStatus
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)

_FALLBACKS: Final = 3
"""Promoted versions that replicas are told of: the newest whose weights are whole serves."""
_LOOK_SECONDS: Final = 1.0
"""Between two looks at which version was promoted last."""
_MOST_WAITING: Final = 256
"""Images that the prefetch holds; beyond that the oldest wishes are forgotten."""


def plan_of(settings: Settings, objects: str, cluster: Sequence[Node] = ()) -> ServingPlan:
    """For images in the store at `objects`, on these nodes; none: on this machine."""
    compute = encoding_compute(compute_of(settings), settings, cluster)
    on_gpu = compute.device == "cuda"
    # A click is decoded on the processor, next to the labeler's request, wherever images are
    # encoded: its few products are done before a GPU's queue would have begun with them.
    for_decoder = compute_of(
        settings.model_copy(update={"device": "cpu", "precision": "auto", "engine": "auto"})
        if on_gpu
        else settings,
        threads=settings.decoder_threads or cores(),
    )
    return ServingPlan(
        objects=objects,
        s3_endpoint_url=settings.s3_endpoint_url,
        weights=settings.weights,
        encoder_compute=ComputePlan.of(compute),
        decoder_compute=ComputePlan.of(for_decoder),
        encoder=Replicas(
            least=settings.encoder_replicas,
            most=settings.encoder_replicas_most or settings.encoder_replicas,
            num_gpus=settings.encoder_gpus if on_gpu else 0.0,
            labels=settings.encoder_labels if cluster else {},
        ),
        decoder=Replicas(
            least=settings.decoder_replicas,
            most=settings.decoder_replicas_most or settings.decoder_replicas,
            labels=settings.worker_labels if cluster else {},
        ),
        max_image_pixels=settings.max_image_pixels,
        embedding_cache_mb=settings.embedding_cache_mb,
        encoder_batch=settings.encoder_batch if on_gpu else 1,
        queue=settings.serving_queue,
    )


@dataclass(frozen=True)
class WantedVersions:
    """What replicas are told; the promoted ones newest first."""

    promoted: tuple[VersionSpec, ...]
    shadow: VersionSpec | None


def wanted_versions(runtime: Runtime) -> WantedVersions:
    """Raises `NotFoundError` before the first promotion."""
    with runtime.engine.connect() as connection:
        serving = model_versions.serving(connection)
        found = model_versions.promoted(connection, most=_FALLBACKS)
        shadow = shadows.running(connection)
        challenger = None if shadow is None else model_versions.by_id(connection, shadow.version)
    if challenger is not None and (
        challenger.id == serving.id or challenger.state is not ModelVersionState.READY
    ):
        challenger = None
    return WantedVersions(
        tuple(_spec(version) for version in found),
        None if challenger is None else _spec(challenger),
    )


def _spec(version: ModelVersion) -> VersionSpec:
    return VersionSpec(
        number=version.id,
        name=version.name,
        encoder_digest=version.encoder_digest,
        decoder_digest=version.decoder_digest,
    )


class Prefetch:
    """Makes images ready one after another, the latest wishes first, in a thread of its own.

    One at a time, so that a click waits for one encode at most.
    """

    def __init__(self, client: ServingClient) -> None:
        self._client = client
        self._waiting: deque[ImageRef] = deque()
        self._changed = threading.Condition()
        self._in_hand = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="prefetch", daemon=True)
        self._thread.start()

    def warm(self, images: Sequence[ImageRef]) -> int:
        taken = images[:_MOST_WAITING]
        with self._changed:
            wished = {image.sha256 for image in taken}
            kept = [image for image in self._waiting if image.sha256 not in wished]
            self._waiting = deque([*taken, *kept][:_MOST_WAITING])
            self._changed.notify()
        return len(taken)

    @property
    def unfinished(self) -> int:
        """Images in hand or waiting."""
        with self._changed:
            return len(self._waiting) + self._in_hand

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (image := self._next()) is not None:
            try:
                self._client.warm(image)
            except MaskloopError as error:  # whoever clicks on it is told
                logger.info("prefetch.failed image=%s reason=%s", image.source, error)

    def _next(self) -> ImageRef | None:
        with self._changed:
            self._in_hand = 0
            self._changed.wait_for(lambda: self._stopped or self._waiting)
            if self._stopped:
                return None
            self._in_hand = 1
            return self._waiting.popleft()


class Serving:
    """The predictor behind the API (`services/predictor.py`)."""

    def __init__(self, client: ServingClient, prefetch: Prefetch) -> None:
        self._client = client
        self._prefetch = prefetch

    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        return await self._client.masks(question)

    def shadow(self, question: MaskQuestion) -> MaskAnswer | ShadowSkipped:
        return self._client.shadow(question)

    def warm(self, images: Sequence[ImageRef]) -> int:
        return self._prefetch.warm(images)

    @property
    def prefetching(self) -> int:
        """Images that the prefetch has still to make ready."""
        return self._prefetch.unfinished

    async def status(self) -> ServingStatus:
        found = await anyio.to_thread.run_sync(self._client.status)
        refused: dict[ServedVersion, str] = {}
        for decoder in found.decoders:
            refused.update(decoder.refused)
        return ServingStatus(
            ready=bool(found.decoders and found.encoders),
            versions=Counter(decoder.serving for decoder in found.decoders),
            refused=refused,
            encoder_calls=sum(encoder.calls for encoder in found.encoders),
            prefetching=self.prefetching,
            trouble=found.trouble,
            challengers=[d.challenger for d in found.decoders if d.challenger is not None],
        )


@contextmanager
def serving(runtime: Runtime) -> Iterator[Serving]:
    """The application deployed, its replicas following promotions, in a Ray that ends with the
    block (or in the cluster of RAY_ADDRESS, where the application stays).

    Replicas may still be starting when the block begins: `status().ready` tells.
    """
    settings = runtime.settings
    workers = settings.workers or workers_of(compute_of(settings).device)
    wanted = wanted_versions(runtime)
    with (
        ray_session(workers=workers, object_store_mb=settings.ray_object_store_mb),
        serve_started(),
    ):
        plan = plan_of(settings, runtime.objects.url, nodes() if is_cluster() else ())
        deploy(plan, wanted.promoted, shadow=wanted.shadow)
        client = ServingClient()
        prefetch = Prefetch(client)
        follower = _Follower(runtime, plan, wanted)
        try:
            yield Serving(client, prefetch)
        finally:
            follower.stop()
            prefetch.stop()


class _Follower:
    """Deploys again when other versions are wanted, by whichever process."""

    def __init__(self, runtime: Runtime, plan: ServingPlan, wanted: WantedVersions) -> None:
        self._runtime, self._plan, self._wanted = runtime, plan, wanted
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-promotions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                wanted = wanted_versions(self._runtime)
            except DatabaseUnavailableError as error:
                logger.warning("promotions.unknown error=%s", error)
                continue
            if wanted != self._wanted:
                deploy(self._plan, wanted.promoted, shadow=wanted.shadow)
                self._wanted = wanted
                logger.info(
                    "version.deployed version=%d shadow=%s",
                    wanted.promoted[0].number,
                    wanted.shadow and wanted.shadow.number,
                )
