"""A decoder learns from a few pictures: in this process, and in Ray, where workers die."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest
import torch

from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.trainer import train
from maskloop.actors.training.loop import PACE_STEPS, StoppedError, Training
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan, TrainingPoint
from maskloop.platform.errors import EmptyTrainingSetError, TrainingDivergedError
from maskloop.platform.states import Split
from sites.training import TrainingSite, training_site

pytestmark = pytest.mark.slow

PICTURES = 6
"""Of the site: one to learn from, one to validate on, four to replay."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, weights: WeightsFolder) -> TrainingSite:
    folder = tmp_path_factory.mktemp("training")
    return training_site(folder, weights, [Split.TRAIN, Split.VALIDATION])


@pytest.fixture(scope="module", autouse=True)
def one_thread(site: TrainingSite) -> Iterator[None]:
    """Sums come out the same in this process and in a worker's."""
    before = torch.get_num_threads()
    torch.set_num_threads(site.plan.train.threads)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def undisturbed(site: TrainingSite) -> TrainingOutcome:
    """The first training of the module: nothing is encoded before it."""
    return trained(site.after("undisturbed"))


@pytest.fixture(scope="module")
def session() -> Iterator[None]:
    with ray_session(workers=1, object_store_mb=100):
        yield


def trained(plan: TrainingPlan, points: list[TrainingPoint] | None = None) -> TrainingOutcome:
    said = [] if points is None else points
    outcome = Training(plan, on_point=said.append, wanted=lambda: True).run()
    assert outcome is not None
    return outcome


def nobody_stops() -> None:
    pass


def test_what_comes_out_is_a_decoder_that_serves(
    site: TrainingSite, undisturbed: TrainingOutcome
) -> None:
    folder = WeightsFolder(site.plan.weights)
    parent, found = (
        folder.load(digest)[1] for digest in (site.plan.decoder_digest, undisturbed.decoder_digest)
    )

    decoder = load_decoder(folder, undisturbed.decoder_digest, Compute("cpu", "fp32", "pytorch", 1))

    assert decoder.digest != site.plan.decoder_digest
    assert undisturbed.encoder_digest == site.plan.encoder_digest
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in parent.items()
    }
    assert site.objects.info(f"weights/{decoder.digest}/model.safetensors") is not None


def test_the_second_training_encodes_nothing(
    site: TrainingSite, undisturbed: TrainingOutcome
) -> None:
    again = trained(site.after("again"))

    assert (undisturbed.encoder_calls, again.encoder_calls) == (PICTURES, 0)
    assert again.decoder_digest == undisturbed.decoder_digest


def test_the_loss_falls_and_the_validation_side_gains(site: TrainingSite) -> None:
    points: list[TrainingPoint] = []

    outcome = trained(
        site.after("longer", epochs=10, replay_share=0.0, validations=1, warmup_steps=2), points
    )

    losses = [point.figures["train/loss"] for point in points if "train/loss" in point.figures]
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])
    assert outcome.figures["kept/one_click"] > outcome.figures["parent/one_click"] + 0.03


def test_no_more_steps_are_planned_than_the_budget_has_room_for(site: TrainingSite) -> None:
    """By a clock on which each step takes a second."""
    points: list[TrainingPoint] = []
    seconds = count()
    plan = site.after("short of time", epochs=40, budget_minutes=0.5, validations=1, patience=5)

    outcome = Training(
        plan, on_point=points.append, wanted=lambda: True, clock=lambda: float(next(seconds))
    ).run()

    assert outcome is not None
    assert outcome.stopped == "budget"
    assert (points[1].steps, points[-1].steps) == (80, outcome.steps)
    assert PACE_STEPS < outcome.steps <= 30
    rates = [point.figures.get("learning_rate", 1.0) for point in points]
    assert min(rates) < 0.05 * plan.recipe.learning_rate


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(
    site: TrainingSite, undisturbed: TrainingOutcome
) -> None:
    plan = site.after("stopped")
    steps_done: list[TrainingPoint] = []
    with pytest.raises(StoppedError):
        Training(
            plan, on_point=steps_done.append, wanted=lambda: not in_the_middle(steps_done)
        ).run()

    later: list[TrainingPoint] = []
    outcome = trained(plan, later)

    assert later[0].step > steps_done[-1].step
    assert outcome.decoder_digest == undisturbed.decoder_digest


def in_the_middle(points: list[TrainingPoint]) -> bool:
    return bool(points) and points[-1].step == 3


def test_a_finished_training_is_not_computed_again(
    site: TrainingSite, undisturbed: TrainingOutcome
) -> None:
    points: list[TrainingPoint] = []

    assert trained(site.after("undisturbed"), points) == undisturbed
    assert points == []


def test_nothing_to_learn_from_is_said(tmp_path: Path, weights: WeightsFolder) -> None:
    site = training_site(tmp_path, weights, [])

    with pytest.raises(EmptyTrainingSetError, match="train side"):
        trained(site.plan)


def test_a_killed_worker_is_replaced_and_the_weights_are_the_same(
    site: TrainingSite, undisturbed: TrainingOutcome, session: None
) -> None:
    killed: list[int] = []

    def kill_at_three(point: TrainingPoint) -> None:
        if point.step == 3 and not killed:
            process = worker()
            process.kill()
            killed.append(process.pid)

    outcome = train(site.after("killed"), on_point=kill_at_three, check_stop=nobody_stops)

    assert killed
    assert outcome.decoder_digest == undisturbed.decoder_digest


def worker() -> psutil.Process:
    """The process in which Ray Train trains."""
    (found,) = (
        process for process in psutil.Process().children(recursive=True) if is_worker(process)
    )
    return found


class ChangedMindError(Exception):
    pass


def test_who_cancels_is_heard_and_the_newest_checkpoint_stays(
    site: TrainingSite, undisturbed: TrainingOutcome, session: None
) -> None:
    plan = site.after("cancelled", validations=4, epochs=400, patience=400)
    points: list[TrainingPoint] = []

    def stop_after_three() -> None:
        if points and points[-1].step >= 3:
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        train(plan, on_point=points.append, check_stop=stop_after_three)

    kept = [info.key for info in site.objects.list(plan.checkpoints)]
    assert len(kept) == 1
    assert int(kept[0].split("-")[-1].split(".")[0]) >= 3
    assert [p for p in psutil.Process().children(recursive=True) if is_worker(p)] == []


def is_worker(process: psutil.Process) -> bool:
    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    return "TrainWorker" in " ".join(process.cmdline())


def test_a_training_that_diverges_says_so(
    site: TrainingSite, undisturbed: TrainingOutcome, session: None
) -> None:
    plan = site.after("diverging", learning_rate=1e30, validations=1)

    with pytest.raises(TrainingDivergedError, match=r"step [234]\. Lower the learning rate"):
        train(plan, on_point=lambda _: None, check_stop=nobody_stops)
