"""What goes to the actors of an autolabel job, and what comes back; small, since Ray carries it."""

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from maskloop.actors.everything import GENERATOR_VERSION
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.transforms import PREPROCESSING_VERSION
from maskloop.platform.errors import MaskloopError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import READING_VERSION, Limits
from maskloop.platform.keeping import KEPT_VERSION, kept_digest


class Outcome(StrEnum):
    DONE = "done"
    """The result file is written."""
    QUARANTINED = "quarantined"
    """The image is at fault; trying again changes nothing."""
    FAILED = "failed"
    """The store or the machine is at fault; trying again may help."""
    BROKE = "broke"
    """Whatever process began it died, as often as it was tried."""


@dataclass(frozen=True)
class Pool:
    """Processes of one kind, one image at a time in each unless they encode on a GPU."""

    size: int
    """To begin with."""
    grows: bool = False
    """To as many as the cluster has room for, and down to one where they have nothing to do."""
    gpus: float = 0.0
    """Of each process."""
    labels: dict[str, str] = field(default_factory=dict)
    """Ray's labels of the nodes that they may be on."""


@dataclass(frozen=True)
class Encoders:
    """A pool before the workers, which has the embeddings in the object store for them."""

    pool: Pool
    compute: Compute
    together: int = 1
    """Images in one pass."""


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
    workers: Pool
    """Those that propose. They encode what has no embedding."""
    parameters: GenerationParameters
    limits: Limits
    keep_candidates: bool = True
    from_candidates: bool = False
    """Choose among candidates that are kept already; no model is loaded."""
    encoders: Encoders | None = None
    """None: the workers encode."""

    def result_key(self, sha256: bytes) -> str:
        """Where the masks of an image are: everything that they depend on is in the key.

        So whoever needs the same work finds it done: a worker after one that died before it could
        tell, and another job with the same model and parameters.
        """
        folder = f"results/{self._model}/{self._versions}-{self.parameters.digest}"
        return f"{folder}/{_place(sha256)}.json.gz"

    def candidates_key(self, sha256: bytes) -> str:
        """Where the candidates of an image are, whatever is chosen among them."""
        versions = f"k{KEPT_VERSION}-{self._versions}-{kept_digest(self.parameters)}"
        return f"candidates/{self._model}/{versions}/{_place(sha256)}"

    def chosen_key(self, sha256: bytes, candidates_key: str) -> str:
        """Where the masks are that were chosen among kept candidates: they differ a little from
        those of `result_key`, because logits are kept rounded."""
        kept = PurePosixPath(candidates_key).parts[-3]
        folder = f"results/{self._model}/chosen-g{GENERATOR_VERSION}-{self.parameters.digest}"
        return f"{folder}/{kept}/{_place(sha256)}.json.gz"

    @property
    def _model(self) -> str:
        return f"{self.encoder_digest}-{self.decoder_digest}"

    @property
    def _versions(self) -> str:
        versions = f"v{READING_VERSION}.{PREPROCESSING_VERSION}.{GENERATOR_VERSION}"
        return f"{versions}-{self.compute.precision}"


def _place(sha256: bytes) -> str:
    digest = sha256.hex()
    return f"{digest[:2]}/{digest}"


@dataclass(frozen=True)
class WorkItem:
    """One image to do. `source` is for messages; `candidates_key` is "" where none are asked."""

    item_id: int
    image_key: str
    sha256: bytes
    source: str
    candidates_key: str = ""

    @classmethod
    def of(cls, batch: dict[str, Any]) -> "WorkItem":
        """From columns of length 1, Ray Data's form."""
        return cls(
            item_id=int(batch["item_id"][0]),
            image_key=str(batch["image_key"][0]),
            sha256=bytes(batch["sha256"][0]),
            source=str(batch["source"][0]),
            candidates_key=str(batch["candidates_key"][0]),
        )


@dataclass(frozen=True)
class ItemResult:
    """`result_key`, `masks` and `candidates_key` ("" when none are kept) are set when done, `code`
    and `reason` when not."""

    item_id: int
    outcome: Outcome
    result_key: str
    masks: int
    seconds: dict[str, float]
    code: str
    reason: str
    candidates_key: str = ""
    bytes: int = 0
    """Written for the image; none of what was there already."""

    def to_batch(self) -> dict[str, Any]:
        """Columns of length 1."""
        return {
            "item_id": np.array([self.item_id]),
            "outcome": np.array([self.outcome.value]),
            "result_key": np.array([self.result_key]),
            "masks": np.array([self.masks]),
            "stages": [list(self.seconds)],
            "seconds": [list(self.seconds.values())],
            "code": np.array([self.code]),
            "reason": np.array([self.reason]),
            "candidates_key": np.array([self.candidates_key]),
            "bytes": np.array([self.bytes]),
        }

    @classmethod
    def of(cls, row: dict[str, Any]) -> "ItemResult":
        return cls(
            item_id=int(row["item_id"]),
            outcome=Outcome(row["outcome"]),
            result_key=str(row["result_key"]),
            masks=int(row["masks"]),
            seconds=dict(zip(row["stages"], map(float, row["seconds"]), strict=True)),
            code=str(row["code"]),
            reason=str(row["reason"]),
            candidates_key=str(row["candidates_key"]),
            bytes=int(row["bytes"]),
        )


@dataclass(frozen=True)
class Prepared:
    """An item between the two pools; `result` is set where it is settled already."""

    item: WorkItem
    seconds: dict[str, float]
    bytes: int
    result: ItemResult | None = None

    def to_batch(self) -> dict[str, Any]:
        """Columns of length 1."""
        told = {"seconds": self.seconds, "bytes": self.bytes}
        settled = None if self.result is None else asdict(self.result)
        columns: dict[str, Any] = {name: [value] for name, value in asdict(self.item).items()}
        # As bytes of their own: NumPy's fixed-length ones end before the zeros at their end.
        columns["sha256"] = np.array([self.item.sha256], dtype=object)
        return {**columns, "prepared": [json.dumps({**told, "result": settled})]}

    @classmethod
    def of(cls, batch: dict[str, Any]) -> "Prepared":
        """Of an item that nobody prepared as well."""
        item = WorkItem.of(batch)
        if "prepared" not in batch:
            return cls(item, {}, 0)
        told = json.loads(batch["prepared"][0])
        settled = told["result"]
        if settled is not None:
            settled = ItemResult(**{**settled, "outcome": Outcome(settled["outcome"])})
        return cls(item, told["seconds"], told["bytes"], settled)

    def with_rest(self, result: ItemResult) -> ItemResult:
        """What the whole image took and wrote."""
        seconds = dict(self.seconds)
        for stage, spent in result.seconds.items():
            seconds[stage] = seconds.get(stage, 0.0) + spent
        return replace(result, seconds=seconds, bytes=result.bytes + self.bytes)


def done(
    item: WorkItem,
    key: str,
    masks: int,
    seconds: dict[str, float],
    candidates_key: str,
    written: int = 0,
) -> ItemResult:
    """`written`: bytes."""
    return ItemResult(
        item.item_id, Outcome.DONE, key, masks, seconds, "", "", candidates_key, written
    )


def broke(item: WorkItem) -> ItemResult:
    reason = "every process that began it died"
    return ItemResult(item.item_id, Outcome.BROKE, "", 0, {}, "breaks_worker", reason)


def not_done(item: WorkItem, outcome: Outcome, error: MaskloopError) -> ItemResult:
    return ItemResult(item.item_id, outcome, "", 0, {}, error.code, str(error))
