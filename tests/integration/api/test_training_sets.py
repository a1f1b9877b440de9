"""Training sets over HTTP: frozen once, listed, looked into and compared."""

from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from maskloop.platform.access import Role
from maskloop.platform.masks import Rle

if TYPE_CHECKING:
    from sites.site import Site

HELD_OUT = {"holdout_sources": ["disc-0.png"], "holdout_share": 0, "validation_share": 0}


@pytest.fixture
def photos(site: "Site") -> int:
    """A project with three images."""
    made = site.project("photos")
    for seed in range(3):
        site.image(made, seed=seed, size_hw=(30 + 10 * seed, 40))
    return made


@pytest.fixture
def drawn(site: "Site", photos: int) -> list[dict[str, Any]]:
    """An annotation on each."""
    anna = site.person("anna", roles=[Role.LABELER], project_id=photos)
    images = anna.get(f"/api/v1/projects/{photos}/images").json()["items"]
    return [_draw(anna, photos, image) for image in images]


@pytest.fixture
def trainer(site: "Site", photos: int) -> httpx.Client:
    return site.person("mila", roles=[Role.ML], project_id=photos)


def _draw(client: httpx.Client, project_id: int, image: dict[str, Any]) -> dict[str, Any]:
    categories = client.get(f"/api/v1/projects/{project_id}/categories").json()["items"]
    pixels = np.zeros((image["height"], image["width"]), dtype=np.bool_)
    pixels[5:15, 5:15] = True
    mask = {
        "category_id": categories[0]["id"],
        "segmentation": {"size": list(pixels.shape), "counts": Rle.encode(pixels).counts.decode()},
    }
    path = f"/api/v1/projects/{project_id}/images/{image['id']}/annotations"
    return _made(client.post(path, json=mask))


def _made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("drawn")
def test_a_set_is_previewed_frozen_once_and_found_again(photos: int, trainer: httpx.Client) -> None:
    path = f"/api/v1/projects/{photos}/training-sets"
    previewed = trainer.post(f"{path}/preview", json={"rule": HELD_OUT}).json()
    assert trainer.get(path).json() == {"items": [], "next": None}
    frozen = _made(trainer.post(path, json={"name": "spring", "rule": HELD_OUT}))
    assert frozen["statistics"] == previewed
    assert (frozen["name"], frozen["created_by"]) == ("spring", "mila")
    assert frozen["rule"]["holdout_sources"] == ["disc-0.png"]
    assert len(bytes.fromhex(frozen["digest"])) == 32
    assert previewed["splits"] == {
        "train": {"annotations": 2, "images": 2},
        "validation": {"annotations": 0, "images": 0},
        "holdout": {"annotations": 1, "images": 1},
    }
    assert previewed["categories"] == {"thing": {"train": 2, "validation": 0, "holdout": 1}}
    assert _made(trainer.post(path, json={"rule": HELD_OUT})) == frozen
    assert trainer.get(path).json()["items"] == [frozen]
    assert trainer.get(f"{path}/{frozen['id']}").json() == frozen


def test_items_are_listed_by_side_and_page(
    photos: int, drawn: list[dict[str, Any]], trainer: httpx.Client
) -> None:
    path = f"/api/v1/projects/{photos}/training-sets"
    frozen = _made(trainer.post(path, json={"rule": HELD_OUT}))
    items = f"{path}/{frozen['id']}/items"
    (held_out,) = trainer.get(items, params={"split": "holdout"}).json()["items"]
    assert held_out == {
        "annotation_id": drawn[0]["id"],
        "annotation_revision": 1,
        "image_id": drawn[0]["image_id"],
        "source": "disc-0.png",
        "category": "thing",
        "area": 100,
        "origin": "drawn",
        "split": "holdout",
    }
    first = trainer.get(items, params={"limit": 2}).json()
    second = trainer.get(items, params={"limit": 2, "cursor": first["next"]}).json()
    found = [item["annotation_id"] for item in first["items"] + second["items"]]
    assert (found, second["next"]) == ([one["id"] for one in drawn], None)


def test_two_sets_are_compared(
    site: "Site", photos: int, drawn: list[dict[str, Any]], trainer: httpx.Client
) -> None:
    path = f"/api/v1/projects/{photos}/training-sets"
    before = _made(trainer.post(path, json={"rule": HELD_OUT}))
    gone = drawn[1]
    answer = site.person("rae", roles=[Role.REVIEWER], project_id=photos).delete(
        f"/api/v1/projects/{photos}/annotations/{gone['id']}", headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 204
    after = _made(trainer.post(path, json={"rule": HELD_OUT | {"categories": ["thing"]}}))
    found = trainer.get(f"{path}/{before['id']}/compare/{after['id']}").json()
    assert (found["before"], found["after"]) == (before, after)
    assert found["rule"] == ["categories: all → thing"]
    assert found["changes"]["train"] == {
        "added": 0,
        "removed": 1,
        "changed_masks": 0,
        "moved_categories": 0,
        "moved_sides": 0,
    }
    missing = trainer.get(f"{path}/{before['id']}/compare/987")
    assert (missing.status_code, missing.json()["fields"]["name"]) == (404, "987")


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"sources": ["nowhere"]}, "empty_training_set"),
        ({"categories": ["thing"], "since": "2999-01-01T00:00:00Z"}, "empty_training_set"),
        ({"since": "2027-01-01T00:00:00"}, "invalid_request"),
        ({"holdout_share": 1.5}, "invalid_request"),
        ({"categories": ["a\0b"]}, "invalid_request"),
        ({"category": ["thing"]}, "invalid_request"),
    ],
)
def test_a_rule_that_cannot_be_frozen_is_refused(
    photos: int, trainer: httpx.Client, rule: dict[str, Any], code: str
) -> None:
    for path, document in (("", {"name": "x", "rule": rule}), ("/preview", {"rule": rule})):
        answer = trainer.post(f"/api/v1/projects/{photos}/training-sets{path}", json=document)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


@pytest.mark.usefixtures("drawn")
def test_an_unknown_category_is_named(photos: int, trainer: httpx.Client) -> None:
    path = f"/api/v1/projects/{photos}/training-sets"
    answer = trainer.post(path, json={"rule": {"categories": ["cow"]}})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no category cow. The project has: thing, stuff."


@pytest.mark.usefixtures("drawn")
def test_a_repeated_request_freezes_once(photos: int, trainer: httpx.Client) -> None:
    path = f"/api/v1/projects/{photos}/training-sets"
    asked = {"json": {"rule": HELD_OUT}, "headers": {"Idempotency-Key": "once"}}
    first, second = trainer.post(path, **asked), trainer.post(path, **asked)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replay"] == "true"
