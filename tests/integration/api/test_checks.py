"""Gold and planted errors over HTTP; who may see them."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.access import Role

if TYPE_CHECKING:
    from sites.coins import Tray
    from sites.site import Site


@pytest.fixture
def manager(site: "Site", tray: "Tray") -> httpx.Client:
    return site.person("mia", roles=[Role.ADMIN], project_id=tray.project_id)


def path_of(tray: "Tray", more: str = "") -> str:
    return f"/api/v1/projects/{tray.project_id}/checks{more}"


def listed(client: httpx.Client, tray: "Tray", **query: Any) -> list[dict[str, Any]]:
    answer = client.get(path_of(tray), params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_gold_and_planted_errors_are_made_listed_and_retired(
    tray: "Tray", manager: httpx.Client
) -> None:
    annotations = tray.accept(3)
    gold = manager.post(path_of(tray, "/gold"), json={"annotation_ids": annotations})
    assert gold.status_code == 201, gold.text
    assert [one["annotation"]["id"] for one in gold.json()["items"]] == annotations
    wanted = {"count": 2, "defects": ["shifted"], "iou": 0.5, "seed": 3}
    planted = manager.post(path_of(tray, "/planted"), json=wanted)
    assert planted.status_code == 201, planted.text
    assert [one["defect"] for one in planted.json()["items"]] == ["shifted", "shifted"]
    for one in planted.json()["items"]:
        assert one["iou"] == pytest.approx(0.5, abs=0.05)
        assert (one["kind"], one["created_by"], one["answers"]) == ("planted", "mia", 0)

    everything = [*gold.json()["items"], *planted.json()["items"]]
    assert listed(manager, tray) == everything[::-1]
    assert listed(manager, tray, kind="gold") == everything[2::-1]
    assert listed(manager, tray, defect="shifted") == everything[:2:-1]
    first = manager.get(path_of(tray), params={"limit": 2}).json()
    rest = manager.get(path_of(tray), params={"cursor": first["next"]}).json()
    assert [*first["items"], *rest["items"]] == everything[::-1]

    gone = everything[0]["id"]
    assert manager.delete(path_of(tray, f"/{gone}")).status_code == 204
    assert [one["id"] for one in listed(manager, tray, retired=True)] == [gone]
    assert gone not in [one["id"] for one in listed(manager, tray, retired=False)]


def test_the_same_request_plants_once(tray: "Tray", manager: httpx.Client) -> None:
    tray.accept(3)
    first, again = (
        manager.post(path_of(tray, "/planted"), json={"count": 2}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.json() == again.json()
    assert len(listed(manager, tray)) == 2


def test_a_project_without_anything_right_is_told_so(tray: "Tray", manager: httpx.Client) -> None:
    answer = manager.post(path_of(tray, "/planted"), json={"count": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_plant")
    assert "Make gold first" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gold", {"annotation_ids": []}),
        ("/gold", {"annotation_ids": [0]}),
        ("/planted", {"count": 0}),
        ("/planted", {"count": 1, "defects": []}),
        ("/planted", {"count": 1, "defects": ["crooked"]}),
        ("/planted", {"count": 1, "iou": 0.95}),
        ("/planted", {"count": 1, "seed": -1}),
    ],
)
def test_what_cannot_be_asked_for_makes_nothing(
    tray: "Tray", manager: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    tray.accept(1)
    assert manager.post(path_of(tray, path), json=body).status_code == 422
    assert listed(manager, tray) == []


def test_reviewers_see_no_checks(site: "Site", tray: "Tray") -> None:
    reviewer = site.person("rae", roles=[Role.REVIEWER], project_id=tray.project_id)
    answer = reviewer.get(path_of(tray))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
