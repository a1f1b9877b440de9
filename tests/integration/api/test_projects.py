"""Projects and their categories over HTTP."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import PERMISSIONS, Permission, Role

if TYPE_CHECKING:
    from sites.site import Site


def test_a_member_sees_their_projects_and_an_admin_of_the_instance_all(site: "Site") -> None:
    cells, streets = site.project("cells", ["cell"]), site.project("streets", [])
    site.image(cells)
    boss, ada = site.person("boss", is_admin=True), site.person("ada")
    labeler = site.person("lee", roles=[Role.LABELER, Role.OPS], project_id=cells)
    of_cells = {"id": cells, "name": "cells", "images": 1, "categories": 1, "mode": "assisted"}
    of_streets = {
        "id": streets,
        "name": "streets",
        "images": 0,
        "categories": 0,
        "mode": "assisted",
    }
    assert boss.get("/api/v1/projects").json()["items"] == [
        of_cells | {"roles": ["admin"]},
        of_streets | {"roles": ["admin"]},
    ]
    assert labeler.get("/api/v1/projects").json()["items"] == [
        of_cells | {"roles": ["labeler", "ops"]}
    ]
    assert ada.get("/api/v1/projects").json()["items"] == []


def test_a_project_is_made_with_its_categories(site: "Site") -> None:
    boss = site.person("boss", is_admin=True)
    made = boss.post("/api/v1/projects", json={"name": "cells", "categories": ["cell", "nucleus"]})
    assert made.status_code == 201
    assert [category["name"] for category in made.json()["categories"]] == ["cell", "nucleus"]
    assert boss.get(f"/api/v1/projects/{made.json()['id']}").json() == made.json()


def test_a_member_is_told_what_they_may_do(site: "Site") -> None:
    cells = site.project("cells")
    for role in Role:
        client = site.person(role.value, roles=[role], project_id=cells)
        shown = client.get(f"/api/v1/projects/{cells}").json()
        assert shown["roles"] == [role]
        assert {Permission(name) for name in shown["permissions"]} == PERMISSIONS[role]


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"name": "cells"}, 409, "already_exists"),
        ({"name": "No Spaces"}, 422, "bad_name"),
        ({"name": "streets", "categories": [" car"]}, 422, "bad_name"),
        ({"name": "x" * 65}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
def test_a_project_that_cannot_be_is_not_made(
    site: "Site", document: dict[str, object], status: int, code: str
) -> None:
    site.project("cells")
    boss = site.person("boss", is_admin=True)
    answer = boss.post("/api/v1/projects", json=document)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [p["name"] for p in boss.get("/api/v1/projects").json()["items"]] == ["cells"]


def test_a_category_is_added_and_renamed(site: "Site") -> None:
    cells = site.project("cells", ["cell"])
    path = f"/api/v1/projects/{cells}/categories"
    admin = site.person("ada", roles=[Role.ADMIN], project_id=cells)
    made = admin.post(path, json={"name": "nucleos"})
    assert made.status_code == 201
    renamed = admin.patch(f"{path}/{made.json()['id']}", json={"name": "nucleus"})
    assert renamed.json() == {"id": made.json()["id"], "name": "nucleus"}
    assert [category["name"] for category in admin.get(path).json()["items"]] == ["cell", "nucleus"]


def test_two_categories_of_a_project_do_not_share_a_name(site: "Site") -> None:
    cells = site.project("cells", ["cell", "nucleus"])
    path = f"/api/v1/projects/{cells}/categories"
    admin = site.person("ada", roles=[Role.ADMIN], project_id=cells)
    cell, nucleus = admin.get(path).json()["items"]
    added = admin.post(path, json={"name": "cell"})
    renamed = admin.patch(f"{path}/{nucleus['id']}", json={"name": "cell"})
    for answer in (added, renamed):
        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert admin.get(path).json()["items"] == [cell, nucleus]


def test_a_category_of_another_project_is_not_there(site: "Site") -> None:
    cells, streets = site.project("cells", ["cell"]), site.project("streets", ["car"])
    boss = site.person("boss", is_admin=True)
    (car,) = boss.get(f"/api/v1/projects/{streets}/categories").json()["items"]
    path = f"/api/v1/projects/{cells}/categories/{car['id']}"
    answer = boss.patch(path, json={"name": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert boss.get(f"/api/v1/projects/{streets}/categories").json()["items"] == [car]
