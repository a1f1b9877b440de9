"""Autolabel: images of an object store to result files, through Ray Data.

What goes through Ray is small: a row names an image, the answer names its result file. Pixels and
embeddings stay inside the actor that reads them. The actor holds no database credentials and
decides no state; it reports an outcome per image and the service applies it.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from typing import Any

import ray.data
from ray.exceptions import RayError, RayTaskError

from maskloop.actors import everything, results
from maskloop.actors.embedder import Embedder
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.kept_candidates import Keeper
from maskloop.actors.niceness import be_nice
from maskloop.actors.reading import failed, pixels_of
from maskloop.actors.rechoose import Rechooser
from maskloop.actors.referee import load_referee
from maskloop.actors.sam.compute import settle_threads
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.tries import Tries, counted_tries
from maskloop.actors.work import (
    ItemResult,
    Plan,
    Pool,
    Prepared,
    WorkItem,
    broke,
    done,
)
from maskloop.platform.errors import MaskloopError, PipelineBrokenError
from maskloop.platform.images import Pixels
from maskloop.platform.keeping import Keeping
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.stages import Stages
from maskloop.platform.storage import open_store
from maskloop.platform.storage.counting import CountingStore

# There is no other way yet to say how often Ray repeats an image (see _outliving_nodes).
warnings.filterwarnings("ignore", message="`ray_remote_args_fn` is deprecated")


def run(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
    """Results as they come, in any order.

    Runs in the Ray session of the caller. A block is one image, so that a result leaves the
    pipeline when it is there and a lost actor costs one image. An image that its process dies of
    every time comes back as `Outcome.BROKE`. Raises `PipelineBrokenError` when the pipeline itself
    breaks: a process raised what is no outcome, or could not begin.
    """
    try:
        yield from _results(plan, items)
    except RayError as error:
        raise PipelineBrokenError(_reason(error)) from error


def _reason(error: RayError) -> str:
    """What the actor raised, or else the first line of what Ray says of its death."""
    cause = error.__cause__ if isinstance(error, RayTaskError) else None
    told = error.cause if cause is None and isinstance(error, RayTaskError) else cause
    shown = told if isinstance(told, Exception) else error
    lines = [line.strip() for line in str(shown).splitlines() if line.strip()]
    return f"{type(shown).__name__}: {lines[0] if lines else 'no message'}"


def _results(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
    rows: ray.data.Dataset = ray.data.from_items(
        [asdict(item) for item in items], override_num_blocks=len(items)
    )
    actor = Rechooser if plan.from_candidates else Autolabeler
    with ExitStack() as stack:
        if plan.encoders is not None and not plan.from_candidates:
            several = 2 * plan.encoders.together if plan.encoders.together > 1 else 1
            pool, tries = plan.encoders.pool, stack.enter_context(counted_tries())
            rows = through(rows, Embedder, plan, pool, len(items), tries, threads=several)
        tries = stack.enter_context(counted_tries())
        answered = through(rows, actor, plan, plan.workers, len(items), tries)
        for row in answered.iter_rows():
            yield ItemResult.of(row)


def through(
    rows: ray.data.Dataset,
    actor: type,
    plan: Plan,
    pool: Pool,
    items: int,
    tries: Tries,
    *,
    threads: int = 1,
) -> ray.data.Dataset:
    """Each row through one of a pool's actors: made of the plan and the pool's tries, called with
    columns of length 1, by so many threads at once. A pool is not larger than there are `items`."""
    size = min(pool.size, items)
    bounds = {"min_size": 1, "initial_size": size} if pool.grows else {"size": size}
    return rows.map_batches(
        actor,
        fn_constructor_kwargs={"plan": plan, "tries": tries},
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(
            **bounds,
            max_tasks_in_flight_per_actor=2 * threads,
            max_concurrent_calls_per_actor=threads,
            enable_true_multi_threading=threads > 1,
        ),
        num_cpus=1,
        num_gpus=pool.gpus,
        label_selector=pool.labels or None,
        ray_remote_args_fn=_outliving_nodes,
    )


def _outliving_nodes() -> dict[str, int]:
    """What an actor had in hand when it died is repeated, by another as long as there is one: its
    node may have gone, which takes Ray a while to notice. `Tries` ends what would never end."""
    return {"max_restarts": -1, "max_task_retries": -1}


class _OnDemand:
    """The encoder, loaded when something has no embedding: behind a pool of encoders only crops."""

    def __init__(self, weights: WeightsFolder, plan: Plan) -> None:
        self.load = cache(lambda: load_encoder(weights, plan.encoder_digest, plan.compute))

    def encode(self, pixels: Pixels) -> Embedding:
        return self.load().encode(pixels)


class Autolabeler:
    """The actor: loads the model once, then does one image after another."""

    def __init__(self, plan: Plan, tries: Tries) -> None:
        settle_threads(plan.compute)
        be_nice()
        weights = WeightsFolder(plan.weights)
        self._plan = plan
        self._tries = tries
        self._objects = CountingStore(
            open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        )
        self._embeddings = EmbeddingStore(self._objects, plan.compute.precision)
        for digest in (plan.encoder_digest, plan.decoder_digest):
            fetch(weights, digest, self._objects)
        self._encoder = _OnDemand(weights, plan)
        if plan.encoders is None:
            self._encoder.load()
        self._decoder = load_decoder(weights, plan.decoder_digest, plan.compute)
        self._referee = load_referee(
            weights, plan.encoder_digest, plan.decoder_digest, plan.compute
        )

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Ray Data's form: columns of length 1 in, columns of length 1 out."""
        prepared = Prepared.of(batch)
        if prepared.result is not None:
            return prepared.result.to_batch()
        if not self._tries.begin(prepared.item.item_id):
            return broke(prepared.item).to_batch()
        return prepared.with_rest(self.propose(prepared.item)).to_batch()

    def propose(self, item: WorkItem) -> ItemResult:
        """Do one image. Errors that concern it become its outcome; others end the pipeline."""
        try:
            return self._propose(item)
        except MaskloopError as error:
            return failed(item, error)

    def _propose(self, item: WorkItem) -> ItemResult:
        started, before = time.perf_counter(), self._objects.written
        stages = Stages()
        key, candidates_key = self._plan.result_key(item.sha256), self._candidates_key(item)
        with stages("read"):
            known = self._known_masks(key, candidates_key)
        if known is not None:
            return done(item, key, known, stages.seconds, candidates_key)
        with stages("read"):
            pixels = pixels_of(item, self._objects, self._plan.limits)
        masks = self._masks(item, pixels, candidates_key, stages)
        with stages("write"):
            size_hw = (pixels.shape[0], pixels.shape[1])
            results.write(self._objects, key, masks, sha256=item.sha256, size_hw=size_hw)
        stages.seconds["other"] = time.perf_counter() - started - sum(stages.seconds.values())
        written = self._objects.written - before
        return done(item, key, len(masks), stages.seconds, candidates_key, written)

    def _candidates_key(self, item: WorkItem) -> str:
        return self._plan.candidates_key(item.sha256) if self._plan.keep_candidates else ""

    def _known_masks(self, key: str, candidates_key: str) -> int | None:
        """Of a result that is there already, with its candidates where they are to be kept."""
        if candidates_key and self._objects.info(candidates_key) is None:
            return None
        return results.known_masks(self._objects, key)

    def _masks(
        self, item: WorkItem, pixels: Pixels, candidates_key: str, stages: Stages
    ) -> list[GeneratedMask]:
        """Candidates are written before anything tells of the masks."""
        parameters = self._plan.parameters
        keeping = Keeping.of(parameters) if candidates_key else Keeping.no_more_than(parameters)
        keeper = Keeper(keeping, stages)
        size_hw = (pixels.shape[0], pixels.shape[1])
        proposed = everything.propose(
            pixels,
            self._encoder,
            self._decoder,
            parameters,
            keeping=keeping,
            referee=self._referee,
            whole_image=self._embedding(item, pixels, stages),
            stages=stages,
        )
        if not candidates_key:
            return everything.choose(proposed, parameters, size_hw, stages=stages)
        masks = everything.choose(keeper.watch(proposed), parameters, size_hw, stages=stages)
        packed = keeper.pack(size_hw)
        with stages("write"):
            self._objects.put(candidates_key, packed)
        return masks

    def _embedding(self, item: WorkItem, pixels: Pixels, stages: Stages) -> Embedding:
        with stages("read"):
            stored = self._embeddings.get(item.sha256, self._plan.encoder_digest)
        if stored is not None:
            return stored
        with stages("encode"):
            embedding = self._encoder.encode(pixels)
        with stages("write"):
            return self._embeddings.put(item.sha256, embedding)
