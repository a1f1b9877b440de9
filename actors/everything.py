"""Everything-mode: masks of everything in an image, from a grid of points.

Gives the masks of the official generator (SAM paper, arXiv 2304.02643, appendix B, and its code's
defaults): three masks per point; those of low predicted IoU or low stability go; box NMS inside
each crop by predicted IoU, then across crops with the smaller crop first; small holes and islands
are removed last. A step differs only where that changes no mask: predicted IoU is filtered before
masks are brought to full size.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from maskloop.actors.crops import Crop, crops_of, grid_xy, touches_inner_edge
from maskloop.actors.regions import drop_islands, fill_holes
from maskloop.actors.sam.decoder import Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder
from maskloop.actors.sam.transforms import upscale
from maskloop.actors.suppression import suppress
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels
from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.platform.stages import Stages

GENERATOR_VERSION: Final = 1
"""Part of a result's key: raise it whenever the same pixels and parameters give other masks."""
FULL_SIZE_VALUES = 32_000_000
"""Logits brought to full size together: bounds the memory of a batch to a few times 128 MB."""


@dataclass(frozen=True)
class _Found:
    """A mask that passed the thresholds, in pixels of the image; box right and bottom inclusive."""

    rle: Rle
    box_xyxy: tuple[int, int, int, int]
    predicted_iou: float
    stability_score: float
    point_xy: tuple[float, float]
    crop: Crop


def generate(
    pixels: Pixels,
    encoder: Encoder,
    decoder: Decoder,
    parameters: GenerationParameters,
    *,
    whole_image: Embedding | None = None,
    stages: Stages | None = None,
) -> list[GeneratedMask]:
    """Masks of everything in an image, in the official order (by crop, then predicted IoU).

    `whole_image` is the image's embedding where it is known already; crops are always encoded.
    """
    stages = stages or Stages()
    size_hw = (pixels.shape[0], pixels.shape[1])
    found: list[_Found] = []
    crops = crops_of(size_hw, parameters)
    for crop in crops:
        if crop.layer == 0 and whole_image is not None:
            embedding = whole_image
        else:
            with stages("encode"):
                embedding = encoder.encode(_cut(pixels, crop))
        found.extend(_of_crop(embedding, crop, size_hw, decoder, parameters, stages))
    with stages("suppress"):
        if len(crops) > 1:
            found = _smaller_crops_first(found, parameters.crop_nms_thresh)
    if parameters.min_mask_region_area > 0:
        with stages("regions"):
            found = _without_small_regions(found, parameters)
    with stages("records"):
        return [_record(mask) for mask in found]


def _cut(pixels: Pixels, crop: Crop) -> Pixels:
    x1, y1, x2, y2 = crop.box_xyxy
    return pixels[y1:y2, x1:x2]


def _of_crop(
    embedding: Embedding,
    crop: Crop,
    size_hw: tuple[int, int],
    decoder: Decoder,
    parameters: GenerationParameters,
    stages: Stages,
) -> list[_Found]:
    """The masks of one crop after thresholds and the NMS inside the crop."""
    grid = grid_xy(parameters.points_per_side_of_layer(crop.layer), crop.size_hw)
    found: list[_Found] = []
    for start in range(0, len(grid), parameters.points_per_batch):
        points = grid[start : start + parameters.points_per_batch]
        with stages("decode"):
            decoded = decoder.decode_points(embedding, points).multimask
            logits = decoded.low_res_logits.flatten(0, 1)
            predicted = decoded.predicted_iou.flatten(0, 1).cpu()
            point_of = np.arange(len(points)).repeat(decoded.predicted_iou.shape[1])
            confident = _confident(predicted, parameters.pred_iou_thresh)
        for chosen in _chunks(confident, _masks_at_once(crop.size_hw)):
            with stages("upscale"):
                full = upscale(logits[chosen.to(logits.device)], embedding.resized_hw, crop.size_hw)
            with stages("filter"):
                found.extend(
                    _passing(
                        full.cpu().numpy(),
                        predicted[chosen].numpy(),
                        points[point_of[chosen.numpy()]],
                        crop=crop,
                        size_hw=size_hw,
                        parameters=parameters,
                    )
                )
    with stages("suppress"):
        return _best_boxes(found, [mask.predicted_iou for mask in found], parameters.box_nms_thresh)


def _confident(predicted_iou: torch.Tensor, thresh: float) -> torch.Tensor:
    """Indices of what passes; a threshold of 0 lets everything pass, as in the official code."""
    if thresh > 0:
        return torch.nonzero(predicted_iou > thresh).flatten()
    return torch.arange(len(predicted_iou))


def _chunks(indices: torch.Tensor, size: int) -> tuple[torch.Tensor, ...]:
    """None of an empty tensor, of which `split` makes an empty chunk."""
    return torch.split(indices, size) if len(indices) else ()


def _masks_at_once(size_hw: tuple[int, int]) -> int:
    height, width = size_hw
    return max(1, FULL_SIZE_VALUES // max(height * width, 1024 * 1024))


def _passing(
    logits: npt.NDArray[np.float32],
    predicted_iou: npt.NDArray[np.float32],
    points_xy: npt.NDArray[np.float64],
    *,
    crop: Crop,
    size_hw: tuple[int, int],
    parameters: GenerationParameters,
) -> Iterator[_Found]:
    """Those of (N, h, w) logits that are stable and do not end at an inner edge of the crop."""
    stability = stability_score(logits, parameters.stability_score_offset)
    stable = np.flatnonzero(stability >= parameters.stability_score_thresh)
    masks = logits[stable] > 0
    left, top = crop.box_xyxy[:2]
    boxes = boxes_of(masks) + np.array([left, top, left, top])
    whole = ~touches_inner_edge(boxes.astype(np.float64), crop, size_hw)
    for row in np.flatnonzero(whole):
        index = stable[row]
        x, y = points_xy[index]
        x1, y1, x2, y2 = (int(value) for value in boxes[row])
        yield _Found(
            rle=Rle.encode(_uncrop(masks[row], crop, size_hw)),
            box_xyxy=(x1, y1, x2, y2),
            predicted_iou=float(predicted_iou[index]),
            stability_score=float(stability[index]),
            point_xy=(float(x) + left, float(y) + top),
            crop=crop,
        )


def stability_score(logits: npt.NDArray[np.float32], offset: float) -> npt.NDArray[np.float32]:
    """IoU of each mask (N, h, w) at threshold +offset with itself at -offset; 0 for empty ones."""
    inner = (logits > offset).sum(axis=(1, 2), dtype=np.int64)
    outer = (logits > -offset).sum(axis=(1, 2), dtype=np.int64)
    ratio: npt.NDArray[np.float64] = inner / np.maximum(outer, 1)
    return ratio.astype(np.float32)


def boxes_of(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Outermost pixels (x1, y1, x2, y2), inclusive, of masks (N, h, w); zeros for an empty mask."""
    boxes = np.zeros((len(masks), 4), dtype=np.int64)
    for axis, (low, high) in ((1, (0, 2)), (2, (1, 3))):
        used: npt.NDArray[np.bool_] = np.any(masks, axis=axis)
        some = used.any(axis=1)
        boxes[some, low] = used[some].argmax(axis=1)
        boxes[some, high] = used.shape[1] - 1 - used[some, ::-1].argmax(axis=1)
    return boxes


def _uncrop(
    mask: npt.NDArray[np.bool_], crop: Crop, size_hw: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    if crop.size_hw == size_hw:
        return mask
    x1, y1, x2, y2 = crop.box_xyxy
    whole = np.zeros(size_hw, dtype=np.bool_)
    whole[y1:y2, x1:x2] = mask
    return whole


def _best_boxes(found: list[_Found], scores: list[float], iou_thresh: float) -> list[_Found]:
    if not found:
        return []
    boxes = np.array([mask.box_xyxy for mask in found], dtype=np.float64)
    return [found[i] for i in suppress(boxes, np.array(scores), iou_thresh)]


def _smaller_crops_first(found: list[_Found], iou_thresh: float) -> list[_Found]:
    scores = [1.0 / (mask.crop.size_hw[0] * mask.crop.size_hw[1]) for mask in found]
    return _best_boxes(found, scores, iou_thresh)


def _without_small_regions(found: list[_Found], parameters: GenerationParameters) -> list[_Found]:
    """Fill small holes, drop small islands, then NMS again, in which unchanged masks win."""
    cleaned: list[_Found] = []
    scores: list[float] = []
    for mask in found:
        pixels = mask.rle.decode()
        pixels, filled = fill_holes(pixels, parameters.min_mask_region_area)
        pixels, dropped = drop_islands(pixels, parameters.min_mask_region_area)
        scores.append(0.0 if filled or dropped else 1.0)
        if filled or dropped:
            x1, y1, x2, y2 = (int(value) for value in boxes_of(pixels[None])[0])
            mask = replace(mask, rle=Rle.encode(pixels), box_xyxy=(x1, y1, x2, y2))
        cleaned.append(mask)
    iou_thresh = max(parameters.box_nms_thresh, parameters.crop_nms_thresh)
    return _best_boxes(cleaned, scores, iou_thresh)


def _record(mask: _Found) -> GeneratedMask:
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
