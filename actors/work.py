"""What goes to the actors of an autolabel job, and what comes back; small, since Ray carries it."""

from dataclasses import dataclass
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
    keep_candidates: bool = True
    from_candidates: bool = False
    """Choose among candidates that are kept already; no model is loaded."""

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


def not_done(item: WorkItem, outcome: Outcome, error: MaskloopError) -> ItemResult:
    return ItemResult(item.item_id, outcome, "", 0, {}, error.code, str(error))
