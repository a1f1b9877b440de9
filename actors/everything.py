"""Everything-mode: masks of everything in an image, from a grid of points.

Gives the masks of the official generator (SAM paper, arXiv 2304.02643, appendix B, and its code's
defaults): three masks per point; those of low predicted IoU or low stability go; box NMS inside
each crop by predicted IoU, then across crops with the smaller crop first; small holes and islands
are removed last. A step differs only where that changes no mask: predicted IoU is filtered before
masks are brought to full size, and full size itself is worked out only as far as a decision
needs it (`selection`).

Adaptive mode asks fewer points (`adaptive_grid`); what follows is the same. Where the model
computes in bf16, what would be kept is asked again in float32 (`referee`). Deduplication by masks
(`duplicates`) is ours too, and off by default.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from maskloop.actors.asking import Asking
from maskloop.actors.candidates import Candidates
from maskloop.actors.crops import crops_of
from maskloop.actors.duplicates import without_duplicates
from maskloop.actors.referee import Referee
from maskloop.actors.regions import drop_islands, fill_holes
from maskloop.actors.sam.decoder import Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.selection import Found, box_of, select
from maskloop.actors.suppression import suppress
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels
from maskloop.platform.keeping import Keeping
from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.platform.stages import Stages

GENERATOR_VERSION: Final = 3
"""Part of a result's key: raise it whenever the same pixels and parameters give other masks."""


class Encodes(Protocol):
    """An `Encoder`, or what loads one when it is asked."""

    def encode(self, pixels: Pixels, /) -> Embedding: ...


def generate(
    pixels: Pixels,
    encoder: Encodes,
    decoder: Decoder,
    parameters: GenerationParameters,
    *,
    referee: Referee | None = None,
    whole_image: Embedding | None = None,
    stages: Stages | None = None,
) -> list[GeneratedMask]:
    """Masks of everything in an image, in the official order (by crop, then predicted IoU).

    `referee` decides in float32 where encoder and decoder compute in bf16. `whole_image` is the
    image's embedding where it is known already; crops are always encoded.
    """
    stages = stages or Stages()
    proposed = propose(
        pixels,
        encoder,
        decoder,
        parameters,
        keeping=Keeping.no_more_than(parameters),
        referee=referee,
        whole_image=whole_image,
        stages=stages,
    )
    return choose(proposed, parameters, (pixels.shape[0], pixels.shape[1]), stages=stages)


def propose(
    pixels: Pixels,
    encoder: Encodes,
    decoder: Decoder,
    parameters: GenerationParameters,
    *,
    keeping: Keeping,
    referee: Referee | None = None,
    whole_image: Embedding | None = None,
    stages: Stages,
) -> Iterator[Candidates]:
    """What the model answers, one crop after another: only one need be in memory."""
    for crop in crops_of((pixels.shape[0], pixels.shape[1]), parameters):
        if crop.layer == 0 and whole_image is not None:
            embedding = whole_image
        else:
            with stages("encode"):
                embedding = encoder.encode(crop.cut(pixels))
        asking = Asking(embedding, crop, parameters, keeping, stages, refereed=bool(referee))
        asking.ask_grid(decoder)
        if referee is not None:
            asking.settle(referee, pixels)
        yield asking.candidates


def choose(
    proposed: Iterable[Candidates],
    parameters: GenerationParameters,
    size_hw: tuple[int, int],
    *,
    stages: Stages | None = None,
) -> list[GeneratedMask]:
    """Masks among candidates, of all crops in their order; no model is asked."""
    stages = stages or Stages()
    found: list[Found] = []
    crops = 0
    for candidates in proposed:
        crops += 1
        with stages("select"):
            found.extend(select(candidates, parameters, size_hw))
    with stages("suppress"):
        if crops > 1:
            found = _smaller_crops_first(found, parameters.crop_nms_thresh)
    if parameters.min_mask_region_area > 0:
        with stages("regions"):
            found = _without_small_regions(found, parameters)
    if min(parameters.dedup_iou_thresh, parameters.dedup_containment_thresh) < 1:
        with stages("dedup"):
            found = without_duplicates(found, parameters)
    with stages("records"):
        return [_record(mask) for mask in found]


def _best_boxes(found: list[Found], scores: list[float], iou_thresh: float) -> list[Found]:
    if not found:
        return []
    boxes = np.array([mask.box_xyxy for mask in found], dtype=np.float64)
    return [found[i] for i in suppress(boxes, np.array(scores), iou_thresh)]


def _smaller_crops_first(found: list[Found], iou_thresh: float) -> list[Found]:
    scores = [1.0 / (mask.crop.size_hw[0] * mask.crop.size_hw[1]) for mask in found]
    return _best_boxes(found, scores, iou_thresh)


def _without_small_regions(found: list[Found], parameters: GenerationParameters) -> list[Found]:
    """Fill small holes, drop small islands, then NMS again, in which unchanged masks win."""
    cleaned: list[Found] = []
    scores: list[float] = []
    for mask in found:
        pixels = mask.rle.decode()
        pixels, filled = fill_holes(pixels, parameters.min_mask_region_area)
        pixels, dropped = drop_islands(pixels, parameters.min_mask_region_area)
        scores.append(0.0 if filled or dropped else 1.0)
        if filled or dropped:
            mask = replace(mask, rle=Rle.encode(pixels), box_xyxy=box_of(pixels))
        cleaned.append(mask)
    iou_thresh = max(parameters.box_nms_thresh, parameters.crop_nms_thresh)
    return _best_boxes(cleaned, scores, iou_thresh)


def _record(mask: Found) -> GeneratedMask:
    x1, y1, x2, y2 = mask.box_xyxy
    return GeneratedMask(
        rle=mask.rle,
        bbox_xywh=(x1, y1, x2 - x1, y2 - y1),
        area=mask.rle.area,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        point_xy=mask.point_xy,
        crop_box_xywh=mask.crop.box_xywh,
    )
