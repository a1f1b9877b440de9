"""Blind passes over HTTP: every route of an image serves the copy to whom it was given, and nothing
tells it from any other image."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import model_versions
from maskloop.platform.mask_answers import ServedVersion
from maskloop.services import people
from sites.bench import mask_of
from sites.studio import Studio, open_studio, pixels

if TYPE_CHECKING:
    from tests.integration.api.conftest import Site

BOX = (25, 2, 10, 10)


@dataclass(frozen=True)
class Booth:
    """Ben has a pass of the first of six photographs, which anna labelled."""

    site: "Site"
    studio: Studio
    image_id: int
    ben: httpx.Client
    carl: httpx.Client
    boss: httpx.Client

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.studio.project_id}"

    @property
    def image(self) -> str:
        return f"{self.path}/images/{self.image_id}"

    def ok(self, answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def next(self, **asked: Any) -> Any:
        return self.ok(self.ben.post(f"{self.path}/queue/next", json=asked))

    def mask(self) -> dict[str, Any]:
        rle = mask_of(pixels(BOX)).rle
        return {
            "category_id": self.studio.cat,
            "segmentation": {"size": rle.size_hw, "counts": rle.counts.decode()},
        }

    def proposals(self) -> list[Any]:
        asked = {"image_id": self.image_id, "state": "pending"}
        items: list[Any] = self.ok(self.ben.get(f"{self.path}/proposals", params=asked))["items"]
        return items


@pytest.fixture
def booth(site: "Site") -> Booth:
    studio = open_studio(site.runtime)
    studio.label(studio.images[0], [(Studio.ONE, studio.cat)])
    studio.gold(studio.images[0])
    ben, carl = (
        site.person(name, roles=[Role.LABELER], project_id=studio.project_id)
        for name in ("ben", "carl")
    )
    boss = site.person("boss", roles=[Role.ADMIN], project_id=studio.project_id)
    studio.users |= {one.name: one.id for one in people.list_users(site.runtime)}
    return Booth(site, studio, studio.begun("ben").pass_image_id, ben, carl, boss)


def test_a_pass_is_labelled_from_the_queue_to_its_submission(booth: Booth) -> None:
    turn = booth.next()
    assert turn["image"]["id"] == booth.image_id
    ordinary = booth.ok(booth.ben.get(f"{booth.path}/images/{booth.studio.images[1].id}"))
    assert turn["image"].keys() == ordinary.keys()
    assert (turn["image"]["state"], turn["image"]["annotations"]) == ("todo", 0)
    assert booth.ok(booth.ben.get(f"{booth.image}/annotations")) == {"items": []}

    first, second = booth.proposals()
    accepted = booth.ok(
        booth.ben.post(
            f"{booth.path}/proposals/{first['id']}/review",
            json={"verdict": "accepted", "category_id": booth.studio.cat},
        )
    )
    assert booth.ok(booth.ben.get(f"{booth.path}/proposals/{first['id']}"))["state"] == "accepted"
    booth.ok(
        booth.ben.post(
            f"{booth.path}/proposals/{second['id']}/review", json={"verdict": "rejected"}
        )
    )
    again = booth.ben.post(
        f"{booth.path}/proposals/{second['id']}/review", json={"verdict": "rejected"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")

    once = {"Idempotency-Key": "draw"}
    drawn, same = (
        booth.ben.post(f"{booth.image}/annotations", json=booth.mask(), headers=once)
        for _ in range(2)
    )
    assert booth.ok(drawn) == booth.ok(same)
    there = f"{booth.path}/annotations/{drawn.json()['id']}"
    assert booth.ben.get(there).headers["ETag"] == '"1"'
    changed = booth.ben.put(there, json=booth.mask(), headers={"If-Match": '"1"'})
    assert booth.ok(changed)["revision"] == 2
    assert len(booth.ok(booth.ben.get(f"{there}/revisions"))["items"]) == 2
    assert booth.ok(booth.ben.get(f"{there}/provenance"))["image"]["id"] == booth.image_id
    assert booth.ben.delete(there, headers={"If-Match": '"2"'}).status_code == 204
    shown = booth.ok(booth.ben.get(f"{booth.image}/annotations"))["items"]
    assert [one["id"] for one in shown] == [accepted["annotation"]["id"]]

    renewed = booth.ben.post(f"{booth.image}/lease/renew", json={"token": turn["lease"]["token"]})
    said = {"lease": booth.ok(renewed)["token"], "outcome": "done", "seconds": 3.5}
    booth.ok(booth.ben.post(f"{booth.image}/submissions", json=said))
    assert booth.ok(booth.ben.get(booth.image))["state"] == "done"
    (submission,) = booth.ok(booth.ben.get(f"{booth.image}/submissions"))["items"]
    assert (submission["user"], submission["outcome"]) == ("ben", "done")
    assert booth.studio.rows("SELECT iou FROM pass_objects") == [(1.0,)]

    following = booth.next(after=booth.image_id)
    assert following["image"]["id"] == booth.studio.images[1].id


def test_its_pictures_and_its_masks_are_those_of_the_image(booth: Booth) -> None:
    original = f"{booth.path}/images/{booth.studio.images[0].id}"
    for part in ("file", "thumbnail", "rendition", "tiles/0/0/0"):
        ours, theirs = booth.ben.get(f"{booth.image}/{part}"), booth.ben.get(f"{original}/{part}")
        assert ours.status_code == 200
        assert (ours.content, ours.headers["ETag"]) == (theirs.content, theirs.headers["ETag"])
    asked = {"points": [[10, 10, 1]]}
    booth.ok(booth.ben.post(f"{original}/masks", json=asked))
    answer = booth.ben.post(f"{booth.image}/masks", json=asked)
    assert booth.ok(answer)["masks"]
    assert answer.headers["X-Embedding-Cache"] == "hit"


def test_its_lease_is_taken_and_given_back_as_any_other(booth: Booth) -> None:
    token = booth.ok(booth.ben.put(f"{booth.image}/lease"))["token"]
    assert booth.ok(booth.ben.get(booth.image))["lease"]["user"] == "ben"
    given = booth.ben.delete(f"{booth.image}/lease", params={"token": token})
    assert given.status_code == 204
    assert booth.ok(booth.ben.get(booth.image))["lease"] is None
    said = {"lease": token, "outcome": "done"}
    refused = booth.ben.post(f"{booth.image}/submissions", json=said)
    assert (refused.status_code, refused.json()["code"]) == (409, "lease_lost")
    assert booth.studio.rows("SELECT outcome FROM passes") == [(None,)]


def test_opening_it_and_its_neighbours_lead_to_the_projects_images(booth: Booth) -> None:
    opened = booth.ok(booth.ben.post(f"{booth.image}/open", json={"next": 2}))
    assert opened["image"]["id"] == booth.image_id
    last = booth.studio.images[-1].id
    found = booth.ok(booth.ben.get(f"{booth.image}/neighbours"))
    assert found == {"previous": last, "next": None}
    behind = booth.ok(booth.ben.get(f"{booth.path}/images/{last}/neighbours"))
    assert behind["next"] is None


Asked = tuple[str, str, int, Any]
"""Method, path below the project, the number in it, and what is sent."""


def of_pass(booth: Booth) -> list[Asked]:
    """Requests that name the pass, what is drawn in it, and its proposals."""
    image, proposal = booth.image_id, booth.proposals()[0]["id"]
    drawn = booth.ok(booth.ben.post(f"{booth.image}/annotations", json=booth.mask()))["id"]
    return [
        ("GET", "images/{}", image, None),
        ("GET", "images/{}/neighbours", image, None),
        ("GET", "images/{}/file", image, None),
        ("GET", "images/{}/thumbnail", image, None),
        ("GET", "images/{}/rendition", image, None),
        ("GET", "images/{}/tiles/0/0/0", image, None),
        ("GET", "images/{}/annotations", image, None),
        ("GET", "images/{}/submissions", image, None),
        ("GET", "annotations/{}", drawn, None),
        ("GET", "annotations/{}/revisions", drawn, None),
        ("GET", "annotations/{}/provenance", drawn, None),
        ("GET", "proposals/{}", proposal, None),
        ("GET", "proposals/{}/provenance", proposal, None),
        ("POST", "images/{}/open", image, {}),
        ("POST", "images/{}/masks", image, {"points": [[10, 10, 1]]}),
        ("POST", "images/{}/annotations", image, booth.mask()),
        ("POST", "images/{}/reopen", image, {}),
        ("PUT", "images/{}/lease", image, None),
        ("PUT", "annotations/{}", drawn, booth.mask()),
        ("POST", "proposals/{}/review", proposal, {"verdict": "rejected"}),
    ]


def ask(booth: Booth, client: httpx.Client, asked: Asked, number: int | None = None) -> Any:
    method, path, own, document = asked
    return client.request(
        method,
        f"{booth.path}/{path.format(number or own)}",
        json=document,
        headers={"If-Match": '"1"'},
    )


def test_for_others_it_is_as_a_number_that_nothing_has(booth: Booth) -> None:
    for asked in of_pass(booth):
        hidden, missing = ask(booth, booth.carl, asked), ask(booth, booth.carl, asked, 987654)
        assert hidden.status_code == missing.status_code == 404, (asked, hidden.text)
        assert hidden.text.replace(str(asked[2]), "987654") == missing.text
    listed = booth.carl.get(f"{booth.path}/proposals", params={"image_id": booth.image_id})
    assert booth.ok(listed)["items"] == []


def test_who_manages_the_project_may_look_and_not_take_part(booth: Booth) -> None:
    for asked in of_pass(booth):
        answer = ask(booth, booth.boss, asked)
        assert answer.status_code == (200 if asked[0] == "GET" else 404), (asked, answer.text)
    assert booth.studio.rows("SELECT count(*) FROM passes.annotations") == [(1,)]


def test_the_projects_lists_and_counts_do_not_know_of_it(booth: Booth) -> None:
    before = booth.ok(booth.boss.get(f"{booth.path}/quality"))
    of_pass(booth)
    listed = booth.ok(booth.ben.get(f"{booth.path}/images"))["items"]
    assert [one["id"] for one in listed] == [one.id for one in booth.studio.images]
    assert booth.ok(booth.ben.get(f"{booth.path}/images/counts"))["all"] == 6
    assert booth.ok(booth.ben.get(f"{booth.path}/annotations"))["items"][0]["author"] == "anna"
    assert booth.ok(booth.boss.get(f"{booth.path}/quality")) == before


def test_a_number_that_was_asked_for_too_early_is_not_kept_as_missing(booth: Booth) -> None:
    """The one that the next pass will have."""
    studio, following = booth.studio, booth.image_id + 1
    path = f"{booth.path}/images/{following}"
    assert booth.carl.get(path).status_code == 404
    begun = studio.begun("carl")
    assert begun.pass_image_id == following
    assert booth.ok(booth.carl.get(path))["id"] == following
    assert booth.ben.get(path).status_code == 404


def test_a_pass_of_another_project_is_in_none(booth: Booth) -> None:
    others = booth.site.project("others")
    people.set_roles(booth.site.runtime, others, "ben", roles=[Role.LABELER])
    answer = booth.ben.get(f"/api/v1/projects/{others}/images/{booth.image_id}")
    assert answer.status_code == 404


def test_gold_images_are_made_listed_and_retired_by_managers(booth: Booth) -> None:
    path, studio = f"{booth.path}/checks/gold-images", booth.studio
    second = studio.images[1]
    studio.label(second, [(Studio.ONE, studio.cat), (Studio.TWO, studio.cat)])
    made = booth.boss.post(path, json={"image_ids": [second.id]})
    assert made.status_code == 201
    (shown,) = made.json()["items"]
    assert (shown["image_id"], shown["objects"], shown["passes"]) == (second.id, 2, 0)
    assert shown["created_by"] == "boss"
    page = booth.ok(booth.boss.get(path, params={"limit": 1}))
    assert [one["id"] for one in page["items"]] == [shown["id"]]
    rest = booth.ok(booth.boss.get(path, params={"cursor": page["next"]}))
    assert [one["passes"] for one in rest["items"]] == [1]
    for _ in range(2):
        assert booth.boss.delete(f"{path}/{shown['id']}").status_code == 204
    assert booth.boss.delete(f"{path}/987654").status_code == 404
    in_use = booth.ok(booth.boss.get(path, params={"retired": False}))["items"]
    assert [one["image_id"] for one in in_use] == [studio.images[0].id]
    todo = booth.boss.post(path, json={"image_ids": [studio.images[2].id]})
    assert (todo.status_code, todo.json()["code"]) == (409, "refused_transition")
    for document in ({"image_ids": []}, {"image_ids": [0]}, {}):
        assert booth.boss.post(path, json=document).status_code == 422


def test_clicks_in_a_pass_are_no_samples_of_a_shadow(booth: Booth) -> None:
    site, ordinary = booth.site, booth.studio.images[1].id
    with site.runtime.engine.begin() as connection:
        first = model_versions.known(connection, 1)
        trained = model_versions.register(
            connection, name="trained", encoder_digest="e" * 64, decoder_digest="2" * 64
        )
        model_versions.promote(connection, first, because="the first")
    admin = site.person("root", is_admin=True)
    site.predictor.challenger = ServedVersion(trained.id, "trained")
    started = admin.post("/api/v1/shadow", json={"model_version": trained.id, "share": 1.0})
    assert started.status_code == 201
    ben = booth.studio.user("ben")
    deadline = time.monotonic() + 60
    while not site.context.shadowing.wants(image_id=ordinary, user_id=ben, version=first.id):
        assert time.monotonic() < deadline
    for image_id in (booth.image_id, ordinary):
        path = f"{booth.path}/images/{image_id}/masks"
        booth.ok(booth.ben.post(path, json={"points": [[10, 10, 1]]}))
    while not (samples := booth.studio.rows("SELECT image_id FROM shadow_samples")):
        assert time.monotonic() < deadline
    assert samples == [(ordinary,)]
