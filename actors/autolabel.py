"""Autolabel: images of an object store to result files, through Ray Data.

What goes through Ray is small: a row names an image, the answer names its result file. Pixels and
embeddings stay inside the actor that reads them. The actor holds no database credentials and
decides no state; it reports an outcome per image and the service applies it.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import ray.data
from ray.exceptions import RayError, RayTaskError

from maskloop.actors import everything
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.everything import GENERATOR_VERSION
from maskloop.actors.sam.compute import Compute, settle_threads
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.transforms import PREPROCESSING_VERSION
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform import sa1b
from maskloop.platform.errors import (
    BadImageError,
    DocumentDamagedError,
    ImageChangedError,
    MaskloopError,
    ObjectMissingError,
    PipelineBrokenError,
)
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import READING_VERSION, Limits, Pixels, read_image
from maskloop.platform.stages import Stages
from maskloop.platform.storage import open_store

# There is no other way yet to say how often Ray repeats an image (see _survivable).
warnings.filterwarnings("ignore", message="`ray_remote_args_fn` is deprecated")


class Outcome(StrEnum):
    DONE = "done"
    """The result file is written."""
    QUARANTINED = "quarantined"
    """The image is at fault; trying again changes nothing."""
    FAILED = "failed"
    """The store or the machine is at fault; trying again may help."""


@dataclass(frozen=True)
class Plan:
    """What every actor of a job needs to know; travels to it by pickle."""

    objects: str
    s3_endpoint_url: str | None
    weights: Path
    encoder_digest: str
    decoder_digest: str
    compute: Compute
    """`threads`: of each process."""
    workers: int
    """Processes, one image at a time in each."""
    parameters: GenerationParameters
    limits: Limits

    def result_key(self, sha256: bytes) -> str:
        """Where the masks of an image are: everything that they depend on is in the key.

        So whoever needs the same work finds it done: a worker after one that died before it could
        tell, and another job with the same model and parameters.
        """
        versions = f"v{READING_VERSION}.{PREPROCESSING_VERSION}.{GENERATOR_VERSION}"
        versions += f"-{self.compute.precision}"
        model = f"{self.encoder_digest}-{self.decoder_digest}"
        digest = sha256.hex()
        folder = f"results/{model}/{versions}-{self.parameters.digest}/{digest[:2]}"
        return f"{folder}/{digest}.json.gz"


@dataclass(frozen=True)
class WorkItem:
    """One image to do. `source` is for messages."""

    item_id: int
    image_key: str
    sha256: bytes
    source: str


@dataclass(frozen=True)
class ItemResult:
    """`result_key` and `masks` are set when done, `code` and `reason` when not."""

    item_id: int
    outcome: Outcome
    result_key: str
    masks: int
    seconds: dict[str, float]
    code: str
    reason: str


def run(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
    """Results as they come, in any order.

    Runs in the Ray session of the caller. A block is one image, so that a result leaves the
    pipeline when it is there and a lost actor costs one image. Raises `PipelineBrokenError` when
    the pipeline itself breaks: a process died twice over one image, or raised what is no outcome.
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
    workers = min(plan.workers, len(items))
    rows = ray.data.from_items([asdict(item) for item in items], override_num_blocks=len(items))
    done = rows.map_batches(
        Autolabeler,
        fn_constructor_kwargs={"plan": plan},
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=2),
        num_cpus=1,
        num_gpus=1 if plan.compute.device == "cuda" else 0,
        ray_remote_args_fn=_survivable,
    )
    for row in done.iter_rows():
        yield ItemResult(
            item_id=int(row["item_id"]),
            outcome=Outcome(row["outcome"]),
            result_key=str(row["result_key"]),
            masks=int(row["masks"]),
            seconds=dict(zip(row["stages"], map(float, row["seconds"]), strict=True)),
            code=str(row["code"]),
            reason=str(row["reason"]),
        )


def _survivable() -> dict[str, int]:
    """A dead actor is replaced, but its image repeated only once: one that kills every actor shall
    end the pipeline and not occupy it for ever."""
    return {"max_restarts": -1, "max_task_retries": 1}


class Autolabeler:
    """The actor: loads the model once, then does one image after another."""

    def __init__(self, plan: Plan) -> None:
        settle_threads(plan.compute)
        weights = WeightsFolder(plan.weights)
        self._plan = plan
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        self._embeddings = EmbeddingStore(self._objects, plan.compute.precision)
        for digest in (plan.encoder_digest, plan.decoder_digest):
            fetch(weights, digest, self._objects)
        self._encoder = load_encoder(weights, plan.encoder_digest, plan.compute)
        self._decoder = load_decoder(weights, plan.decoder_digest, plan.compute)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Ray Data's form: columns of length 1 in, columns of length 1 out."""
        item = WorkItem(
            item_id=int(batch["item_id"][0]),
            image_key=str(batch["image_key"][0]),
            sha256=bytes(batch["sha256"][0]),
            source=str(batch["source"][0]),
        )
        result = self.propose(item)
        return {
            "item_id": np.array([result.item_id]),
            "outcome": np.array([result.outcome.value]),
            "result_key": np.array([result.result_key]),
            "masks": np.array([result.masks]),
            "stages": [list(result.seconds)],
            "seconds": [list(result.seconds.values())],
            "code": np.array([result.code]),
            "reason": np.array([result.reason]),
        }

    def propose(self, item: WorkItem) -> ItemResult:
        """Do one image. Errors that concern it become its outcome; others end the pipeline."""
        try:
            return self._propose(item)
        except (BadImageError, ObjectMissingError) as error:
            return _not_done(item, Outcome.QUARANTINED, error)
        except MaskloopError as error:
            return _not_done(item, Outcome.FAILED, error)

    def _propose(self, item: WorkItem) -> ItemResult:
        started = time.perf_counter()
        stages = Stages()
        key = self._plan.result_key(item.sha256)
        with stages("read"):
            known = self._known_result(key)
        if known is not None:
            return _done(item, key, known, stages.seconds)
        with stages("read"):
            pixels = self._pixels(item)
        embedding = self._embedding(item, pixels, stages)
        generated = everything.generate(
            pixels,
            self._encoder,
            self._decoder,
            self._plan.parameters,
            whole_image=embedding,
            stages=stages,
        )
        with stages("write"):
            document = sa1b.document(
                generated,
                image_id=0,  # the document belongs to no project: see Plan.result_key
                file_name=item.sha256.hex(),
                size_hw=(pixels.shape[0], pixels.shape[1]),
            )
            self._objects.put(key, sa1b.pack(document))
        stages.seconds["other"] = time.perf_counter() - started - sum(stages.seconds.values())
        return _done(item, key, len(generated), stages.seconds)

    def _known_result(self, key: str) -> int | None:
        """Number of masks of a result that is there already; a damaged one is removed."""
        if self._objects.info(key) is None:
            return None
        try:
            return len(sa1b.unpack(self._objects.get(key), key)["annotations"])
        except DocumentDamagedError:
            self._objects.delete(key)
            return None

    def _pixels(self, item: WorkItem) -> Pixels:
        data = self._objects.get(item.image_key)
        pixels, facts = read_image(data, item.source, self._plan.limits)
        if facts.sha256 != item.sha256:
            raise ImageChangedError(item.source, f"sha256 is now {facts.sha256.hex()[:12]}…")
        return pixels

    def _embedding(self, item: WorkItem, pixels: Pixels, stages: Stages) -> Embedding:
        with stages("read"):
            stored = self._embeddings.get(item.sha256, self._encoder.digest)
        if stored is not None:
            return stored
        with stages("encode"):
            embedding = self._encoder.encode(pixels)
        with stages("write"):
            return self._embeddings.put(item.sha256, embedding)


def _done(item: WorkItem, key: str, masks: int, seconds: dict[str, float]) -> ItemResult:
    return ItemResult(item.item_id, Outcome.DONE, key, masks, seconds, "", "")


def _not_done(item: WorkItem, outcome: Outcome, error: MaskloopError) -> ItemResult:
    return ItemResult(item.item_id, outcome, "", 0, {}, error.code, str(error))
