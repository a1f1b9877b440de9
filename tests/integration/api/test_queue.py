"""The labeling queue over HTTP: one image after the other, and nobody's work twice."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from maskloop.platform.access import Role

if TYPE_CHECKING:
    from tests.integration.api.conftest import Site


@dataclass(frozen=True)
class Room:
    """Two labelers before three images."""

    site: "Site"
    project_id: int
    images: list[int]
    anna: httpx.Client
    ben: httpx.Client

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.project_id}"

    def of(self, image_id: int) -> str:
        return f"{self.path}/images/{image_id}"

    def next(self, client: httpx.Client, **asked: Any) -> dict[str, Any]:
        answer = client.post(f"{self.path}/queue/next", json=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def lease(self, client: httpx.Client, image_id: int) -> str:
        answer = client.put(f"{self.of(image_id)}/lease")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def submit(
        self,
        client: httpx.Client,
        image_id: int,
        token: str,
        *,
        headers: Mapping[str, str] | None = None,
        **said: Any,
    ) -> httpx.Response:
        document = {"lease": token, "outcome": "done"} | said
        return client.post(f"{self.of(image_id)}/submissions", json=document, headers=headers)

    def lapse(self) -> None:
        """As if the time of every lease had passed."""
        with self.site.runtime.engine.begin() as connection:
            connection.execute(sa.text("UPDATE image_leases SET until = now() - interval '1 s'"))


@pytest.fixture
def room(site: "Site") -> Room:
    photos = site.project("photos")
    images = [site.image(photos, seed=seed) for seed in range(3)]
    anna, ben = (
        site.person(name, roles=[Role.LABELER], project_id=photos) for name in ("anna", "ben")
    )
    return Room(site, photos, images, anna, ben)


def assert_refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    fields: dict[str, Any] = answer.json()["fields"]
    return fields


def test_a_day_goes_from_image_to_image_until_nothing_is_left(room: Room) -> None:
    last, seen = None, []
    for left in (3, 2, 1):
        turn = room.next(room.anna, after=last)
        assert turn["left"] == left
        assert turn["lease"]["seconds"] == 600.0
        last = turn["image"]["id"]
        seen.append(last)
        effort = {"seconds": 2.5, "objects": 1, "clicks": 3}
        made = room.submit(room.anna, last, turn["lease"]["token"], **effort)
        assert made.status_code == 201, made.text
        assert room.anna.get(room.of(last)).json()["state"] == "done"
    assert seen == room.images
    nothing = {"image": None, "lease": None, "ahead": [], "left": 0, "queue_id": None}
    assert room.next(room.anna, after=last) == nothing
    shown = room.anna.get(f"{room.of(last)}/submissions").json()["items"]
    assert [
        (one["user"], one["outcome"], one["seconds"], one["objects"], one["clicks"])
        for one in shown
    ] == [("anna", "done", 2.5, 1, 3)]


def test_a_page_that_is_loaded_again_goes_on_with_its_image(room: Room) -> None:
    before, after = room.next(room.anna), room.next(room.anna)
    assert after["image"]["id"] == before["image"]["id"] == room.images[0]
    assert after["lease"]["token"] == before["lease"]["token"]


def test_the_image_and_those_ahead_are_told_and_made_ready_for_clicks(room: Room) -> None:
    first, second, third = room.images
    turn = room.next(room.anna, ahead=1)
    assert [one["id"] for one in turn["ahead"]] == [second]
    warmed = [image.source for image in room.site.predictor.warmed]
    assert warmed == ["disc-0.png", "disc-1.png"]
    assert turn["image"] == room.anna.get(room.of(first)).json()
    assert turn["image"]["lease"] == {"user": "anna", "until": turn["lease"]["until"]}
    assert (turn["image"]["state"], turn["image"]["levels"]) == ("todo", 1)
    assert [one["id"] for one in room.next(room.ben)["ahead"]] == [third]


def test_an_image_of_somebody_else_is_refused_with_who_and_until_when(room: Room) -> None:
    first = room.images[0]
    turn = room.next(room.anna)
    answer = room.ben.put(f"{room.of(first)}/lease")
    fields = assert_refused(answer, 409, "image_leased")
    assert (fields["image"], fields["holder"]) == (first, "anna")
    until = datetime.fromisoformat(turn["lease"]["until"])
    assert datetime.fromisoformat(fields["until"]) == until.replace(microsecond=0)


def test_a_lapsed_lease_is_taken_over_and_the_late_submission_refused(room: Room) -> None:
    first, mine = room.images[0], room.next(room.anna)["lease"]["token"]
    room.lapse()
    theirs = room.next(room.ben)
    assert theirs["image"]["id"] == first
    refused = room.submit(room.anna, first, mine)
    assert assert_refused(refused, 409, "lease_lost") == {"image": first, "holder": "ben"}
    renewed = room.anna.post(f"{room.of(first)}/lease/renew", json={"token": mine})
    assert_refused(renewed, 409, "lease_lost")
    assert room.anna.get(room.of(first)).json()["state"] == "todo"
    assert room.submit(room.ben, first, theirs["lease"]["token"]).status_code == 201


def test_a_lapsed_lease_that_nobody_took_goes_on_and_counts(room: Room) -> None:
    first, token = room.images[0], room.next(room.anna)["lease"]["token"]
    room.lapse()
    assert room.anna.get(room.of(first)).json()["lease"] is None
    renewed = room.anna.post(f"{room.of(first)}/lease/renew", json={"token": token})
    assert (renewed.json()["token"], renewed.json()["seconds"]) == (token, 600.0)
    room.lapse()
    assert room.submit(room.anna, first, token).status_code == 201


def test_a_submission_sent_twice_under_one_key_is_one_submission(room: Room) -> None:
    first, token = room.images[0], room.lease(room.anna, room.images[0])
    once = {"Idempotency-Key": "through-with-it"}
    made, again = (room.submit(room.anna, first, token, headers=once) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.json() == made.json()
    assert len(room.anna.get(f"{room.of(first)}/submissions").json()["items"]) == 1
    assert_refused(room.submit(room.anna, first, token), 409, "lease_lost")


def test_an_image_is_skipped_with_a_reason_and_comes_back_when_reopened(room: Room) -> None:
    first, token = room.images[0], room.lease(room.anna, room.images[0])
    assert_refused(room.submit(room.anna, first, token, outcome="skipped"), 422, "bad_parameters")
    skipped = room.submit(room.anna, first, token, outcome="skipped", reason="too dark")
    assert (skipped.json()["outcome"], skipped.json()["reason"]) == ("skipped", "too dark")
    assert room.anna.get(room.of(first)).json()["state"] == "skipped"
    reopened = room.ben.post(f"{room.of(first)}/reopen", json={"reason": "look again"})
    assert (reopened.status_code, reopened.json()["outcome"]) == (201, "reopened")
    assert room.next(room.ben)["image"]["id"] == first
    again = room.ben.post(f"{room.of(first)}/reopen", json={})
    assert_refused(again, 409, "refused_transition")


def test_an_image_that_is_given_back_goes_to_the_next_who_asks(room: Room) -> None:
    first, token = room.images[0], room.lease(room.anna, room.images[0])
    for _ in range(2):
        answer = room.anna.delete(f"{room.of(first)}/lease", params={"token": token})
        assert answer.status_code == 204
    assert room.next(room.ben)["image"]["id"] == first


@pytest.mark.parametrize(
    "said",
    [
        {"outcome": "reopened"},
        {"outcome": "skipped", "reason": " "},
        {"outcome": "skipped", "reason": "a\0b"},
        {"lease": "mine"},
        {"seconds": -1},
        {"clicks": 1.5},
        {"state": "done"},
    ],
)
def test_a_submission_that_makes_no_sense_is_refused(room: Room, said: dict[str, Any]) -> None:
    first, token = room.images[0], room.lease(room.anna, room.images[0])
    document = {"lease": token, "outcome": "done"} | said
    answer = room.anna.post(f"{room.of(first)}/submissions", json=document)
    assert answer.status_code == 422, answer.text
    assert room.anna.get(room.of(first)).json()["state"] == "todo"


def test_ids_of_another_project_are_not_there(room: Room) -> None:
    elsewhere = room.site.image(room.site.project("others"), seed=9)
    token = str(uuid.uuid4())
    answers = [
        room.anna.put(f"{room.of(elsewhere)}/lease"),
        room.anna.post(f"{room.of(elsewhere)}/lease/renew", json={"token": token}),
        room.anna.delete(f"{room.of(elsewhere)}/lease", params={"token": token}),
        room.submit(room.anna, elsewhere, token),
        room.anna.get(f"{room.of(elsewhere)}/submissions"),
        room.anna.post(f"{room.of(elsewhere)}/reopen", json={}),
    ]
    for answer in answers:
        assert assert_refused(answer, 404, "not_found")["noun"] == "image"
    assert room.next(room.anna, after=elsewhere)["image"]["id"] == room.images[0]


def test_the_list_finds_images_by_state_and_lease_and_counts_them(room: Room) -> None:
    first, second, third = room.images
    room.submit(room.anna, first, room.lease(room.anna, first))
    room.lease(room.ben, second)

    def found(**query: Any) -> list[int]:
        answer = room.anna.get(f"{room.path}/images", params=query)
        return [one["id"] for one in answer.json()["items"]]

    assert found(state="todo") == [second, third]
    assert found(state="done") == [first]
    assert found(leased=True) == [second]
    assert found(leased=False, state="todo") == [third]
    assert found(category_id=1) == found(score_least=0.1) == []
    counts = room.anna.get(f"{room.path}/images/counts").json()
    assert counts == {"all": 3, "todo": 2, "done": 1, "skipped": 0, "leased": 1}


def test_what_changes_of_an_image_changes_its_tag(room: Room) -> None:
    first = room.of(room.images[0])
    tags = [room.anna.get(first).headers["ETag"]]
    token = room.lease(room.anna, room.images[0])
    tags.append(room.anna.get(first).headers["ETag"])
    room.submit(room.anna, room.images[0], token)
    tags.append(room.anna.get(first).headers["ETag"])
    assert len(set(tags)) == 3
    assert room.anna.get(first, headers={"If-None-Match": tags[-1]}).status_code == 304


def test_figures_are_of_whoever_asks_from_the_time_on_that_is_asked(room: Room) -> None:
    room.submit(room.anna, room.images[0], room.lease(room.anna, room.images[0]))

    def figures(client: httpx.Client, **query: Any) -> httpx.Response:
        return client.get(f"{room.path}/figures", params=query)

    nothing = {
        "done": 0,
        "skipped": 0,
        "objects": 0,
        "seconds_median": None,
        "seconds_mean": None,
        "clicks_mean": None,
    }
    assert figures(room.anna).json() == nothing | {"done": 1}
    assert figures(room.ben).json() == nothing
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    assert figures(room.anna, since=(now - hour).isoformat()).json()["done"] == 1
    assert figures(room.anna, since=(now + hour).isoformat()).json() == nothing
    assert figures(room.anna, since="2024-01-01T00:00:00").status_code == 422
    assert figures(room.anna, since="0001-01-01T00:00:00+14:00").json()["done"] == 1
    assert figures(room.anna, since="9999-12-31T23:59:59-14:00").json() == nothing
