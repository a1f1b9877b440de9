"""Auto-accept over HTTP: offered, switched on, listed, switched off and taken back."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.access import Role

if TYPE_CHECKING:
    from sites.site import Site
    from sites.ward import Ward

TERMS = {"wanted_precision": 0.8, "confidence": 0.8}


@pytest.fixture
def admin(site: "Site", ward: "Ward") -> httpx.Client:
    return site.person("ada", roles=[Role.ADMIN], project_id=ward.project_id)


def path(ward: "Ward", more: str = "s") -> str:
    return f"/api/v1/projects/{ward.project_id}/auto-accept{more}"


def switch_on(ward: "Ward", client: httpx.Client, **more: Any) -> httpx.Response:
    return client.post(path(ward), json={"category_id": ward.cell} | TERMS | more)


def test_before_the_audits_it_is_refused_with_what_is_missing(
    ward: "Ward", admin: httpx.Client
) -> None:
    offer = admin.get(path(ward, ""), params=TERMS).json()
    assert (offer["threshold"], offer["audits_needed"], offer["active"]) == (None, 22, None)
    refused = switch_on(ward, admin)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_threshold")
    assert "22 more audits" in refused.json()["detail"]


def test_it_is_offered_switched_on_and_listed(ward: "Ward", admin: httpx.Client) -> None:
    ward.audit()
    offer = admin.get(path(ward, ""), params=TERMS).json()
    assert (offer["audits"], offer["right"]) == (100, 100)
    assert offer["category"] == {"id": ward.cell, "name": "cell"}
    assert offer["would_accept"] + offer["left_for_audits"] == 200
    assert offer["hours_saved"] == offer["would_accept"] * 6.0 / 3600
    answer = switch_on(ward, admin)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["switched_on_by"], made["revoked_at"]) == ("ada", None)
    assert made["threshold"] == offer["threshold"]
    one = admin.get(f"{path(ward)}/{made['id']}").json()
    assert one == made | {"accepted": offer["would_accept"]}
    assert admin.get(path(ward)).json()["items"] == [one]
    first = admin.get(f"{path(ward)}/{made['id']}/accepted", params={"limit": 1}).json()
    (accepted,) = first["items"]
    assert first["next"] is not None
    assert (accepted["changed"], accepted["taken_back"]) == (False, False)
    again = switch_on(ward, admin)
    assert (again.status_code, again.json()["code"]) == (409, "auto_accept_on")
    assert admin.get(path(ward, ""), params=TERMS).json()["active"] == made["id"]


def test_switched_off_it_keeps_what_it_accepted_until_that_is_taken_back(
    ward: "Ward", admin: httpx.Client
) -> None:
    ward.audit()
    made = switch_on(ward, admin).json()["id"]
    off = admin.post(f"{path(ward)}/{made}/off").json()
    assert off["revoked_because"] == "switched off by hand"
    assert off["accepted"] > 0
    assert admin.post(f"{path(ward)}/{made}/off").status_code == 409
    back = admin.post(f"{path(ward)}/{made}/take-back").json()
    assert back == {"taken_back": off["accepted"], "kept": 0}
    proposals = f"/api/v1/projects/{ward.project_id}/proposals"
    waiting = admin.get(proposals, params={"state": "pending", "limit": 500}).json()["items"]
    assert len(waiting) == 200


@pytest.mark.parametrize(
    "more", [{"threshold": 0.9}, {"wanted_precision": 1}, {"audit_share": 0}, {"category_id": None}]
)
def test_terms_that_cannot_be_are_refused_and_a_threshold_cannot_be_given(
    ward: "Ward", admin: httpx.Client, more: dict[str, Any]
) -> None:
    assert switch_on(ward, admin, **more).status_code == 422
    assert admin.get(path(ward)).json()["items"] == []


def test_reviewers_see_it_and_only_who_manages_switches_it(ward: "Ward", site: "Site") -> None:
    reviewer = site.person("rae", roles=[Role.REVIEWER], project_id=ward.project_id)
    assert reviewer.get(path(ward, "")).status_code == 200
    assert switch_on(ward, reviewer).status_code == 403
