"""Queues of images over HTTP: made by managers, listed and taken from by those who label."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.access import Role

if TYPE_CHECKING:
    from sites.site import Site


@dataclass
class Yard:
    """Three images; a manager, a labeler, and one who runs jobs only."""

    site: "Site"
    project_id: int
    images: list[int]
    boss: httpx.Client
    lea: httpx.Client
    otto: httpx.Client

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.project_id}"

    def queue(self, name: str = "all", **more: Any) -> dict[str, Any]:
        new = {"name": name, "subject": "images", **more}
        answer = self.boss.post(f"{self.path}/queues", json=new)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def listed(self, client: httpx.Client) -> list[tuple[str, int, int]]:
        answer = client.get(f"{self.path}/queues")
        assert answer.status_code == 200, answer.text
        return [(one["name"], one["left"], one["mine"]) for one in answer.json()["items"]]

    def next(self, client: httpx.Client, **asked: Any) -> httpx.Response:
        return client.post(f"{self.path}/queue/next", json=asked)


@pytest.fixture
def yard(site: "Site") -> Yard:
    photos = site.project("photos")
    images = [site.image(photos, seed=seed) for seed in range(3)]
    people = [
        site.person(name, roles=[role], project_id=photos)
        for name, role in (("boss", Role.ADMIN), ("lea", Role.LABELER), ("otto", Role.OPS))
    ]
    return Yard(site, photos, images, *people)


def test_a_queue_of_images_is_made_listed_and_taken_from(yard: Yard) -> None:
    made = yard.queue("middle", rule={"image": "disc-1"}, gold_rate=0.1)
    assert (made["subject"], made["ordering"], made["left"]) == ("images", "oldest", 1)
    assert yard.listed(yard.lea) == [("middle", 1, 0)]
    turn = yard.next(yard.lea, queue_id=made["id"]).json()
    assert turn["image"]["id"] == yard.images[1]
    assert (turn["queue_id"], turn["left"], turn["ahead"]) == (made["id"], 1, [])
    assert yard.listed(yard.lea) == [("middle", 1, 1)]
    (seen,) = yard.lea.get(f"{yard.path}/queues").json()["items"]
    assert seen["gold_rate"] is None


def test_who_may_neither_label_nor_review_has_no_queue(yard: Yard) -> None:
    yard.queue()
    yard.queue("cards", subject="proposals")
    assert yard.listed(yard.otto) == []
    assert yard.next(yard.otto).status_code == 403
    assert [name for name, *_ in yard.listed(yard.lea)] == ["all", "cards"]


def test_a_queue_closed_meanwhile_is_told(yard: Yard) -> None:
    made = yard.queue()
    closed = yard.boss.patch(f"{yard.path}/queues/{made['id']}", json={"closed": True})
    assert closed.status_code == 200, closed.text
    answer = yard.next(yard.lea, queue_id=made["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "queue_closed")
    assert answer.json()["detail"] == (
        "Queue all is closed and hands out nothing more. What you hold may still be finished; take "
        "the next from another queue."
    )
    assert yard.next(yard.lea).json()["queue_id"] is None


def test_each_route_hands_out_from_its_own_queues(yard: Yard) -> None:
    of_images, of_cards = yard.queue(), yard.queue("cards", subject="proposals")
    answer = yard.next(yard.lea, queue_id=of_cards["id"])
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters")
    asked = {"queue_id": of_images["id"], "count": 1}
    answer = yard.lea.post(f"{yard.path}/cards/next", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters")
    assert yard.next(yard.lea, queue_id=987_654).status_code == 404


def test_a_queue_of_others_is_not_there(yard: Yard) -> None:
    made = yard.queue(people=["boss"])
    assert yard.listed(yard.lea) == []
    assert yard.next(yard.lea, queue_id=made["id"]).status_code == 404
    assert yard.next(yard.lea).json()["image"]["id"] == yard.images[0]


@pytest.mark.parametrize("more", [{"planted_rate": 0.1}, {"rule": {"adjudicate": 1}}])
def test_what_images_have_none_of_is_refused(yard: Yard, more: dict[str, Any]) -> None:
    new = {"name": "odd", "subject": "images", **more}
    answer = yard.boss.post(f"{yard.path}/queues", json=new)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters")


def test_an_order_that_is_not_said_follows_the_subject(yard: Yard) -> None:
    orders = [yard.queue(one, subject=one)["ordering"] for one in ("images", "proposals")]
    assert orders == ["oldest", "doubt"]
