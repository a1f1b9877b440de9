"""Annotations over HTTP: made by people, changed only by whoever saw the last revision."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from maskloop.platform.access import Role
from maskloop.platform.masks import Rle

if TYPE_CHECKING:
    from sites.site import Site


@dataclass
class Desk:
    """A labeler before an image of 60 by 80 pixels."""

    site: "Site"
    project_id: int
    image_id: int
    categories: list[int]
    labeler: httpx.Client

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.project_id}"

    @property
    def of_image(self) -> str:
        return f"{self.path}/images/{self.image_id}/annotations"

    def mask(self, side: int = 10, **more: Any) -> dict[str, Any]:
        pixels = np.zeros((60, 80), dtype=np.bool_)
        pixels[20 : 20 + side, 30 : 30 + side] = True
        counts = Rle.encode(pixels).counts.decode()
        segmentation = {"size": [60, 80], "counts": counts}
        return {"category_id": self.categories[0], "segmentation": segmentation, **more}

    def made(self) -> dict[str, Any]:
        answer = self.labeler.post(self.of_image, json=self.mask())
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def desk(site: "Site") -> Desk:
    photos = site.project("photos")
    labeler = site.person("lee", roles=[Role.LABELER], project_id=photos)
    found = labeler.get(f"/api/v1/projects/{photos}/categories").json()["items"]
    return Desk(site, photos, site.image(photos), [one["id"] for one in found], labeler)


def test_an_annotation_keeps_how_it_came_about_and_is_measured_here(desk: Desk) -> None:
    prompts = [{"points": [[35.5, 25.5, 1]], "multimask": True, "chosen": 1}]
    answer = desk.labeler.post(desk.of_image, json=desk.mask(prompts=prompts, seconds=4.5))
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    made = answer.json()
    assert (made["area"], made["author"], made["category"]) == (100, "lee", "thing")
    assert (made["prompts"], made["seconds"], made["revision"]) == (prompts, 4.5, 1)
    assert desk.labeler.get(desk.of_image).json()["items"] == [made]
    assert desk.labeler.get(f"{desk.path}/annotations").json()["items"] == [made]
    assert desk.labeler.get(f"{desk.path}/annotations/{made['id']}").json() == made


def test_a_change_is_a_revision_and_the_one_before_stays(desk: Desk) -> None:
    made = desk.made()
    path = f"{desk.path}/annotations/{made['id']}"
    changed = desk.labeler.put(path, json=desk.mask(12), headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json()["area"] == 144
    revisions = desk.labeler.get(f"{path}/revisions").json()["items"]
    assert revisions == [made, changed.json()]


def test_whoever_comes_second_is_told_of_the_first_and_changes_nothing(desk: Desk) -> None:
    made = desk.made()
    path, seen = f"{desk.path}/annotations/{made['id']}", {"If-Match": '"1"'}
    desk.labeler.put(path, json=desk.mask(12), headers=seen)
    other = desk.site.person("rae", roles=[Role.REVIEWER], project_id=desk.project_id)
    for answer in (
        other.put(path, json=desk.mask(14), headers=seen),
        other.delete(path, headers=seen),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "annotation_conflict")
        assert answer.json()["fields"] == {
            "annotation": made["id"],
            "revision": 2,
            "author": "lee",
        }
    assert desk.labeler.get(path).json()["area"] == 144


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 428, "precondition_required"),
        ({"If-Match": "*"}, 422, "bad_parameters"),
        ({"If-Match": '"x"'}, 422, "bad_parameters"),
    ],
)
def test_a_change_names_the_revision_that_was_seen(
    desk: Desk, headers: dict[str, str], status: int, code: str
) -> None:
    path = f"{desk.path}/annotations/{desk.made()['id']}"
    for answer in (
        desk.labeler.put(path, json=desk.mask(), headers=headers),
        desk.labeler.delete(path, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_deleted_annotation_is_gone_but_for_its_revisions(desk: Desk) -> None:
    path = f"{desk.path}/annotations/{desk.made()['id']}"
    assert desk.labeler.delete(path, headers={"If-Match": '"1"'}).status_code == 204
    assert desk.labeler.get(path).status_code == 404
    assert desk.labeler.get(desk.of_image).json()["items"] == []
    revisions = desk.labeler.get(f"{path}/revisions").json()["items"]
    assert [one["deleted"] for one in revisions] == [False, True]


def test_only_a_reviewer_changes_what_others_made(desk: Desk) -> None:
    path, seen = f"{desk.path}/annotations/{desk.made()['id']}", {"If-Match": '"1"'}
    other = desk.site.person("kim", roles=[Role.LABELER], project_id=desk.project_id)
    refused = other.put(path, json=desk.mask(12), headers=seen)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_annotation")
    reviewer = desk.site.person("rae", roles=[Role.REVIEWER], project_id=desk.project_id)
    assert reviewer.put(path, json=desk.mask(12), headers=seen).json()["author"] == "rae"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"segmentation": {"size": [80, 60], "counts": "PPh4"}}, 422, "bad_mask"),
        ({"segmentation": {"size": [60, 80], "counts": "zz\u0000"}}, 422, "bad_mask"),
        ({"segmentation": {"size": [60, 80], "counts": ""}}, 422, "bad_mask"),
        ({"category_id": 987_654}, 404, "not_found"),
        ({"model_version": 987_654}, 404, "not_found"),
        ({"seconds": -1}, 422, "invalid_request"),
        ({"prompts": [{"points": [[1, 2, 3]]}]}, 422, "invalid_request"),
        ({"prompts": [{"previous": "a\u0000b"}]}, 422, "invalid_request"),
        ({"area": 3}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_made(
    desk: Desk, change: dict[str, Any], status: int, code: str
) -> None:
    answer = desk.labeler.post(desk.of_image, json=desk.mask() | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert desk.labeler.get(desk.of_image).json()["items"] == []


def test_a_category_of_another_project_is_not_there(desk: Desk) -> None:
    others = desk.site.project("others", ["theirs"])
    boss = desk.site.person("boss", is_admin=True)
    theirs = boss.get(f"/api/v1/projects/{others}/categories").json()["items"][0]["id"]
    answer = desk.labeler.post(desk.of_image, json=desk.mask(category_id=theirs))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_same_annotation_sent_again_is_made_once(desk: Desk) -> None:
    again = {"Idempotency-Key": "first-of-today"}
    answers = [desk.labeler.post(desk.of_image, json=desk.mask(), headers=again) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [answer.headers["ETag"] for answer in answers] == ['"1"', '"1"']
    assert len(desk.labeler.get(desk.of_image).json()["items"]) == 1


def test_annotations_of_a_project_come_newest_first_a_page_at_a_time(desk: Desk) -> None:
    made = [desk.made()["id"] for _ in range(3)]
    first = desk.labeler.get(f"{desk.path}/annotations", params={"limit": 2}).json()
    query = {"limit": 2, "cursor": first["next"]}
    second = desk.labeler.get(f"{desk.path}/annotations", params=query).json()
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
