"""`maskloop folds …`: what several people drew, and whose is taken over."""

import json

import pytest

from maskloop.platform.errors import RefusedTransitionError
from maskloop.services.cli.folds import folds
from sites.circle import Circle
from sites.commands import Run, command_of
from sites.studio import Studio


@pytest.fixture
def maskloop(circle: Circle) -> Run:
    return command_of(circle.studio.runtime.settings, folds)


def test_folds_are_listed_and_one_is_settled(circle: Circle, maskloop: Run) -> None:
    assert "--subject images --fold 2" in maskloop("list", "photos").output

    circle.queue(2, image="/0.png")
    one, other = (Studio.ONE, circle.studio.cat), (Studio.TWO, circle.studio.dog)
    image_id = circle.images[0].id
    fuller = circle.label("ben", one, other)
    (waiting,) = json.loads(maskloop("list", "photos", "--json").output)
    assert waiting["agreement"] is None
    assert [said["outcome"] for said in waiting["passes"]] == [None]

    circle.label("carl", one)
    (disputed,) = json.loads(maskloop("list", "photos", "--state", "disputed", "--json").output)
    assert disputed["agreement"] == {"mean_iou": 1.0, "matched": 1, "objects": 2}
    assert {said["pass_id"]: said["objects"] for said in disputed["passes"]}[fuller.id] == 2
    told = maskloop("list", "photos").output
    assert all(word in told for word in ("/photos/0.png", "disputed", "1.000"))

    made = maskloop("settle", "photos", image_id, "--pass", fuller.id)
    assert (made.exit_code, "and is decided." in made.output) == (0, True)
    assert [said[:2] for said in circle.on()] == [("ben", "cat"), ("ben", "dog")]
    again = maskloop("settle", "photos", image_id, "--pass", fuller.id)
    assert isinstance(again.exception, RefusedTransitionError)
    assert "No images are disputed." in maskloop("list", "photos", "--state", "disputed").output
