"""Audit events over HTTP: deeds that change who may what, what serves, what leaves and what is gone
are written down in their transaction."""

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.quality.test_quality_figures import NOON

from maskloop.platform.access import Role
from maskloop.platform.errors import AnnotationConflictError
from maskloop.services import annotations, promotions
from maskloop.services.annotations import Editor
from maskloop.services.people import create_user

if TYPE_CHECKING:
    import httpx

    from sites.past import Past
    from sites.site import Site


@pytest.fixture
def boss(site: "Site", past: "Past") -> "httpx.Client":
    return site.person("mia", roles=[Role.ADMIN], project_id=past.project_id)


def events(client: "httpx.Client", past: "Past", **query: Any) -> list[dict[str, Any]]:
    path = f"/api/v1/projects/{past.project_id}/audit-events"
    found: list[dict[str, Any]] = client.get(path, params=query).json()["items"]
    return found


def test_roles_are_written_down_with_who_gave_and_took_them(
    site: "Site", boss: "httpx.Client", past: "Past"
) -> None:
    rob = create_user(site.runtime, "rob").id
    path = f"/api/v1/projects/{past.project_id}/members/rob"
    assert boss.put(path, json={"roles": ["ml", "labeler"]}).status_code == 200
    assert boss.delete(path).status_code == 204
    removed, given = events(boss, past, subject="member", subject_id=rob)
    assert (given["user"], given["action"]) == ("mia", "roles given")
    assert given["detail"] == {"name": "rob", "roles": ["labeler", "ml"]}
    assert (removed["user"], removed["action"]) == ("mia", "removed")


def test_an_export_is_written_down(boss: "httpx.Client", past: "Past") -> None:
    path = f"/api/v1/projects/{past.project_id}/exports"
    job = boss.post(path, json={"format": "coco"}).json()
    (event,) = events(boss, past, subject="job")
    assert (event["user"], event["subject_id"]) == ("mia", job["id"])
    assert event["detail"]["format"] == "coco"


def test_a_promotion_is_every_project_s(boss: "httpx.Client", past: "Past") -> None:
    promotions.promote(past.runtime, past.versions["minisam"], because="the first")
    event = events(boss, past, subject="model_version")[0]
    assert (event["action"], event["subject_id"]) == ("promoted", past.versions["minisam"])
    assert event["user"] is None
    assert event["detail"]["because"] == "the first"


def test_a_deletion_is_written_down_once_it_is_done(boss: "httpx.Client", past: "Past") -> None:
    drawn = past.drawn(NOON, "anna")
    editor = Editor(past.people["anna"], of_others=False)
    with pytest.raises(AnnotationConflictError):
        annotations.delete(past.runtime, past.project_id, drawn, expected=7, editor=editor)
    assert events(boss, past, subject="annotation") == []
    annotations.delete(past.runtime, past.project_id, drawn, expected=1, editor=editor)
    (event,) = events(boss, past, subject="annotation")
    assert (event["user"], event["subject_id"]) == ("anna", drawn)
    assert event["detail"] == {"revision": 2, "category": "cat"}


def test_events_come_a_page_at_a_time_newest_first(boss: "httpx.Client", past: "Past") -> None:
    path = f"/api/v1/projects/{past.project_id}/audit-events"
    editor = Editor(past.person("anna"), of_others=False)
    for _ in range(3):
        drawn = past.drawn(NOON, "anna")
        annotations.delete(past.runtime, past.project_id, drawn, expected=1, editor=editor)
    first = boss.get(path, params={"limit": 2}).json()
    rest = boss.get(path, params={"limit": 2, "cursor": first["next"]}).json()
    ids = [event["id"] for event in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert [event["action"] for event in first["items"]] == ["deleted", "deleted"]


def test_events_are_narrowed_to_a_person_and_a_deed_that_there_is(
    boss: "httpx.Client", past: "Past"
) -> None:
    for who in ("anna", "ben"):
        editor = Editor(past.person(who), of_others=False)
        drawn = past.drawn(NOON, who)
        annotations.delete(past.runtime, past.project_id, drawn, expected=1, editor=editor)
    promotions.promote(past.runtime, past.versions["minisam"], because="the first")
    path = f"/api/v1/projects/{past.project_id}/audit-events/kinds"
    assert boss.get(path).json() == {
        "users": [None, "anna", "ben"],
        "actions": ["deleted", "promoted", "roles given"],
    }
    assert {one["user"] for one in events(boss, past, user="anna")} == {"anna"}
    assert [one["action"] for one in events(boss, past, user="", action="promoted")] == ["promoted"]
    assert [one["user"] for one in events(boss, past, action="deleted")] == ["ben", "anna"]
    assert events(boss, past, user="anna", action="promoted") == []


def test_whoever_does_not_manage_sees_no_events(site: "Site", past: "Past") -> None:
    client = site.person("rob", roles=[Role.REVIEWER, Role.ML], project_id=past.project_id)
    path = f"/api/v1/projects/{past.project_id}/audit-events"
    assert client.get(path).status_code == 403
    assert client.get(f"{path}/kinds").status_code == 403


def test_another_project_s_events_are_not_told(site: "Site", past: "Past") -> None:
    others = site.project("others")
    stranger = site.person("eve", roles=[Role.ADMIN], project_id=others)
    drawn = past.drawn(NOON, "anna")
    editor = Editor(past.people["anna"], of_others=False)
    annotations.delete(past.runtime, past.project_id, drawn, expected=1, editor=editor)
    found = stranger.get(f"/api/v1/projects/{others}/audit-events").json()["items"]
    assert "annotation" not in {event["subject"] for event in found}
    kinds = stranger.get(f"/api/v1/projects/{others}/audit-events/kinds").json()
    assert "anna" not in kinds["users"]
