"""Gold and planted errors over HTTP; who may see them."""

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from scipy.stats import binomtest

from maskloop.platform.access import Role
from maskloop.platform.db import cards as card_rows
from maskloop.platform.db import users
from maskloop.platform.states import Defect, QueueSubject
from maskloop.services.gold import make_gold
from maskloop.services.people import set_roles
from maskloop.services.planting import plant
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement
from maskloop.services.tokens import create_token

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


def test_managers_see_everybody_s_answers_at_once(site: "Site", tray: "Tray") -> None:
    queue, shifted = tray.queue(), [Defect.SHIFTED]
    tray.accept(5)
    errors = plant(tray.runtime, tray.project_id, 5, defects=shifted, by=tray.anna, seed=1)
    for check in errors:
        tray.answer(tray.handed(check, queue), Judgement.accept(tray.old))
    shown = tray.handed(errors[0], queue, person=tray.anna_as_person)
    tray.answer(shown, Judgement.reject(), person=tray.anna_as_person)

    set_roles(tray.runtime, tray.project_id, "ben", roles=[Role.ADMIN])
    client = site.client(create_token(tray.runtime, "ben", name="figures").text)
    answer = client.get(f"/api/v1/projects/{tray.project_id}/quality/people")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["as_of"] is None
    assert [one["user"] for one in found["people"]] == ["anna", "ben"]
    assert found["categories"][0]["quality"]["planted"] == 6
    anna, ben = [one["quality"] for one in found["people"]]
    let_through = ben["let_through"]
    low = binomtest(5, 5).proportion_ci(method="wilson").low
    assert (let_through["mean"], let_through["of"]) == (1.0, 5)
    assert let_through["low"] == pytest.approx(low)
    assert anna["let_through"] == {"mean": None, "low": None, "high": None, "of": 1, "needed": 5}


def shape_of(value: Any) -> Any:
    """Types, keys and the pattern of texts; what a value is, is left out."""
    if isinstance(value, dict):
        return {key: shape_of(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted({repr(shape_of(one)) for one in value})
    if isinstance(value, str):
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", value) if len(value) < 60 else "text"
    return type(value).__name__


@pytest.mark.parametrize("subject", [QueueSubject.PROPOSALS, QueueSubject.ANNOTATIONS])
def test_the_json_of_a_check_s_card_is_that_of_any_other(
    site: "Site", tray: "Tray", subject: QueueSubject
) -> None:
    accepted = tray.accept(14)
    make_gold(tray.runtime, tray.project_id, accepted[:6], by=tray.anna)
    plant(tray.runtime, tray.project_id, 12, by=tray.anna, seed=1)
    tray.queue(subject=subject, gold_rate=0.2, planted_rate=0.3, feedback=True)
    rae = site.person("rae", roles=[Role.REVIEWER], project_id=tray.project_id)
    cards = rae.post(f"/api/v1/projects/{tray.project_id}/cards/next", json={"count": 24}).json()
    with tray.runtime.engine.connect() as connection:
        ids = [one["id"] for one in cards["cards"]]
        kept = card_rows.by_ids(connection, tray.project_id, ids)
    checks = {one.id for one in kept if one.shows.check_id is not None}
    shapes = {one["id"]: repr(shape_of(one)) for one in cards["cards"]}
    assert checks
    assert len(checks) < len(shapes)
    assert len(set(shapes.values())) == 1
    assert "check" not in str(cards["cards"])


def test_an_answer_to_a_check_tells_how_one_did_where_the_queue_wants_it(
    site: "Site", tray: "Tray"
) -> None:
    tray.accept(1)
    (check,) = plant(
        tray.runtime, tray.project_id, 1, defects=[Defect.SHIFTED], by=tray.anna, seed=1
    )
    rae = site.person("rae", roles=[Role.REVIEWER], project_id=tray.project_id)
    path = f"/api/v1/projects/{tray.project_id}/cards"
    for feedback in (True, False):
        queue = tray.queue(name=f"{feedback}", feedback=feedback)
        with tray.runtime.engine.connect() as connection:
            user_id = users.by_name(connection, "rae").id
        shown = tray.handed(check, queue, person=Person(user_id, "rae", judges_people=True))
        token = str(shown.card.token)
        said = {"token": token, "verdict": "accepted", "category_id": tray.old}
        answer = rae.post(f"{path}/{shown.card.id}/answer", json=said)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert set(found) == {"verdict", "feedback"}
        if feedback:
            assert found["feedback"]["passed"] is False
            assert found["feedback"]["text"] == (
                "The mask had been shifted on purpose; you accepted it."
            )
            assert found["feedback"]["iou"] == pytest.approx(check.new.iou)
            assert found["feedback"]["category_id"] == tray.old
        else:
            assert found["feedback"] is None
