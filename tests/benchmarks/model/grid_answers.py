"""What every point of exact mode's grid answers on a photograph, and which points give each mask.

A point gives a mask that exact mode keeps if it is the mask's own, or if a candidate of it passes
the thresholds and is like the mask (IoU), all at low resolution.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from maskloop.actors.adaptive_grid import vectors_at
from maskloop.actors.candidates import Candidate, Candidates
from maskloop.actors.crops import crops_of, grid_xy
from maskloop.actors.sam.decoder import Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.transforms import to_input_xy
from maskloop.actors.selection import select
from maskloop.actors.upscaling import upscaling
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels
from maskloop.platform.prompts import MASK_SIDE

EXACT = GenerationParameters()
LEAST_STABILITY = 0.945
"""At low resolution; a little less than full size has to pass."""
SIMILAR = 0.9

Points = npt.NDArray[np.intp]
"""Indices in the grid, row by row."""
Values = npt.NDArray[np.floating]
SIDE = EXACT.points_per_side
ALL: Points = np.arange(SIDE**2)
COARSE: Points = ALL.reshape(SIDE, SIDE)[::2, ::2].ravel()
"""Every second point of every second row."""


@dataclass(frozen=True)
class Answers:
    """`vectors`: (1024, 256), the embedding at each point, of length 1."""

    embedding: Embedding
    grid: npt.NDArray[np.float64]
    vectors: Values
    contrast: Values
    """(1024,): standard deviation of the brightness in each point's cell."""
    areas: Values
    """(1024,): of the smallest confident mask on each point that a coarse point gave."""
    givers: list[Points]
    """For each kept mask, the points that give it."""
    smallest: dict[int, npt.NDArray[np.bool_]]
    """The smallest confident mask (256, 256) of each point that has one."""


def answers_of(pixels: Pixels, embedding: Embedding, decoder: Decoder) -> Answers:
    grid = grid_xy(SIDE, embedding.size_hw)
    candidates = candidates_of(embedding, grid, decoder)
    index = {(x, y): i for i, (x, y) in enumerate(grid.tolist())}
    points = np.array([index[candidate.point_xy] for candidate in candidates.found])
    masks, stable = (np.stack(s) for s in zip(*map(low_res, candidates.found), strict=True))
    places = to_input_xy(grid, embedding.size_hw, embedding.resized_hw).astype(int) // 4
    return Answers(
        embedding,
        grid,
        vectors=vectors_at(embedding, grid),
        contrast=local_contrast(pixels),
        areas=least_areas(masks[stable & np.isin(points, COARSE)], places),
        givers=givers_of(candidates, points, masks, stable),
        smallest=smallest_of(points, masks, stable),
    )


def candidates_of(
    embedding: Embedding, grid: npt.NDArray[np.float64], decoder: Decoder
) -> Candidates:
    """As `everything` has them for the whole image."""
    scale = upscaling(embedding.resized_hw, embedding.size_hw)
    crop = crops_of(embedding.size_hw, EXACT)[0]
    offset = EXACT.stability_score_offset
    candidates = Candidates(crop, scale, offset=offset, reach=offset)
    done = 0
    for group in decoder.decode_points(embedding, grid):
        logits, scores = group.low_res_logits.numpy(), group.predicted_iou.numpy()
        above = EXACT.pred_iou_thresh
        points = grid[done : done + len(scores)]
        candidates.add(logits, scores, points, above=above, look_above=above)
        done += len(scores)
    return candidates


def low_res(candidate: Candidate) -> tuple[npt.NDArray[np.bool_], bool]:
    """The mask (256, 256), and whether it is stable."""
    logits = np.full((MASK_SIDE, MASK_SIDE), -np.inf)
    if window := candidate.window:
        height, width = window.logits.shape
        logits[window.top :, window.left :][:height, :width] = window.logits
    offset = EXACT.stability_score_offset
    inside, outside = ((logits > level).sum() for level in (offset, -offset))
    return logits > 0, bool(inside >= LEAST_STABILITY * max(1, outside))


def least_areas(masks: npt.NDArray[np.bool_], places: Points) -> Values:
    """At `places` (N, 2), in low-resolution columns and rows; the whole square where no mask is."""
    nothing = float(MASK_SIDE**2)
    columns, rows = places.T
    areas = np.where(masks[:, rows, columns], masks.sum(axis=(1, 2))[:, None], nothing)
    return np.asarray(areas.min(axis=0, initial=nothing))


def givers_of(
    candidates: Candidates,
    points: Points,
    masks: npt.NDArray[np.bool_],
    stable: npt.NDArray[np.bool_],
) -> list[Points]:
    bits = np.packbits(masks.reshape(len(masks), -1), axis=1).view(np.uint64)
    place = {(mask.point_xy, mask.predicted_iou): i for i, mask in enumerate(candidates.found)}
    kept = select(candidates, EXACT, candidates.crop.size_hw)
    own = [place[mask.point_xy, mask.predicted_iou] for mask in kept]
    like = [stable & (ious(bits[i], bits) >= SIMILAR) for i in own]
    return [np.union1d(points[i], points[same]) for i, same in zip(own, like, strict=True)]


def smallest_of(
    points: Points, masks: npt.NDArray[np.bool_], stable: npt.NDArray[np.bool_]
) -> dict[int, npt.NDArray[np.bool_]]:
    areas = masks.sum(axis=(1, 2))
    found: dict[int, int] = {}
    for index in np.flatnonzero(stable):
        known = found.setdefault(int(points[index]), int(index))
        if areas[index] < areas[known]:
            found[int(points[index])] = int(index)
    return {point: masks[index] for point, index in found.items()}


def ious(bits: npt.NDArray[np.uint64], others: npt.NDArray[np.uint64]) -> Values:
    """Of one mask (1024 words) with others (N, 1024)."""
    common, union = (np.bitwise_count(x).sum(axis=1) for x in (bits & others, bits | others))
    return np.asarray(common / np.maximum(union, 1))


def local_contrast(pixels: Pixels) -> Values:
    """From the photograph at 8 by 8 pixels a cell."""
    small = cv2.resize(pixels, (8 * SIDE, 8 * SIDE), interpolation=cv2.INTER_AREA).mean(axis=2)
    return np.asarray(small.reshape(SIDE, 8, SIDE, 8).std(axis=(1, 3)).ravel())
