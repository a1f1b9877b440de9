"""`maskloop train` on this machine and against a server, and the client that it uses."""

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from maskloop.platform.access import Role
from maskloop.platform.training import Policy, Recipe
from maskloop.services import training_policies, trainings
from maskloop.services.people import set_roles
from maskloop.services.sdk import Client
from maskloop.services.steering import cancel
from maskloop.services.tokens import create_token
from maskloop.services.training_runs import run_training
from sites.commands import all_commands, command_of
from sites.school import RULE, School, StandIn

if TYPE_CHECKING:
    from sites.site import Site

POLICY = Policy(rule=RULE, recipe=Recipe(epochs=3, seed=5))


@pytest.fixture
def client(site: "Site", school: School) -> Iterator[Client]:
    set_roles(school.runtime, school.project_id, "ann", roles=[Role.ML])
    training_policies.put(school.runtime, school.project_id, POLICY, by=school.ann)
    token = create_token(school.runtime, "ann", name="test").text
    with Client(site.server.url, token=token) as made:
        yield made


@pytest.fixture
def command(school: School) -> Any:
    """The command in this process, with the environment of the test's database."""
    run = command_of(school.runtime.settings, all_commands())
    return partial(run, "train")


def test_the_client_trains_and_waits(client: Client, school: School) -> None:
    made = client.train(school.project_id, because="by a script", evaluate=False)
    (listed,) = client.trainings(school.project_id)
    run_training(school.runtime, made.job_id, crew=StandIn().crew)

    ended = client.wait_for_training(school.project_id, made.job_id)

    assert listed == made
    assert (made.state, made.model_version.state, made.reason) == ("queued", "training", "by_hand")
    assert (ended.state, ended.model_version.state) == ("succeeded", "ready")
    assert ended.last_point is not None
    assert (ended.last_point.step, ended.steps) == (4, 4)
    assert client.training_policy(school.project_id)["recipe"]["epochs"] == 3


def test_a_training_is_queued_with_the_policy_s_recipe_but_for_what_is_given(
    client: Client, command: Any, school: School
) -> None:
    done = command("photos", "--detach", "--json", "--epochs", "2", "--because", "a try")

    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    made = trainings.get(school.runtime, school.project_id, told["job"])
    assert made.recipe == Recipe(epochs=2, seed=5)
    assert (made.started_by, made.because, told["state"]) == ("local", "a try", "queued")


def test_a_second_training_is_refused_in_one_sentence(
    client: Client, command: Any, school: School
) -> None:
    job_id = school.submit()

    done = command("photos", "--detach")

    assert done.exit_code == 1
    assert f"trained already, by job {job_id}" in done.stderr


@pytest.mark.parametrize(
    "words", [("--epochs", "0"), ("--set", "1", "--category", "cat"), ("--holdout-share", "2")]
)
def test_bad_options_are_bad_usage(client: Client, command: Any, words: tuple[str, ...]) -> None:
    assert command("photos", "--detach", *words).exit_code == 2


def test_the_command_asks_a_server_where_one_is_named(
    client: Client,
    site: "Site",
    command: Any,
    school: School,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MASKLOOP_SERVER", site.server.url)
    monkeypatch.setenv("MASKLOOP_TOKEN", create_token(school.runtime, "ann", name="cli").text)

    done = command("photos", "--detach", "--json", "--epochs", "2", "--no-evaluate")

    assert done.exit_code == 0, done.output
    job_id = json.loads(done.stdout)["job_id"]
    made = trainings.get(school.runtime, school.project_id, job_id)
    assert (made.recipe, made.started_by) == (Recipe(epochs=2, seed=5), "ann")
    cancel(school.runtime, job_id)
