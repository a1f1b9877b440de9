"""The referee: what bf16 would keep is asked again in float32, so that float32 decides.

Rounding moves predicted IoU and stability by thousandths, and a mask that stands at a threshold
falls to one side or the other. So bf16 only proposes. Candidates are judged at low resolution, as
they are later at full size, with thresholds lowered by `MARGIN`; every point of which one would be
kept is asked again, and its candidates are replaced by float32's, which face the thresholds
themselves. Then the next ones would be kept, until all that would be were answered by the referee.

That is some 7 of 100 points (docs/decisions/0009). It does not find a candidate that rounding moves
by more than `MARGIN`, nor one that only full size, which is not worked out here, would keep.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np

from maskloop.actors.candidates import Candidates, passes
from maskloop.actors.crops import touches_inner_edge
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.suppression import suppress
from maskloop.platform.generation import GenerationParameters

MARGIN: Final = 0.015
"""Of predicted IoU and of stability: bf16 moves nearly all by less."""

Point = tuple[float, float]


class Referee:
    """The same weights in float32, loaded when they are first needed."""

    def __init__(self, load: Callable[[], tuple[Encoder, Decoder]]) -> None:
        self._load = load

    @property
    def encoder(self) -> Encoder:
        return self._models[0]

    @property
    def decoder(self) -> Decoder:
        return self._models[1]

    @cached_property
    def _models(self) -> tuple[Encoder, Decoder]:
        return self._load()


def load_referee(
    folder: WeightsFolder, encoder_digest: str, decoder_digest: str, compute: Compute
) -> Referee | None:
    """None where `compute` is float32 itself."""
    if compute.precision == "fp32":
        return None
    exactly = replace(compute, precision="fp32")
    return Referee(
        lambda: (
            load_encoder(folder, encoder_digest, exactly),
            load_decoder(folder, decoder_digest, exactly),
        )
    )


def to_decide(
    candidates: Candidates,
    decided: set[Point],
    parameters: GenerationParameters,
    size_hw: tuple[int, int],
) -> list[Point]:
    """The points that would give a mask and are not `decided` yet. `size_hw`: the whole image's."""
    found = candidates.found
    scores = np.array([candidate.predicted_iou for candidate in found], dtype=np.float32)
    final = np.array([candidate.point_xy in decided for candidate in found], dtype=bool)
    slack = np.where(final, np.float32(0), np.float32(MARGIN))
    likely = np.flatnonzero(passes(scores + slack, parameters.pred_iou_thresh))
    looks = [candidates.bounds(int(index)) for index in likely]
    stability = np.array([bounds.stability for bounds in looks], dtype=np.float32)
    boxes = np.array([bounds.outer_box for bounds in looks], dtype=np.float64).reshape(-1, 4)
    left, top = candidates.crop.box_xyxy[:2]
    moved = boxes + np.array([left, top, left, top])
    whole = ~touches_inner_edge(moved, candidates.crop, size_hw)
    stable = whole & (stability + slack[likely] >= parameters.stability_score_thresh)
    best = suppress(
        boxes[stable], scores[likely[stable]].astype(np.float64), parameters.box_nms_thresh
    )
    kept = likely[stable][best]
    return list(dict.fromkeys(found[int(i)].point_xy for i in kept if not final[i]))
