"""Which points the referee is asked: those of which a mask would be kept."""

from pathlib import Path

import numpy as np
import pytest

from maskloop.actors.candidates import Candidates
from maskloop.actors.crops import Crop
from maskloop.actors.referee import MARGIN, Point, load_referee, to_decide
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.upscaling import upscaling
from maskloop.platform.generation import GenerationParameters

SIZE = (1024, 1024)
PARAMETERS = GenerationParameters(pred_iou_thresh=0.8, stability_score_thresh=0.9)
SHARP = 20.0
"""Logits per node at the border: nothing lies between the offsets."""
LEFT, RIGHT = (256.0, 512.0), (768.0, 512.0)


def candidates(
    *found: tuple[Point, float], radius: float = 30, slope: float = SHARP, crop: Crop | None = None
) -> Candidates:
    """Discs around points, each with a predicted IoU."""
    crop = crop or Crop((0, 0, SIZE[1], SIZE[0]), 0)
    made = Candidates(crop, upscaling(SIZE, crop.size_hw), offset=1.0, reach=1.0)
    rows, columns = np.mgrid[:256, :256]
    for (x, y), score in found:
        distance = np.hypot(columns - x / 4, rows - y / 4)
        logits = ((radius - distance) * slope).astype(np.float32)[None, None]
        above = PARAMETERS.pred_iou_thresh - MARGIN
        scores, points = np.array([[score]], np.float32), np.array([[x, y]])
        made.add(logits, scores, points, above=above, look_above=above)
    return made


def asked(found: Candidates, *decided: Point) -> list[Point]:
    return to_decide(found, set(decided), PARAMETERS, SIZE)


def test_of_two_candidates_for_one_thing_the_better_is_asked() -> None:
    beside = (LEFT[0] + 4, LEFT[1])
    found = candidates((beside, 0.85), (LEFT, 0.9), (RIGHT, 0.82))
    assert asked(found) == [LEFT, RIGHT]


def test_a_candidate_just_below_a_threshold_is_asked_until_it_is_decided() -> None:
    found = candidates((LEFT, 0.8 - MARGIN / 2))
    assert asked(found) == [LEFT]
    assert asked(found, LEFT) == []


def test_a_candidate_that_was_decided_against_suppresses_nothing() -> None:
    beside = (LEFT[0] + 4, LEFT[1])
    found = candidates((LEFT, 0.8 - MARGIN / 4), (beside, 0.8 - MARGIN / 2))
    assert asked(found) == [LEFT]
    assert asked(found, LEFT) == [beside]


def test_a_candidate_that_was_decided_for_suppresses_what_is_like_it() -> None:
    beside = (LEFT[0] + 4, LEFT[1])
    assert asked(candidates((LEFT, 0.9), (beside, 0.85)), LEFT) == []


@pytest.mark.parametrize(("slope", "is_asked"), [(SHARP, True), (1.5, True), (0.5, False)])
def test_an_unstable_candidate_is_not_asked(slope: float, is_asked: bool) -> None:
    """Of radius 30: two thirds of a node either way are a stability of 0.915, two nodes of 0.77."""
    assert asked(candidates((LEFT, 0.9), slope=slope)) == ([LEFT] if is_asked else [])


def test_a_candidate_that_its_crop_cuts_off_is_not_asked() -> None:
    crop = Crop((0, 0, 512, 1024), 1)
    whole = Crop((0, 0, 1024, 1024), 1)
    at_the_edge = (1000.0, 512.0)
    assert asked(candidates((at_the_edge, 0.9), crop=whole)) == [at_the_edge]
    assert asked(candidates((at_the_edge, 0.9), crop=crop)) == []


def test_where_nothing_was_found_nothing_is_asked() -> None:
    assert asked(candidates()) == []


def test_what_is_forgotten_leaves_the_others_with_their_own_bounds() -> None:
    found = candidates((LEFT, 0.9), (RIGHT, 0.85))
    box = found.bounds(1).outer_box
    found.forget([LEFT])
    assert [one.point_xy for one in found.found] == [RIGHT]
    assert found.bounds(0).outer_box == box


def test_float32_needs_no_referee(tmp_path: Path, fp32: Compute) -> None:
    assert load_referee(WeightsFolder(tmp_path), "a" * 64, "b" * 64, fp32) is None
