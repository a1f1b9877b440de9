"""Folds over HTTP: labelled blindly from the queue, listed without names, decided once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from maskloop.platform.access import Role
from maskloop.services import people
from sites.bench import mask_of
from sites.studio import Box, Studio, open_studio, pixels

if TYPE_CHECKING:
    from tests.integration.api.conftest import Site


@dataclass(frozen=True)
class Court:
    """Ben and carl label the photographs of a queue of folds; rita decides, and boss manages."""

    studio: Studio
    clients: dict[str, httpx.Client]

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.studio.project_id}"

    @property
    def image_id(self) -> int:
        return self.studio.images[0].id

    @property
    def fold(self) -> str:
        return f"{self.path}/folds/{self.image_id}"

    def ok(self, answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def queue(self, **more: Any) -> Any:
        new = {"name": "folds", "subject": "images", "fold": 2, "rule": {"image": "/0.png"}}
        return self.ok(self.clients["boss"].post(f"{self.path}/queues", json=new | more))

    def label(self, name: str, *boxes: Box) -> Any:
        """The submission's answer."""
        client = self.clients[name]
        turn = self.ok(client.post(f"{self.path}/queue/next", json={}))
        image = f"{self.path}/images/{turn['image']['id']}"
        for box in boxes:
            rle = mask_of(pixels(box)).rle
            mask = {"size": rle.size_hw, "counts": rle.counts.decode()}
            drawn = {"category_id": self.studio.cat, "segmentation": mask}
            self.ok(client.post(f"{image}/annotations", json=drawn))
        said = {"lease": turn["lease"]["token"], "outcome": "done", "seconds": 2.0}
        return self.ok(client.post(f"{image}/submissions", json=said))

    def listed(self, name: str, **asked: Any) -> list[Any]:
        found: list[Any] = self.ok(self.clients[name].get(f"{self.path}/folds", params=asked))[
            "items"
        ]
        return found

    def settle(self, name: str, key: str | None = None, **said: Any) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.clients[name].post(f"{self.fold}/settle", json=said, headers=headers)


@pytest.fixture
def court(site: "Site") -> Court:
    studio = open_studio(site.runtime, 2)
    roles = {"ben": Role.LABELER, "carl": Role.LABELER, "rita": Role.REVIEWER, "boss": Role.ADMIN}
    clients = {
        name: site.person(name, roles=[role], project_id=studio.project_id)
        for name, role in roles.items()
    }
    studio.users |= {one.name: one.id for one in people.list_users(site.runtime)}
    return Court(studio, clients)


def test_who_agree_settle_it_by_their_submissions(court: Court) -> None:
    made = court.queue()
    court.label("ben", Studio.ONE)
    (waiting,) = court.listed("rita")
    assert (waiting["state"], waiting["fold"], waiting["queue_id"]) == ("open", 2, made["id"])
    assert waiting["agreement"] is None
    (only,) = waiting["passes"]
    hidden = {key: only[key] for key in ("outcome", "reason", "objects", "taken", "user")}
    assert hidden == {
        "outcome": None,
        "reason": None,
        "objects": None,
        "taken": False,
        "user": None,
    }
    early = court.clients["rita"].get(court.fold)
    assert (early.status_code, early.json()["code"]) == (409, "refused_transition")
    assert "still labelled by others" in early.json()["detail"]

    court.label("carl", Studio.ONE)
    (settled,) = court.listed("boss", state="settled")
    assert settled["image"] == {
        "id": court.image_id,
        "source_uri": court.studio.images[0].source_uri,
        "width": 60,
        "height": 40,
    }
    assert settled["agreement"] == {"mean_iou": 1.0, "matched": 1, "objects": 1}
    taken = {one["user"]: one["taken"] for one in settled["passes"]}
    assert taken == {"ben": True, "carl": False}
    image = court.ok(court.clients["ben"].get(f"{court.path}/images/{court.image_id}"))
    assert (image["state"], image["annotations"]) == ("done", 1)


def test_a_dispute_is_decided_once(court: Court) -> None:
    court.queue()
    court.label("ben", Studio.ONE, Studio.TWO)
    court.label("carl", Studio.ONE)
    assert court.listed("rita", state="open") == []
    assert court.listed("rita", queue_id=987_654) == []
    (listed,) = court.listed("rita", state="disputed")
    assert sorted(one["objects"] for one in listed["passes"]) == [1, 2]
    assert listed["agreement"] == {"mean_iou": 1.0, "matched": 1, "objects": 2}

    found = court.ok(court.clients["rita"].get(court.fold))
    assert {one["user"] for one in found["passes"]} == {None}
    (chosen,) = [one for one in found["passes"] if one["objects"] == 2]
    first = min(chosen["annotations"], key=lambda one: one["bbox"])
    rle = mask_of(pixels(Studio.ONE)).rle
    assert first == {
        "category_id": court.studio.cat,
        "category": "cat",
        "segmentation": {"size": list(rle.size_hw), "counts": rle.counts.decode()},
        "bbox": [2, 2, 9, 9],
        "area": 100,
    }

    said = {"pass_id": chosen["pass_id"], "finish": False}
    once, same = (court.settle("rita", "key", **said) for _ in range(2))
    assert (once.status_code, once.json()) == (201, same.json())
    assert once.json()["state"] == "settled"
    again = court.settle("rita", "another", **said)
    assert (again.status_code, again.json()["code"]) == (409, "refused_transition")
    drawn = court.ok(court.clients["rita"].get(f"{court.path}/images/{court.image_id}/annotations"))
    assert [one["author"] for one in drawn["items"]] == ["ben", "ben"]
    turn = court.ok(court.clients["rita"].post(f"{court.path}/queue/next", json={}))
    assert turn["image"]["id"] == court.image_id
    events = court.ok(court.clients["boss"].get(f"{court.path}/audit-events"))["items"]
    assert [one["user"] for one in events if one["action"] == "settled"] == ["rita"]


def test_what_is_not_there_is_told_by_name(court: Court) -> None:
    assert court.listed("rita") == []
    missing = court.clients["rita"].get(court.fold)
    assert (missing.status_code, missing.json()["fields"]["noun"]) == (404, "fold of image")
    court.queue()
    court.label("ben", Studio.ONE)
    court.label("carl")
    unknown = court.settle("rita", pass_id=987_654)
    assert (unknown.status_code, unknown.json()["fields"]["noun"]) == (404, "pass")
    wrong = court.settle("rita", pass_id=1, finish="perhaps")
    assert wrong.status_code == 422
    for name in ("ben", "carl"):
        assert court.clients[name].get(f"{court.path}/folds").status_code == 403
        assert court.settle(name, pass_id=1).status_code == 403
    # Nor is the original theirs to open, whose copies they label.
    opened = court.clients["ben"].put(f"{court.path}/images/{court.image_id}/lease")
    assert (opened.status_code, opened.json()["code"]) == (409, "refused_transition")


def test_pages_of_folds_follow_each_other(court: Court) -> None:
    court.queue(rule={})
    for _ in range(2):
        court.label("ben")
    first = court.ok(court.clients["rita"].get(f"{court.path}/folds", params={"limit": 1}))
    after = {"limit": 1, "cursor": first["next"]}
    second = court.ok(court.clients["rita"].get(f"{court.path}/folds", params=after))
    ids = [one["image"]["id"] for one in (*first["items"], *second["items"])]
    assert ids == [one.id for one in reversed(court.studio.images)]


def test_somebody_elses_pass_is_not_there(court: Court) -> None:
    """Not even for whoever labels the same image."""
    court.queue()
    court.label("ben", Studio.ONE)
    with court.studio.runtime.engine.connect() as connection:
        copy = connection.execute(sa.text("SELECT pass_image_id FROM passes")).scalar_one()
    court.ok(court.clients["carl"].post(f"{court.path}/queue/next", json={}))
    there = f"{court.path}/images/{copy}/annotations"
    assert court.clients["carl"].get(there).status_code == 404
    assert len(court.ok(court.clients["ben"].get(there))["items"]) == 1
