"""Parameters of everything-mode: the official names and defaults, and what they may be."""

import json
import math
from dataclasses import asdict, replace

import pytest

from maskloop.platform.errors import BadParametersError
from maskloop.platform.generation import GenerationParameters, Mode

OFFICIAL = {
    "points_per_side": 32,
    "pred_iou_thresh": 0.88,
    "stability_score_thresh": 0.95,
    "stability_score_offset": 1.0,
    "box_nms_thresh": 0.7,
    "crop_n_layers": 0,
    "crop_nms_thresh": 0.7,
    "crop_overlap_ratio": 512 / 1500,
    "crop_n_points_downscale_factor": 1,
    "min_mask_region_area": 0,
}
"""SamAutomaticMaskGenerator, without points_per_batch (64 there): it changes no mask."""

OURS = {
    "mode": Mode.EXACT,
    "embedding_distance_thresh": 0.045,
    "dedup_iou_thresh": 1.0,
    "dedup_containment_thresh": 1.0,
}
"""Without a counterpart there; these defaults change nothing."""


def test_names_and_defaults_are_the_official_ones() -> None:
    ours = asdict(GenerationParameters())
    assert ours.pop("points_per_batch") == 64
    assert {name: ours.pop(name) for name in OURS} == OURS
    assert ours == OFFICIAL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points_per_side", 0),
        ("points_per_side", 257),
        ("points_per_batch", 0),
        ("pred_iou_thresh", -0.01),
        ("pred_iou_thresh", 1.01),
        ("pred_iou_thresh", 88.0),
        ("pred_iou_thresh", math.nan),
        ("stability_score_thresh", 95.0),
        ("stability_score_thresh", -1.0),
        ("stability_score_offset", -1.0),
        ("stability_score_offset", math.nan),
        ("box_nms_thresh", 1.5),
        ("box_nms_thresh", -0.5),
        ("crop_n_layers", -1),
        ("crop_n_layers", 5),
        ("crop_nms_thresh", 2.0),
        ("crop_overlap_ratio", 1.0),
        ("crop_overlap_ratio", -0.1),
        ("crop_overlap_ratio", math.nan),
        ("crop_n_points_downscale_factor", 0),
        ("min_mask_region_area", -1),
        ("dedup_iou_thresh", 1.5),
        ("dedup_containment_thresh", -0.1),
        ("embedding_distance_thresh", -0.1),
        ("embedding_distance_thresh", 2.1),
        ("mode", "quick"),
        ("mode", 1),
    ],
)
def test_a_bad_value_is_refused_and_the_parameter_named(name: str, value: float) -> None:
    good = GenerationParameters()
    with pytest.raises(BadParametersError) as caught:
        replace(good, **{name: value})
    assert caught.value.fields["parameter"] == name
    assert str(caught.value).startswith(f"{name} cannot be {value}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points_per_side", 1),
        ("points_per_side", 256),
        ("pred_iou_thresh", 0.0),
        ("pred_iou_thresh", 1.0),
        ("stability_score_offset", 0.0),
        ("crop_n_layers", 4),
        ("crop_overlap_ratio", 0.0),
    ],
)
def test_the_bounds_themselves_are_good(name: str, value: float) -> None:
    assert getattr(replace(GenerationParameters(), **{name: value}), name) == value


@pytest.mark.parametrize(
    ("points", "factor", "per_layer"),
    [(32, 1, [32, 32, 32]), (32, 2, [32, 16, 8]), (10, 3, [10, 3, 1]), (2, 4, [2, 1, 1])],
)
def test_a_layers_grid_is_the_whole_grid_divided_by_the_factor(
    points: int, factor: int, per_layer: list[int]
) -> None:
    parameters = GenerationParameters(
        points_per_side=points, crop_n_layers=2, crop_n_points_downscale_factor=factor
    )
    assert [parameters.points_per_side_of_layer(layer) for layer in range(3)] == per_layer


def test_parameters_come_back_from_json() -> None:
    parameters = GenerationParameters(points_per_side=8, crop_n_layers=1, pred_iou_thresh=0.5)
    assert GenerationParameters.from_json(parameters.to_json()) == parameters
    assert GenerationParameters.from_json({}) == GenerationParameters()
    adaptive = GenerationParameters(mode=Mode.ADAPTIVE)
    assert GenerationParameters.from_json(json.loads(json.dumps(adaptive.to_json()))) == adaptive


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadParametersError) as caught:
        GenerationParameters.from_json({"points_per_side": 8, "points_pre_side": 8})
    assert caught.value.fields == {
        "parameter": "points_pre_side",
        "value": 8,
        "reason": "there is no such parameter",
    }


def test_the_digest_covers_what_decides_the_masks() -> None:
    plain = GenerationParameters()
    assert plain.digest == GenerationParameters().digest
    assert replace(plain, points_per_batch=16).digest == plain.digest
    changed: dict[str, float | str] = {
        "mode": "adaptive",
        "embedding_distance_thresh": 0.1,
        "dedup_iou_thresh": 0.9,
        "dedup_containment_thresh": 0.9,
        "points_per_side": 31,
        "pred_iou_thresh": 0.87,
        "stability_score_thresh": 0.9,
        "stability_score_offset": 2.0,
        "box_nms_thresh": 0.6,
        "crop_n_layers": 1,
        "crop_nms_thresh": 0.6,
        "crop_overlap_ratio": 0.25,
        "crop_n_points_downscale_factor": 2,
        "min_mask_region_area": 10,
    }
    assert changed.keys() == OFFICIAL.keys() | OURS.keys()
    digests = {replace(plain, **{name: value}).digest for name, value in changed.items()}
    assert len(digests | {plain.digest}) == len(changed) + 1
