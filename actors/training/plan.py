"""What goes to the trainer, and what comes back; small, since Ray carries it."""

from dataclasses import dataclass, field
from pathlib import Path

from maskloop.actors.sam.compute import Compute
from maskloop.platform.images import Limits
from maskloop.platform.training import Recipe


@dataclass(frozen=True)
class TrainingPlan:
    """Everything a training depends on; equal plans end with equal weights (docs/training.md)."""

    objects: str
    s3_endpoint_url: str | None
    weights: Path
    encoder_digest: str
    decoder_digest: str
    """Of the parent."""
    manifest_key: str
    """Its items' splits TRAIN and VALIDATION; others are not looked at."""
    replay_keys: tuple[str, ...]
    """Images outside the training set, `key`s of their bytes, on which the parent's answers are
    kept. May be empty."""
    recipe: Recipe
    checkpoints: str
    """Prefix of this training's checkpoints in the object store; a trainer that finds one goes on
    from it."""
    encode: Compute
    """How images are encoded that have no stored embedding."""
    train: Compute
    """Where weights are trained: its device, precision and threads."""
    limits: Limits
    workers: int = 1
    """Processes of Ray Train; each GPU is one, a machine without is one."""


@dataclass(frozen=True)
class TrainingPoint:
    """A place on the curves. `figures`: train/loss, train/iou, learning_rate, and where it was
    validated validation/one_click, /best_of_three, /box, /replay."""

    step: int
    steps: int
    """Planned in all."""
    figures: dict[str, float]


@dataclass(frozen=True)
class TrainingOutcome:
    """The weights are in the weights folder and in the object store (`shared_weights.publish`)."""

    encoder_digest: str
    decoder_digest: str
    steps: int
    best_step: int
    seconds: float
    """Computing, over all resumptions."""
    encoder_calls: int
    """Images that had no stored embedding."""
    stopped: str
    """planned, patience, budget"""
    figures: dict[str, float] = field(default_factory=dict)
    """Validation of the parent (parent/one_click …) and of what was kept (kept/one_click …)."""
