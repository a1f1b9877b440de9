"""A question for masks of one object, and its answer: small values that cross processes.

Pixels, embeddings and logits are named by key or reference and never travel with them.
"""

from dataclasses import dataclass
from enum import StrEnum

from maskloop.platform.masks import Rle
from maskloop.platform.prompts import Prompts


@dataclass(frozen=True)
class ImageRef:
    """An image as models know it: by content. `source` is for messages, `object_key` its bytes."""

    sha256: bytes
    object_key: str
    size_hw: tuple[int, int]
    source: str


class EmbeddingSource(StrEnum):
    """Where an answer's embedding came from."""

    HIT = "hit"
    """The memory of the replica that answered."""
    STORE = "store"
    """The object store: a job, a person or the prefetch had it made before."""
    ENCODED = "encoded"
    """The encoder made it for this question, or for one that was under way."""


@dataclass(frozen=True)
class MaskQuestion:
    """`prompts.mask_logits` is unset: an earlier answer's mask is named by `previous`, its
    reference."""

    image: ImageRef
    prompts: Prompts
    multimask: bool
    previous: str | None = None


@dataclass(frozen=True)
class AnsweredMask:
    """`bbox_xywh` as in the official records: right - left and bottom - top of outermost pixels.

    `reference` names this mask's low-resolution logits in a later question on the same image. It
    holds the recipe, so it outlives replicas and restarts.
    """

    rle: Rle
    bbox_xywh: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    reference: str


@dataclass(frozen=True)
class ServedVersion:
    """A model version by its number and name."""

    number: int
    name: str


@dataclass(frozen=True)
class MaskAnswer:
    """`masks`: best predicted IoU first; one, or three with multimask. `seconds` by stage."""

    masks: tuple[AnsweredMask, ...]
    model_version: ServedVersion
    embedding: EmbeddingSource
    seconds: dict[str, float]


class ShadowSkipped(StrEnum):
    """Why a replica left a question out that a challenger was to decode too."""

    NOT_LOADED = "not_loaded"
    """It has no challenger, or has not loaded it yet, or cannot."""
    BUSY = "busy"
    """Clicks wait, or the challenger decodes already."""
    NO_EMBEDDING = "no_embedding"
    """Of the challenger's encoder there is none, and for a shadow nothing is encoded."""


@dataclass(frozen=True)
class ChallengerStatus:
    """Of a replica: `refused` says why it cannot decode with the challenger; empty while it is
    still loading it."""

    version: ServedVersion
    loaded: bool
    refused: str
