"""Modes of a project over HTTP, and what the label page and new queues follow."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import audit_events
from maskloop.services import auto_accepts
from maskloop.services.auto_accept_offers import Terms

if TYPE_CHECKING:
    from sites.site import Site
    from sites.ward import Ward


@pytest.fixture
def admin(site: "Site", ward: "Ward") -> httpx.Client:
    return site.person("ada", roles=[Role.ADMIN], project_id=ward.project_id)


def path(ward: "Ward", more: str = "/mode") -> str:
    return f"/api/v1/projects/{ward.project_id}{more}"


def change(ward: "Ward", admin: httpx.Client, mode: str) -> dict[str, Any]:
    answer = admin.patch(path(ward), json={"mode": mode})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_project_begins_assisted_with_proposals_kept_back(
    ward: "Ward", admin: httpx.Client
) -> None:
    assert admin.get(path(ward)).json() == {
        "mode": "assisted",
        "starts_with_review": False,
        "filling": {
            "shown_from": None,
            "filled_from": None,
            "by_evidence": False,
            "because": "people draw first; proposals are shown when asked for",
        },
        "queue": {"subject": "annotations", "ordering": "oldest"},
    }


def test_the_mode_is_shown_with_the_project_and_in_the_list(
    ward: "Ward", admin: httpx.Client
) -> None:
    change(ward, admin, "automatic")
    assert admin.get(path(ward, "")).json()["mode"] == "automatic"
    (listed,) = admin.get("/api/v1/projects").json()["items"]
    assert listed["mode"] == "automatic"


def test_automatic_begins_with_review(ward: "Ward", admin: httpx.Client) -> None:
    found = change(ward, admin, "automatic")
    assert found["starts_with_review"] is True
    assert found["queue"] == {"subject": "proposals", "ordering": "doubt"}
    assert (found["filling"]["shown_from"], found["filling"]["filled_from"]) == (0.0, None)


def test_semi_automatic_fills_in_from_a_default_that_says_it_is_none_of_evidence(
    ward: "Ward", admin: httpx.Client
) -> None:
    filling = change(ward, admin, "semi_automatic")["filling"]
    assert (filling["shown_from"], filling["filled_from"]) == (0.0, 0.9)
    assert filling["by_evidence"] is False
    assert filling["because"].startswith("0.9 is a default: 0 proposals were audited")


def test_semi_automatic_fills_in_from_where_audits_allow(ward: "Ward", admin: httpx.Client) -> None:
    ward.audit(wrong=range(150, 300))
    with ward.runtime.engine.begin() as connection:
        accept = auto_accepts.switch_on_in(
            connection,
            ward.project_id,
            Terms(wanted_precision=0.8, confidence=0.8),
            category_id=ward.cell,
            model_version_id=None,
            by=ward.anna,
        )
    filling = change(ward, admin, "semi_automatic")["filling"]
    assert (filling["filled_from"], filling["by_evidence"]) == (accept.threshold, True)
    assert filling["because"] == f"auto-accept {accept.id} is on from there"


def test_who_changed_the_mode_is_written_down_once(ward: "Ward", admin: httpx.Client) -> None:
    change(ward, admin, "automatic")
    change(ward, admin, "automatic")
    with ward.runtime.engine.connect() as connection:
        (event,) = audit_events.page(connection, ward.project_id, limit=10)
    assert (event.user, event.action) == ("ada", "mode_changed")
    assert event.detail == {"before": "assisted", "after": "automatic"}


def test_a_mode_that_there_is_not_is_refused_and_reviewers_set_none(
    ward: "Ward", admin: httpx.Client, site: "Site"
) -> None:
    assert admin.patch(path(ward), json={"mode": "manual"}).status_code == 422
    reviewer = site.person("rae", roles=[Role.REVIEWER], project_id=ward.project_id)
    assert reviewer.patch(path(ward), json={"mode": "automatic"}).status_code == 403
    assert reviewer.get(path(ward)).json()["mode"] == "assisted"
