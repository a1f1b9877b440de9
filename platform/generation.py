"""Parameters of everything-mode, with the names, defaults and meaning of the official generator."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Self

from maskloop.platform.errors import BadParametersError

Value = int | float | str


class Mode(StrEnum):
    EXACT = "exact"
    """All: the masks of the official generator."""
    ADAPTIVE = "adaptive"
    """Those that say something new: nearly the same masks in a third of the time."""


_MODES = " or ".join(Mode)


@dataclass(frozen=True)
class GenerationParameters:
    """See SAM's paper (arXiv 2304.02643, appendix B). Lengths are pixels, thresholds 0 to 1.

    Those without a counterpart in the official generator are `mode`, `embedding_distance_thresh`
    and the two of the deduplication; by default they change nothing.
    """

    mode: Mode = Mode.EXACT
    """Which points of the grid are asked."""
    embedding_distance_thresh: float = 0.045
    """Adaptive mode: a point is asked only if its embedding differs by more (1 - cosine, 0 to 2)
    from that of every asked point near it."""
    points_per_side: int = 32
    """Prompts per side of the grid over the whole image."""
    points_per_batch: int = 64
    """Prompts decoded together on a GPU, at most; changes speed and memory, not the masks. A
    processor takes as few as its cache holds."""
    pred_iou_thresh: float = 0.88
    """Masks whose predicted IoU is not above this are dropped."""
    stability_score_thresh: float = 0.95
    """Masks that change more than this when the threshold moves by the offset are dropped."""
    stability_score_offset: float = 1.0
    """How far the logit threshold moves for the stability score."""
    box_nms_thresh: float = 0.7
    """Box IoU above which the mask with the lower predicted IoU is dropped, inside a crop."""
    crop_n_layers: int = 0
    """Layers of zoomed crops: layer i has (2^i)^2 of them."""
    crop_nms_thresh: float = 0.7
    """Box IoU above which the mask from the larger crop is dropped, across crops."""
    crop_overlap_ratio: float = 512 / 1500
    """Overlap of neighbouring crops, as a share of the image's shorter side, in layer 1."""
    crop_n_points_downscale_factor: int = 1
    """Layer i's grid has points_per_side / factor^i points a side."""
    min_mask_region_area: int = 0
    """Holes and islands smaller than this are removed from masks; 0 leaves them."""
    dedup_iou_thresh: float = 1.0
    """Mask IoU above which the mask of lower predicted IoU is dropped at last; 1 drops none."""
    dedup_containment_thresh: float = 1.0
    """Share of the smaller of two masks inside the other above which the one of lower predicted
    IoU is dropped at last; 1 drops none."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is Mode:
                self._require(field.name, value in set(Mode), f"it is one of {_MODES}")
                object.__setattr__(self, field.name, Mode(value))
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            if field.type is float and whole:
                object.__setattr__(self, field.name, float(value))  # 1 and 1.0 are one digest
            else:
                kind = "a whole number" if field.type is int else "a number"
                holds = whole if field.type is int else isinstance(value, float)
                self._require(field.name, holds, f"it must be {kind}")
        for name in ("points_per_side", "points_per_batch", "crop_n_points_downscale_factor"):
            self._require(name, getattr(self, name) >= 1, "it must be at least 1")
        for name in ("crop_n_layers", "min_mask_region_area", "stability_score_offset"):
            self._require(name, getattr(self, name) >= 0, "it cannot be negative")
        for name in (
            "pred_iou_thresh",
            "stability_score_thresh",
            "box_nms_thresh",
            "crop_nms_thresh",
            "dedup_iou_thresh",
            "dedup_containment_thresh",
        ):
            self._require(name, 0 <= getattr(self, name) <= 1, "it must lie between 0 and 1")
        self._require(
            "embedding_distance_thresh",
            0 <= self.embedding_distance_thresh <= 2,
            "it must lie between 0 and 2",
        )
        self._require("points_per_side", self.points_per_side <= 256, "more than 256 is no grid")
        self._require("crop_n_layers", self.crop_n_layers <= 4, "layer 4 already has 256 crops")
        self._require(
            "crop_overlap_ratio", 0 <= self.crop_overlap_ratio < 1, "it must be from 0 to below 1"
        )

    def points_per_side_of_layer(self, layer: int) -> int:
        """Grid points a side in the crops of one layer (0 is the whole image); at least 1."""
        return max(1, int(self.points_per_side / self.crop_n_points_downscale_factor**layer))

    def to_json(self) -> dict[str, Value]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Value]) -> Self:
        """Raises `BadParametersError` for a name that is no parameter."""
        known = {field.name for field in fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise BadParametersError(name, value, "there is no such parameter")
        return cls(**values)  # type: ignore[arg-type]

    @property
    def digest(self) -> str:
        """sha256 over what decides the masks."""
        decisive = {k: v for k, v in self.to_json().items() if k != "points_per_batch"}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def _require(self, name: str, holds: bool, reason: str) -> None:
        if not holds:
            raise BadParametersError(name, getattr(self, name), reason)
