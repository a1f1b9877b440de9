"""What is kept of candidates: small, whole or refused, and good for every threshold it says."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError

from maskloop.actors.candidate_pruning import prune
from maskloop.actors.candidates import Candidate, Candidates, Window
from maskloop.actors.crops import Crop
from maskloop.actors.kept_candidates import Keeper, flatten, unpack
from maskloop.actors.sam.transforms import resized_hw
from maskloop.actors.upscaling import upscaling
from maskloop.platform.errors import BadParametersError, ChoiceRefusedError
from maskloop.platform.generation import GenerationParameters, Mode
from maskloop.platform.keeping import Keeping, chosen_again, kept_digest
from maskloop.platform.stages import Stages

SIZE_HW = (300, 400)
KEEPING = Keeping.of(GenerationParameters())
Logits = npt.NDArray[np.float32]


def disc(x: float, y: float, radius: float, steepness: float = 4) -> Logits:
    """(192, 256) logits, positive within a radius of low-resolution nodes."""
    rows, columns = np.mgrid[:192, :256]
    distance = np.hypot(rows - y, columns - x)
    return np.clip((radius - distance) * steepness, -20, 20).astype(np.float32)


def proposed(*answers: tuple[Logits, float]) -> Candidates:
    crop = Crop((0, 0, SIZE_HW[1], SIZE_HW[0]), 0)
    made = Candidates(crop, upscaling(resized_hw(SIZE_HW), SIZE_HW), offset=1.0, reach=2.0)
    for number, (logits, score) in enumerate(answers):
        square = np.full((1, 1, 256, 256), -20, dtype=np.float32)
        square[0, 0, :192] = logits
        points = np.array([[number, 2.0]])
        made.add(square, np.array([[score]], np.float32), points, above=0, look_above=1)
    return made


def packed(candidates: Candidates) -> bytes:
    keeper = Keeper(KEEPING, Stages())
    assert list(keeper.watch([candidates])) == [candidates]
    return keeper.pack(SIZE_HW)


def pixels(candidates: Candidates, candidate: Candidate) -> Logits:
    window = candidate.window
    assert window is not None
    whole = np.full((256, 256), -20, dtype=np.float32)
    height, width = window.logits.shape
    whole[window.top :][:height, window.left :][:, :width] = window.logits
    return full(whole)


def full(logits: Logits) -> Logits:
    scaling = upscaling(resized_hw(SIZE_HW), SIZE_HW)
    rows, columns = (0, SIZE_HW[0]), (0, SIZE_HW[1])
    return scaling.full(torch.from_numpy(logits), 0, 0, rows, columns)


def test_what_was_packed_comes_back_with_its_masks() -> None:
    made = proposed((disc(60, 60, 30), 0.9), (disc(150, 80, 12), 0.95))

    kept = unpack(packed(made), offset=0.5)

    [crop] = kept.crops
    assert kept.size_hw == SIZE_HW
    assert (crop.crop, crop.offset, crop.reach) == (made.crop, 0.5, 2.0)
    assert [one.point_xy for one in crop.found] == [(1.0, 2.0), (0.0, 2.0)]
    assert [one.predicted_iou for one in crop.found] == pytest.approx([0.95, 0.9])
    for again, first in zip(crop.found, reversed(made.found), strict=True):
        before, after = pixels(made, first) > 0, pixels(crop, again) > 0
        assert (before & after).sum() / (before | after).sum() > 0.99


def test_an_image_without_candidates_keeps_that() -> None:
    assert [one.found for one in unpack(packed(proposed()), offset=1.0).crops] == [[]]


@pytest.mark.parametrize("position", [200, 400, -1])
def test_damaged_bytes_are_refused(position: int) -> None:
    data = bytearray(packed(proposed((disc(60, 60, 30), 0.9))))
    data[position] ^= 255
    with pytest.raises((ValueError, KeyError, SafetensorError)):
        unpack(bytes(data), offset=1.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 12), st.sampled_from([1.0, 2.0, 3.5]))
def test_flattening_leaves_every_pixel_on_its_side_of_every_threshold(
    seed: int, spread: float, reach: float
) -> None:
    random = np.random.default_rng(seed)
    coarse = random.normal(0, spread, (32, 32)).astype(np.float32)
    logits = np.kron(coarse, np.ones((8, 8), dtype=np.float32))
    logits += random.normal(0, 0.3, logits.shape).astype(np.float32)

    before, after = full(logits), full(flatten(logits, reach))

    for threshold in np.linspace(-reach, reach, 9):
        assert ((before > threshold) == (after > threshold)).all()


def test_flattening_makes_most_of_a_mask_one_value() -> None:
    flat = flatten(disc(100, 90, 60), reach=2.0)
    assert np.isin(flat, (4.0, -4.0)).mean() > 0.9


def test_of_near_identical_candidates_the_best_stays() -> None:
    made = proposed((disc(60, 60, 30), 0.9), (disc(60, 60, 30, 5), 0.92), (disc(150, 80, 30), 0.8))
    assert [round(one.predicted_iou, 2) for one in prune(made.found, KEEPING)] == [0.92, 0.8]


def test_a_more_stable_candidate_stays_beside_a_better_one() -> None:
    made = proposed((disc(60, 60, 30, 8), 0.9), (disc(60, 60, 30, 2), 0.92))
    assert len(prune(made.found, KEEPING)) == 2


def test_a_mask_with_a_hole_stays_beside_the_whole_one() -> None:
    ring = np.minimum(disc(60, 60, 30), -disc(60, 60, 15))
    assert len(prune(proposed((ring, 0.9), (disc(60, 60, 30), 0.9)).found, KEEPING)) == 2


def test_unstable_and_empty_candidates_go() -> None:
    found = [*proposed((disc(60, 60, 30, 0.1), 0.9)).found, Candidate(None, 0.99, (0, 0))]
    below = Candidate(Window(0, 0, np.full((9, 9), -1, dtype=np.float32)), 0.99, (0, 0))
    assert prune([*found, below], KEEPING) == []


ANSWERABLE = [
    {},
    {"pred_iou_thresh": 0.7, "stability_score_thresh": 0.85, "stability_score_offset": 2.0},
    {"box_nms_thresh": 0.9, "crop_nms_thresh": 0.1, "min_mask_region_area": 50},
    {"points_per_side": 32, "points_per_batch": 3},
]


@pytest.mark.parametrize("given_", ANSWERABLE)
def test_thresholds_within_what_was_kept_can_be_chosen(given_: dict[str, float]) -> None:
    own = GenerationParameters(min_mask_region_area=7)
    chosen = chosen_again(3, own, own, given_)
    assert chosen.to_json() == own.to_json() | given_


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"points_per_side": 16}, "points_per_side cannot be 16 with the candidates of job 3: it"),
        ({"crop_n_layers": 1}, "it decides what the model was asked, which was 0"),
        ({"pred_iou_thresh": 0.69}, "pred_iou_thresh cannot be 0.69"),
        ({"pred_iou_thresh": 0.69}, "what was kept reaches from 0.7 to 1"),
        ({"stability_score_thresh": 0.8}, "stability_score_thresh cannot be 0.8"),
        ({"stability_score_offset": 2.5}, "what was kept reaches from 1.0 to 2.0"),
        ({"stability_score_offset": 0.5}, "stability_score_offset cannot be 0.5"),
        ({"box_nms_thresh": 0.95}, "box_nms_thresh cannot be 0.95"),
    ],
)
def test_what_was_not_kept_is_refused_by_name(given_: dict[str, float], says: str) -> None:
    own = GenerationParameters()
    with pytest.raises(ChoiceRefusedError) as caught:
        chosen_again(3, own, own, given_)
    assert says in str(caught.value)


def test_a_value_that_is_none_is_no_matter_of_what_was_kept() -> None:
    own = GenerationParameters()
    with pytest.raises(BadParametersError):
        chosen_again(3, own, own, {"pred_iou_thresh": 7})


def test_a_job_with_looser_thresholds_keeps_more() -> None:
    loose = GenerationParameters(pred_iou_thresh=0, stability_score_thresh=0.5)
    assert chosen_again(3, loose, loose, {"pred_iou_thresh": 0.2}).pred_iou_thresh == 0.2
    assert kept_digest(loose) != kept_digest(GenerationParameters())


def test_thresholds_within_what_is_kept_anyway_change_no_key() -> None:
    stricter = GenerationParameters(crop_nms_thresh=0.5, min_mask_region_area=9, points_per_batch=1)
    assert kept_digest(stricter) == kept_digest(GenerationParameters())
    assert kept_digest(GenerationParameters(points_per_side=8)) != kept_digest(stricter)


@pytest.mark.parametrize("mode", list(Mode))
def test_thresholds_that_decide_who_is_asked_and_asked_again_are_in_the_key(mode: Mode) -> None:
    usual = GenerationParameters(mode=mode)
    digests = {
        kept_digest(replace(usual, **changed))
        for changed in (
            {},
            {"pred_iou_thresh": 0.95},
            {"stability_score_thresh": 0.97},
            {"stability_score_offset": 1.5},
            {"box_nms_thresh": 0.5},
        )
    }
    assert len(digests) == 5
