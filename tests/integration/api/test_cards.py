"""Queues and cards over HTTP."""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from maskloop.platform.access import Role

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.site import Site


@dataclass
class Desk:
    """A project with six proposals on one image, a queue over them, and people."""

    site: "Site"
    project_id: int
    cell: int
    queue: dict[str, Any]
    boss: httpx.Client
    rae: httpx.Client

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.project_id}"

    def take(self, client: httpx.Client, count: int = 1, **more: Any) -> list[dict[str, Any]]:
        answer = client.post(f"{self.path}/cards/next", json={"count": count, **more})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["cards"]
        return found

    def answer(
        self, client: httpx.Client, card: dict[str, Any], *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        said = {"verdict": "accepted", "category_id": self.cell} | more
        return client.post(
            f"{self.path}/cards/{card['id']}/answer",
            json={"token": card["token"], **{k: v for k, v in said.items() if v is not None}},
            headers={} if key is None else {"Idempotency-Key": key},
        )


@pytest.fixture
def desk(site: "Site", bench: "Bench") -> Desk:
    made = bench.make_project(["cell"])
    image = bench.add_image(made, bench.png(np.zeros((8, 24, 3), dtype=np.uint8)), "a.png")
    masks = np.zeros((6, 8, 24), dtype=np.bool_)
    for number in range(6):
        masks[number, 1:4, 4 * number : 4 * number + 3] = True
    job = bench.start_job(made)
    job.done(
        image,
        [bench.mask_of(mask, predicted_iou=0.9 - 0.1 * n) for n, mask in enumerate(masks)],
    )
    job.finish()
    boss = site.person("boss", roles=[Role.ADMIN], project_id=made)
    new = {"name": "all", "ordering": "oldest", "gold_rate": 0.1}
    answer = boss.post(f"/api/v1/projects/{made}/queues", json=new)
    assert answer.status_code == 201, answer.text
    (cell,) = boss.get(f"/api/v1/projects/{made}/categories").json()["items"]
    rae = site.person("rae", roles=[Role.REVIEWER], project_id=made)
    return Desk(site, made, cell["id"], answer.json(), boss, rae)


def held(*cards: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": card["id"], "token": card["token"]} for card in cards]


def test_a_queue_says_what_it_is_and_rates_are_for_managers_only(desk: Desk) -> None:
    assert desk.queue | {"id": 1, "created_at": ""} == {
        "id": 1,
        "name": "all",
        "subject": "proposals",
        "rule": {
            "states": ["pending"],
            "image": None,
            "category_ids": [],
            "job_id": None,
            "model_version_id": None,
            "predicted_iou_least": None,
            "predicted_iou_most": None,
            "sample": 1.0,
            "adjudicate": False,
        },
        "ordering": "oldest",
        "priority": 0,
        "gold_rate": pytest.approx(0.1),
        "planted_rate": 0.0,
        "feedback": False,
        "fold": 1,
        "people": [],
        "closed_at": None,
        "created_at": "",
        "left": 6,
        "mine": 0,
    }
    desk.take(desk.rae, 2)
    (seen,) = desk.rae.get(f"{desk.path}/queues").json()["items"]
    assert (seen["gold_rate"], seen["planted_rate"]) == (None, None)
    assert (seen["left"], seen["mine"]) == (6, 2)


def test_a_card_shows_a_mask_and_does_not_say_of_what(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    assert set(card) == {
        "id",
        "token",
        "until",
        "seconds",
        "queue_id",
        "subject",
        "image",
        "segmentation",
        "bbox",
        "area",
        "category_id",
        "predicted_iou",
        "model_version",
        "why",
        "answered",
        "votes",
    }
    assert (card["subject"], card["queue_id"]) == ("mask", desk.queue["id"])
    assert (card["bbox"], card["area"]) == ([0, 1, 2, 2], 9)
    assert card["segmentation"]["size"] == [8, 24]
    assert card["predicted_iou"] == pytest.approx(0.9)
    assert card["image"]["width"] == 24
    assert (card["category_id"], card["answered"]) == (None, None)
    assert not card["votes"]
    assert 0 < card["seconds"] <= 600
    assert [one["reason"] for one in card["why"]] == ["oldest"]


def test_an_answer_is_given_once(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    answer = desk.answer(desk.rae, card, seconds=2.5)
    assert (answer.status_code, answer.json()) == (200, {"verdict": "accepted", "feedback": None})
    again = desk.answer(desk.rae, card)
    assert (again.status_code, again.json()["code"]) == (409, "card_answered")
    (made,) = desk.rae.get(f"{desk.path}/annotations").json()["items"]
    assert (made["segmentation"], made["author"]) == (card["segmentation"], "rae")
    (review,) = desk.rae.get(f"{desk.path}/reviews").json()["items"]
    assert (review["verdict"], review["seconds"], review["reviewer"]) == ("accepted", 2.5, "rae")


def test_an_answer_whose_answer_got_lost_is_told_again(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    first = desk.answer(desk.rae, card, key="k1")
    again = desk.answer(desk.rae, card, key="k1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Replay"] == "true"


def test_a_corrected_card_has_the_mask_that_was_drawn(desk: Desk) -> None:
    one, other = desk.take(desk.rae, 2)
    mask = {"category_id": desk.cell, "segmentation": other["segmentation"], "seconds": 3.0}
    answer = desk.answer(desk.rae, one, verdict="corrected", category_id=None, mask=mask)
    assert answer.status_code == 200, answer.text
    (made,) = desk.rae.get(f"{desk.path}/annotations").json()["items"]
    assert made["segmentation"] == other["segmentation"]


def test_a_mask_of_another_size_is_refused_and_the_card_stays_open(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    wrong = {"size": [24, 8], "counts": card["segmentation"]["counts"]}
    mask = {"category_id": desk.cell, "segmentation": wrong}
    answer = desk.answer(desk.rae, card, verdict="corrected", category_id=None, mask=mask)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_mask")
    assert desk.answer(desk.rae, card).status_code == 200


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"category_id": None}, "category_id"),
        ({"verdict": "corrected"}, "category_id"),
        ({"verdict": "rejected"}, "category_id"),
        ({"reason": "why"}, "reason"),
    ],
)
def test_an_answer_that_does_not_fit_its_verdict_is_refused(
    desk: Desk, said: dict[str, Any], what: str
) -> None:
    (card,) = desk.take(desk.rae)
    answer = desk.answer(desk.rae, card, **said)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters")
    assert answer.json()["fields"]["parameter"] == what


def test_a_card_that_somebody_else_has_now_is_lost_and_they_are_named(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    desk.rae.post(f"{desk.path}/cards/return", json={"cards": held(card)})
    desk.take(desk.boss)
    answer = desk.answer(desk.rae, card)
    assert (answer.status_code, answer.json()["code"]) == (409, "card_lost")
    assert answer.json()["fields"] == {"card": card["id"], "holder": "boss"}
    renewed = desk.rae.post(f"{desk.path}/cards/renew", json={"cards": held(card)}).json()
    assert renewed["lost"] == [{"id": card["id"], "holder": "boss"}]
    assert renewed["seconds"] == 600


def test_another_token_is_no_token(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    answer = desk.answer(desk.rae, card | {"token": str(uuid.uuid4())})
    assert (answer.status_code, answer.json()["code"]) == (409, "card_lost")
    theirs = desk.answer(desk.boss, card)
    assert (theirs.status_code, theirs.json()["fields"]["holder"]) == (409, "rae")


def test_what_was_decided_on_the_label_page_is_told(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    first = desk.boss.get(f"{desk.path}/proposals").json()["items"][0]
    rejected = desk.boss.post(
        f"{desk.path}/proposals/{first['id']}/review", json={"verdict": "rejected"}
    )
    assert rejected.status_code == 201
    answer = desk.answer(desk.rae, card)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_reviewed")
    assert answer.json()["fields"]["reviewer"] == "boss"


def test_a_withdrawn_answer_leaves_an_open_card(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    desk.answer(desk.rae, card)
    path = f"{desk.path}/cards/{card['id']}/withdraw"
    answer = desk.rae.post(path, json={"token": card["token"]})
    assert answer.status_code == 200, answer.text
    assert answer.json() | {"until": "", "seconds": 0} | {"image": 0} == card | {
        "until": "",
        "seconds": 0,
        "image": 0,
    }
    assert desk.rae.get(f"{desk.path}/annotations").json()["items"] == []
    again = desk.rae.post(path, json={"token": card["token"]})
    assert (again.status_code, again.json()["code"]) == (409, "refused_transition")
    assert desk.answer(desk.rae, card, verdict="rejected", category_id=None).status_code == 200
    reviews = desk.rae.get(f"{desk.path}/reviews").json()["items"]
    assert [(one["verdict"], one["withdrawn"]) for one in reviews] == [
        ("rejected", False),
        ("accepted", True),
    ]


def test_many_are_accepted_but_for_a_sample(desk: Desk) -> None:
    cards = desk.take(desk.rae, 6)
    wrong = {"id": cards[0]["id"] + 1000, "token": str(uuid.uuid4())}
    batch = {"cards": held(*cards), "category_id": desk.cell}
    answer = desk.rae.post(f"{desk.path}/cards/accept-many", json=batch)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (len(done["accepted"]), len(done["audit"]), done["refused"]) == (5, 1, [])
    assert [one["id"] for one in desk.take(desk.rae, 6)] == done["audit"]
    batch = {"cards": [wrong, *held(cards[0])], "category_id": desk.cell}
    refused = desk.rae.post(f"{desk.path}/cards/accept-many", json=batch).json()["refused"]
    assert "not_found" in {one["code"] for one in refused}


def test_a_closed_queue_is_told(desk: Desk) -> None:
    path = f"{desk.path}/queues/{desk.queue['id']}"
    closed = desk.boss.patch(path, json={"closed": True, "priority": 3})
    assert closed.status_code == 200, closed.text
    assert closed.json()["closed_at"] is not None
    assert (closed.json()["priority"], closed.json()["name"]) == (3, "all")
    asked = {"queue_id": desk.queue["id"]}
    answer = desk.rae.post(f"{desk.path}/cards/next", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "queue_closed")
    assert desk.take(desk.rae) == []
    reopened = desk.boss.patch(path, json={"closed": False})
    assert reopened.json()["closed_at"] is None
    assert len(desk.take(desk.rae)) == 1


def test_a_queue_is_assigned_to_members_by_name(desk: Desk) -> None:
    path = f"{desk.path}/queues/{desk.queue['id']}"
    assert desk.boss.patch(path, json={"people": ["boss"]}).json()["people"] == ["boss"]
    assert desk.rae.get(f"{desk.path}/queues").json()["items"] == []
    answer = desk.rae.post(f"{desk.path}/cards/next", json={"queue_id": desk.queue["id"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    nobody = desk.boss.patch(path, json={"people": ["ghost"]})
    assert (nobody.status_code, nobody.json()["fields"]["noun"]) == (404, "member")


@pytest.mark.parametrize(
    ("new", "name"),
    [
        ({"gold_rate": 0.4, "planted_rate": 0.4}, "gold_rate"),
        ({"rule": {"category_ids": [1]}}, "category_ids"),
        ({"rule": {"predicted_iou_least": 0.9, "predicted_iou_most": 0.1}}, "predicted_iou_least"),
        ({"subject": "annotations", "fold": 3}, "fold"),
    ],
)
def test_a_queue_that_cannot_be_is_refused(desk: Desk, new: dict[str, Any], name: str) -> None:
    answer = desk.boss.post(f"{desk.path}/queues", json={"name": "odd", **new})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters"), answer.text
    assert answer.json()["fields"]["parameter"] == name


def test_two_queues_have_two_names(desk: Desk) -> None:
    answer = desk.boss.post(f"{desk.path}/queues", json={"name": "all"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


def test_cards_and_queues_of_another_project_are_not_there(desk: Desk) -> None:
    (card,) = desk.take(desk.rae)
    other = desk.site.project("others")
    boss = desk.site.person("root", is_admin=True)
    path = f"/api/v1/projects/{other}"
    token = {"token": card["token"]}
    for method, below, body in (
        ("POST", f"cards/{card['id']}/answer", token | {"verdict": "rejected"}),
        ("POST", f"cards/{card['id']}/withdraw", token),
        ("POST", "cards/next", {"queue_id": desk.queue["id"]}),
        ("PATCH", f"queues/{desk.queue['id']}", {"closed": True}),
    ):
        answer = boss.request(method, f"{path}/{below}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), below
    assert boss.post(f"{path}/cards/return", json={"cards": held(card)}).status_code == 204
    assert desk.answer(desk.rae, card).status_code == 200
