"""Deduplication by masks."""

import numpy as np

from maskloop.actors.crops import Crop
from maskloop.actors.duplicates import without_duplicates
from maskloop.actors.selection import Found, box_of
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import Rle

SIZE = (40, 40)


def found(top: int, left: int, bottom: int, right: int, predicted_iou: float) -> Found:
    mask = np.zeros(SIZE, dtype=bool)
    mask[top:bottom, left:right] = True
    crop = Crop((0, 0, 40, 40), 0)
    return Found(Rle.encode(mask), box_of(mask), predicted_iou, 1.0, (0.0, 0.0), crop)


def scores(masks: list[Found], **thresholds: float) -> list[float]:
    return [m.predicted_iou for m in without_duplicates(masks, GenerationParameters(**thresholds))]


def test_of_two_masks_of_one_thing_the_surer_one_stays() -> None:
    nearly = [found(0, 0, 20, 20, 0.90), found(0, 0, 20, 19, 0.95), found(20, 20, 40, 40, 0.89)]
    assert scores(nearly, dedup_iou_thresh=0.9) == [0.95, 0.89]
    assert scores(nearly, dedup_iou_thresh=0.96) == [0.90, 0.95, 0.89]


def test_a_part_goes_only_when_containment_is_asked_for() -> None:
    part_and_whole = [found(0, 0, 30, 30, 0.95), found(5, 5, 10, 10, 0.90)]
    assert scores(part_and_whole, dedup_iou_thresh=0.5) == [0.95, 0.90]
    assert scores(part_and_whole, dedup_containment_thresh=0.9) == [0.95]


def test_what_a_dropped_mask_duplicates_is_not_dropped_for_it() -> None:
    chain = [found(0, 0, 10, 10, 0.9), found(0, 2, 10, 12, 0.8), found(0, 4, 10, 14, 0.7)]
    # Neighbours share 80 of 120 pixels, the outer two 60 of 140.
    assert scores(chain, dedup_iou_thresh=0.5) == [0.9, 0.7]


def test_equal_masks_leave_the_first_and_empty_ones_stay() -> None:
    equal = [found(0, 0, 5, 5, 0.9), found(0, 0, 5, 5, 0.9)]
    assert len(without_duplicates(equal, GenerationParameters(dedup_iou_thresh=0.99))) == 1
    empty = [found(0, 0, 0, 0, 0.9), found(0, 0, 0, 0, 0.8), found(0, 0, 5, 5, 0.7)]
    assert scores(empty, dedup_containment_thresh=0.5) == [0.9, 0.8, 0.7]
    assert without_duplicates([], GenerationParameters(dedup_iou_thresh=0.5)) == []
