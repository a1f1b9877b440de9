"""Promotions over HTTP: by the gate, against it, and back."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import PERMISSIONS, Permission, Role

if TYPE_CHECKING:
    from sites.contest import Contest
    from sites.site import Site

REASON = "the customer wants it for the fair"


def test_a_promotion_takes_effect_and_says_why_and_by_whom(
    site: "Site", contest: "Contest"
) -> None:
    boss = site.person("boss", is_admin=True)
    result, number = contest.judged(), contest.challenger.id
    wish = {"model_version": number, "because": "better on cells"}
    made = boss.post("/api/v1/promotions", json=wish)
    assert made.status_code == 201
    told = made.json()
    assert (told["name"], told["because"], told["promoted_by"]) == (
        "photos-1",
        "better on cells",
        "boss",
    )
    assert (told["gate_result_id"], told["against_gate"]) == (result.id, False)
    listed = boss.get("/api/v1/promotions").json()["items"]
    assert [one["model_version"] for one in listed] == [number, contest.champion.id]
    assert listed[1]["promoted_by"] is None
    versions = boss.get("/api/v1/model-versions").json()["items"]
    assert [one["number"] for one in versions if one["serving"]] == [number]


def test_the_same_request_again_promotes_once(site: "Site", contest: "Contest") -> None:
    boss = site.person("boss", is_admin=True)
    contest.judged()
    wish, key = {"model_version": contest.challenger.id}, {"Idempotency-Key": "once"}
    first = boss.post("/api/v1/promotions", json=wish, headers=key)
    second = boss.post("/api/v1/promotions", json=wish, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


def test_the_gate_s_no_names_the_rules(site: "Site", contest: "Contest") -> None:
    boss = site.person("boss", is_admin=True)
    worse = contest.another("worse", iou=0.3)
    wish: dict[str, object] = {"model_version": worse.id}
    unasked = boss.post("/api/v1/promotions", json=wish)
    assert (unasked.status_code, unasked.json()["code"]) == (409, "not_evaluated")
    contest.judged(worse)
    refused = boss.post("/api/v1/promotions", json=wish)
    assert (refused.status_code, refused.json()["code"]) == (409, "gate_refused")
    assert "not_worse:box" in refused.json()["fields"]["rules"]

    short = boss.post("/api/v1/promotions", json={**wish, "against_gate": True, "because": "so"})
    assert (short.status_code, short.json()["code"]) == (422, "bad_parameters")
    wish |= {"against_gate": True, "because": REASON}
    made = boss.post("/api/v1/promotions", json=wish)
    assert (made.status_code, made.json()["against_gate"]) == (201, True)


def test_the_gate_s_no_names_rules_only_to_members(site: "Site", contest: "Contest") -> None:
    worse = contest.another("worse", iou=0.3)
    contest.judged(worse)
    wish = {"model_version": worse.id}
    mia = site.person("mia", roles=[Role.ML], project_id=contest.school.project_id)
    eve = site.person("eve", roles=[Role.ML], project_id=site.project("cells"))
    told = [one.post("/api/v1/promotions", json=wish).json()["fields"] for one in (mia, eve)]
    assert [fields["rules"] for fields in told] == [
        "better:one_click, not_worse:best_of_three, not_worse:box, not_worse:one_click",
        "rules of 1 other project",
    ]


def test_a_roll_back_brings_back_what_served_before(site: "Site", contest: "Contest") -> None:
    boss = site.person("boss", is_admin=True)
    contest.judged()
    boss.post("/api/v1/promotions", json={"model_version": contest.challenger.id})
    stale = {"instead_of": contest.champion.id}
    told = boss.post("/api/v1/promotions/rollback", json=stale)
    assert (told.status_code, told.json()["code"]) == (409, "refused_transition")
    made = boss.post("/api/v1/promotions/rollback", json={"because": "holes at night"})
    assert (made.status_code, made.json()["model_version"]) == (201, contest.champion.id)
    assert made.json()["because"] == "holes at night"
    nothing = boss.post("/api/v1/promotions/rollback", json={})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_roll_back")


def test_promotions_come_newest_first_a_page_at_a_time(site: "Site", contest: "Contest") -> None:
    boss = site.person("boss", is_admin=True)
    one, two = contest.champion.id, contest.challenger.id
    contest.judged()
    for number in (two, one, two):
        answer = boss.post("/api/v1/promotions", json={"model_version": number})
        assert answer.status_code == 201
    query: dict[str, str | int] = {"limit": 3}
    page = boss.get("/api/v1/promotions", params=query).json()
    rest = boss.get("/api/v1/promotions", params={**query, "cursor": page["next"]}).json()
    seen = [promotion["model_version"] for promotion in page["items"] + rest["items"]]
    assert (seen, rest["next"]) == ([two, one, two, one], None)


@pytest.mark.parametrize("path", ["/api/v1/promotions", "/api/v1/promotions/rollback"])
def test_whoever_may_promote_in_any_project_may(
    site: "Site", contest: "Contest", path: str
) -> None:
    site_project = site.project("cells")
    for role in Role:
        client = site.person(role.value, roles=[role], project_id=site_project)
        wish = {"model_version": contest.champion.id} if path.endswith("promotions") else {}
        answer = client.post(path, json=wish)
        may = Permission.PROMOTE in PERMISSIONS[role]
        assert answer.json()["code"] != "forbidden" if may else answer.status_code == 403


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"model_version": 987_654, "because": "a guess"}, 404, "not_found"),
        ({"model_version": 0, "because": "a guess"}, 422, "invalid_request"),
        ({"model_version": 1, "because": ""}, 422, "invalid_request"),
        ({"model_version": 1, "why": "a typing error"}, 422, "invalid_request"),
        ({"because": "of what"}, 422, "invalid_request"),
    ],
)
def test_a_promotion_that_cannot_be_changes_nothing(
    site: "Site", contest: "Contest", document: dict[str, object], status: int, code: str
) -> None:
    boss = site.person("boss", is_admin=True)
    answer = boss.post("/api/v1/promotions", json=document)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(boss.get("/api/v1/promotions").json()["items"]) == 1
