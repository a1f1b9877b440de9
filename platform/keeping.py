"""What is kept of a job's candidates, and which parameters can be chosen again over them.

Candidates are kept before anything is chosen among them. Parameters that decide where the model is
asked are settled with them; thresholds can move afterwards, as far as what was kept reaches.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Self

from maskloop.platform.errors import ChoiceRefusedError
from maskloop.platform.generation import GenerationParameters, Value

KEPT_VERSION: Final = 1
"""Part of the key of kept candidates: raise it with their format or with what is kept."""
KEPT_PRED_IOU: Final = 0.7
"""Candidates with a higher predicted IoU are kept, or more where a job itself asks for more."""
KEPT_OFFSET: Final = 2.0
"""Logits are kept for stability score offsets up to this, or a job's own where that is more."""
KEPT_STABILITY: Final = 0.85
"""Candidates at least this stable are kept, or more where a job itself asks for more."""
KEPT_STABILITY_OFFSET: Final = 1.0
"""At this offset of the stability score, or a job's own where that is less."""
KEPT_OVERLAP: Final = 0.9
"""Of candidates that overlap more than this only the best is kept."""

CHOOSING: Final = frozenset(
    {
        "pred_iou_thresh",
        "stability_score_thresh",
        "stability_score_offset",
        "box_nms_thresh",
        "crop_nms_thresh",
        "min_mask_region_area",
        "dedup_iou_thresh",
        "dedup_containment_thresh",
    }
)
"""Parameters that choose among candidates. A parameter that is not here decides what they are."""
_NEITHER: Final = frozenset({"points_per_batch"})
_ASKING: Final = frozenset(
    {"pred_iou_thresh", "stability_score_thresh", "stability_score_offset", "box_nms_thresh"}
)
"""Who is asked also depends on what is heard: on which answers are confident or would be kept."""


@dataclass(frozen=True)
class Keeping:
    """Candidates above a predicted IoU (0: all) that are about as stable at `offset` as `stability`
    says; their logits for stability score offsets up to `reach`."""

    above: float
    stability: float
    offset: float
    reach: float

    @classmethod
    def of(cls, parameters: GenerationParameters) -> Self:
        return cls(
            above=min(KEPT_PRED_IOU, parameters.pred_iou_thresh),
            stability=min(KEPT_STABILITY, parameters.stability_score_thresh),
            offset=min(KEPT_STABILITY_OFFSET, parameters.stability_score_offset),
            reach=max(KEPT_OFFSET, parameters.stability_score_offset),
        )

    @classmethod
    def no_more_than(cls, parameters: GenerationParameters) -> Self:
        """What a job needs that keeps nothing."""
        offset = parameters.stability_score_offset
        return cls(
            parameters.pred_iou_thresh, parameters.stability_score_thresh, offset, reach=offset
        )


def kept_digest(parameters: GenerationParameters) -> str:
    """sha256 over what decides the candidates that are kept."""
    keeping = Keeping.of(parameters)
    indifferent = (CHOOSING | _NEITHER) - _ASKING
    decisive = {k: v for k, v in parameters.to_json().items() if k not in indifferent}
    decisive |= {f"kept_{name}": value for name, value in asdict(keeping).items()}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def chosen_again(
    job_id: int,
    kept_by: GenerationParameters,
    parameters: GenerationParameters,
    given: Mapping[str, Value],
) -> GenerationParameters:
    """`parameters` with those that are `given`, for the candidates that job `job_id` kept.

    `kept_by` are that job's. Raises `ChoiceRefusedError` that names what these candidates cannot
    answer, `BadParametersError` for a value that is none.
    """
    chosen = GenerationParameters.from_json(parameters.to_json() | dict(given))
    made_with, asked = kept_by.to_json(), chosen.to_json()
    for name, value in asked.items():
        if name not in CHOOSING | _NEITHER and value != made_with[name]:
            reason = f"it decides what the model was asked, which was {made_with[name]}"
            raise ChoiceRefusedError(job_id, name, value, reason)
    keeping = Keeping.of(kept_by)
    for name, least, most in (
        ("pred_iou_thresh", keeping.above, 1),
        ("stability_score_thresh", keeping.stability, 1),
        ("stability_score_offset", keeping.offset, keeping.reach),
        ("box_nms_thresh", 0, KEPT_OVERLAP),
        ("crop_nms_thresh", 0, KEPT_OVERLAP),
    ):
        if not least <= float(asked[name]) <= most:
            reason = f"what was kept reaches from {least} to {most}"
            raise ChoiceRefusedError(job_id, name, asked[name], reason)
    return chosen
