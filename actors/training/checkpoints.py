"""Checkpoints in the object store: what a trainer needs to go on as if nothing had happened.

<prefix>/at-<step, 9 digits>.checkpoint      sha256 of the rest, then a safetensors file: weights,
                                             the best ones so far, AdamW's moments, and in its
                                             header how far the training is
<prefix>/ended-<step, 9 digits>.checkpoint   the same when no step is to follow

<prefix>/outcome-<digest>.json               what came out

An object is put whole or not at all. Older ones are removed once a newer one is there.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan
from maskloop.platform.storage.store import ObjectInfo, ObjectStore

_SUFFIX: Final = ".checkpoint"
_DIGEST_BYTES: Final = 32
_MOMENTS: Final = ("exp_avg", "exp_avg_sq")


@dataclass
class Progress:
    """How far a training is; JSON in a checkpoint's header."""

    step: int = 0
    seconds: float = 0.0
    """Computing: steps and validations, over all resumptions."""
    begun: float = 0.0
    """Seconds before the first step, the parent's validation among them."""
    validating: float = 0.0
    """Seconds of that validation."""
    optimism: float = 0.0
    """See `Learner`."""
    planned: int = 0
    """Steps in all, once it is known how many the budget has room for."""
    preparing: float = 0.0
    """Seconds of encoding before."""
    encoder_calls: int = 0
    best_step: int = 0
    best_score: float | None = None
    validated: int = 0
    """The step of the last validation."""
    worse: int = 0
    """Validations since the best one."""
    parent: dict[str, float | None] = field(default_factory=dict)
    best: dict[str, float | None] = field(default_factory=dict)
    """Figures of the parent and of the best trained weights."""
    curve: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    stopped: str = ""
    """As in `TrainingOutcome`, when no step is to follow."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    progress: Progress
    tensors: dict[str, Tensor]


class Checkpoints:
    """Of one training."""

    def __init__(self, objects: ObjectStore, plan: TrainingPlan) -> None:
        self._objects = objects
        self._prefix = plan.checkpoints.rstrip("/")
        self._of = _depends_on(plan)

    def newest(self) -> Checkpoint | None:
        """The newest that is whole and of this plan; others are removed."""
        found = None
        for info in reversed(self._kept()):
            found = found or self._read(info.key)
            if found is None:
                self._objects.delete(info.key)
        return found

    def keep(self, checkpoint: Checkpoint) -> None:
        """Put it, then remove the older ones."""
        progress = checkpoint.progress
        ended = "ended" if progress.stopped else "at"
        key = f"{self._prefix}/{ended}-{progress.step:09}{_SUFFIX}"
        self._objects.put(key, self._pack(checkpoint))
        self._remove(but=key)

    def close(self, outcome: TrainingOutcome) -> None:
        """Write down what came out, and remove the checkpoints."""
        told = {"of": self._of, "outcome": asdict(outcome)}
        self._objects.put(self._outcome_key, json.dumps(told).encode())
        self.remove()

    def remove(self) -> None:
        """All checkpoints."""
        self._remove(but="")

    def outcome(self) -> TrainingOutcome | None:
        """Of a trainer that finished and could not tell anybody."""
        if self._objects.info(self._outcome_key) is None:
            return None
        told = json.loads(self._objects.get(self._outcome_key))
        return TrainingOutcome(**told["outcome"]) if told["of"] == self._of else None

    @property
    def _outcome_key(self) -> str:
        return f"{self._prefix}/outcome-{self._of[:16]}.json"

    def _kept(self) -> list[ObjectInfo]:
        every = list(self._objects.list(f"{self._prefix}/"))
        return [info for info in every if info.key.endswith(_SUFFIX)]

    def _remove(self, *, but: str) -> None:
        for info in self._kept():
            if info.key != but:
                self._objects.delete(info.key)

    def _pack(self, checkpoint: Checkpoint) -> bytes:
        told = {"of": self._of, "progress": json.dumps(asdict(checkpoint.progress))}
        tensors = {k: v.detach().cpu().contiguous() for k, v in checkpoint.tensors.items()}
        data = save(tensors, metadata=told)
        return hashlib.sha256(data).digest() + data

    def _read(self, key: str) -> Checkpoint | None:
        data = self._objects.get(key)
        digest, rest = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if hashlib.sha256(rest).digest() != digest:
            return None
        try:
            told = _header(rest)
            if told.get("of") != self._of:
                return None
            return Checkpoint(_progress(json.loads(told["progress"])), load(rest))
        except (SafetensorError, ValueError, KeyError, TypeError, struct.error):
            return None


def moments(
    optimizer: torch.optim.Optimizer, named: Mapping[str, nn.Parameter]
) -> dict[str, Tensor]:
    """AdamW's state by the parameters' names; empty before the first step."""
    return {
        f"{moment}/{name}": optimizer.state[parameter][moment]
        for name, parameter in named.items()
        if parameter in optimizer.state
        for moment in (*_MOMENTS, "step")
    }


def restore_moments(
    optimizer: torch.optim.Optimizer,
    named: Mapping[str, nn.Parameter],
    tensors: Mapping[str, Tensor],
) -> None:
    for name, parameter in named.items():
        if f"step/{name}" in tensors:
            state = {m: tensors[f"{m}/{name}"].to(parameter.device) for m in _MOMENTS}
            # AdamW counts on the processor, wherever the parameters are.
            optimizer.state[parameter] = {**state, "step": tensors[f"step/{name}"]}


def _depends_on(plan: TrainingPlan) -> str:
    told = {
        "encoder": plan.encoder_digest,
        "decoder": plan.decoder_digest,
        "manifest": plan.manifest_key,
        "replay": plan.replay_keys,
        "recipe": plan.recipe.model_dump(mode="json"),
        "precision": plan.train.precision,
        "workers": plan.workers,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _header(data: bytes) -> dict[str, str]:
    """The texts in a safetensors file's header, which the library only reads from files."""
    (length,) = struct.unpack("<Q", data[:8])
    found: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return found


def _progress(told: dict[str, Any]) -> Progress:
    curve = [(int(step), dict(figures)) for step, figures in told["curve"]]
    names = {each.name for each in fields(Progress)}
    return Progress(**{**{k: v for k, v in told.items() if k in names}, "curve": curve})
