"""Checkpoints in an object store: the newest whole one of this plan counts."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from maskloop.actors.sam.compute import Compute
from maskloop.actors.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    Progress,
    moments,
    restore_moments,
)
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan
from maskloop.platform.images import Limits
from maskloop.platform.storage import FolderStore
from maskloop.platform.training import Recipe

COMPUTE = Compute("cpu", "fp32", "pytorch", 1)
PLAN = TrainingPlan(
    objects="",
    s3_endpoint_url=None,
    weights=Path("weights"),
    encoder_digest="e",
    decoder_digest="d",
    manifest_key="m",
    replay_keys=(),
    recipe=Recipe(),
    checkpoints="checkpoints/1",
    encode=COMPUTE,
    train=COMPUTE,
    limits=Limits(),
)


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def at(step: int, value: float) -> Checkpoint:
    progress = Progress(step=step, seconds=1.5, curve=[(step, {"train/loss": 0.1})])
    return Checkpoint(progress, {"weights/w": torch.full((3,), value)})


def keys(objects: FolderStore) -> list[str]:
    return [info.key for info in objects.list("checkpoints/")]


def test_what_is_kept_comes_back_and_the_older_one_is_gone(objects: FolderStore) -> None:
    checkpoints = Checkpoints(objects, PLAN)
    checkpoints.keep(at(10, 1.0))
    checkpoints.keep(at(20, 2.0))

    found = checkpoints.newest()

    assert found is not None
    assert asdict(found.progress) == asdict(at(20, 2.0).progress)
    assert found.tensors["weights/w"].tolist() == [2.0, 2.0, 2.0]
    assert keys(objects) == ["checkpoints/1/at-000000020.checkpoint"]


@pytest.mark.parametrize("damage", ["short", "bit", "empty"])
def test_a_damaged_one_is_removed_and_the_one_before_it_counts(
    objects: FolderStore, damage: str
) -> None:
    checkpoints = Checkpoints(objects, PLAN)
    checkpoints.keep(at(20, 2.0))
    newest = objects.get(keys(objects)[0])
    checkpoints.remove()
    checkpoints.keep(at(10, 1.0))
    spoiled = {
        "short": newest[:-4],
        "bit": newest[:-1] + bytes([newest[-1] ^ 1]),
        "empty": b"",
    }[damage]
    objects.put("checkpoints/1/at-000000020.checkpoint", spoiled)

    found = checkpoints.newest()

    assert found is not None
    assert found.progress.step == 10
    assert keys(objects) == ["checkpoints/1/at-000000010.checkpoint"]


def test_one_of_another_recipe_does_not_count(objects: FolderStore) -> None:
    Checkpoints(objects, PLAN).keep(at(10, 1.0))
    other = replace(PLAN, recipe=Recipe(seed=1))

    assert Checkpoints(objects, other).newest() is None


def test_the_end_is_newer_than_the_step_that_it_came_at(objects: FolderStore) -> None:
    checkpoints = Checkpoints(objects, PLAN)
    checkpoints.keep(at(10, 1.0))
    ended = at(10, 1.0)
    ended.progress.stopped = "patience"
    checkpoints.keep(ended)

    found = checkpoints.newest()

    assert found is not None
    assert found.progress.stopped == "patience"


def test_an_outcome_takes_the_place_of_the_checkpoints(objects: FolderStore) -> None:
    checkpoints = Checkpoints(objects, PLAN)
    checkpoints.keep(at(10, 1.0))
    outcome = TrainingOutcome("e", "new", 10, 8, 3.5, 0, "planned", {"kept/box": 0.5})

    checkpoints.close(outcome)

    assert checkpoints.outcome() == outcome
    assert checkpoints.newest() is None
    assert Checkpoints(objects, replace(PLAN, recipe=Recipe(seed=1))).outcome() is None


def stepped(module: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(module(torch.ones(1, 2)).square().sum())
    optimizer.step()


def test_an_optimizer_goes_on_with_the_moments_it_had() -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    one, other = (torch.optim.AdamW(m.parameters(), lr=0.1) for m in (first, second))
    assert moments(one, dict(first.named_parameters())) == {}
    stepped(first, one)
    second.load_state_dict(first.state_dict())

    kept = moments(one, dict(first.named_parameters()))
    restore_moments(other, dict(second.named_parameters()), {k: v.clone() for k, v in kept.items()})
    stepped(first, one)
    stepped(second, other)

    assert torch.equal(first.weight, second.weight)
