"""Users, tokens and members over HTTP: who may, what acts at once, and what is refused."""

from typing import TYPE_CHECKING

import pytest

from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.api.people.conftest import Browser, NewBrowser


def test_an_admin_makes_a_user_who_signs_in(ann: "Browser", new_browser: "NewBrowser") -> None:
    made = ann.ask("POST", "/users", {"name": "cleo", "password": ann.password})
    assert made.status_code == 201
    assert made.json()["has_password"] is True
    assert "horse" not in made.text
    assert new_browser().sign_in("cleo").status_code == 201
    names = [user["name"] for user in ann.ask("GET", "/users").json()["items"]]
    assert names == ["ann", "bob", "cleo"]


@pytest.mark.parametrize(
    ("new", "status", "code"),
    [
        ({"name": "ann"}, 409, "already_exists"),
        ({"name": "Ann"}, 422, "bad_name"),
        ({"name": "local"}, 422, "bad_name"),
        ({"name": "cleo", "password": "short"}, 422, "bad_password"),
        ({"name": "cleo", "is_admin": "perhaps"}, 422, "invalid_request"),
    ],
)
def test_a_user_that_cannot_be_is_refused(
    ann: "Browser", new: dict[str, object], status: int, code: str
) -> None:
    answer = ann.ask("POST", "/users", new)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(ann.ask("GET", "/users").json()["items"]) == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/users", None),
        ("POST", "/users", {"name": "cleo"}),
        ("PUT", "/users/ann/password", {"password": "battery staple"}),
        ("POST", "/users/ann/disable", None),
        ("POST", "/users/ann/enable", None),
        ("PUT", "/users/bob/admin", None),
        ("DELETE", "/users/ann/admin", None),
    ],
)
def test_users_are_for_admins(bob: "Browser", method: str, path: str, body: object) -> None:
    answer = bob.ask(method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_disabled_user_is_out_at_once_and_may_come_back(ann: "Browser", bob: "Browser") -> None:
    assert bob.ask("GET", "/session").status_code == 200
    assert ann.ask("POST", "/users/bob/disable").json()["disabled_at"] is not None
    assert bob.ask("GET", "/session").status_code == 401
    assert bob.sign_in("bob").status_code == 401
    assert ann.ask("POST", "/users/bob/enable").json()["disabled_at"] is None
    assert bob.sign_in("bob").status_code == 201


def test_a_new_password_ends_the_sessions_of_the_old(ann: "Browser", bob: "Browser") -> None:
    new = {"password": "battery staple"}
    assert ann.ask("PUT", "/users/bob/password", new).status_code == 200
    assert bob.ask("GET", "/session").status_code == 401
    assert bob.sign_in("bob", "battery staple").status_code == 201


def test_the_last_admin_stays(ann: "Browser", bob: "Browser") -> None:
    for method, path in (("POST", "/users/ann/disable"), ("DELETE", "/users/ann/admin")):
        answer = ann.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert ann.ask("PUT", "/users/bob/admin").json()["is_admin"] is True
    assert ann.ask("DELETE", "/users/ann/admin").json()["is_admin"] is False
    assert ann.ask("GET", "/users").json()["code"] == "forbidden"
    assert bob.ask("GET", "/users").status_code == 200


@pytest.mark.parametrize("name", ["nobody", "No-Body", "a%00b", "x" * 65])
def test_a_user_who_is_not_there_cannot_be_changed(ann: "Browser", name: str) -> None:
    answer = ann.ask("POST", f"/users/{name}/enable")
    expected = (404, "not_found") if name == "nobody" else (422, "invalid_request")
    assert (answer.status_code, answer.json()["code"]) == expected


def test_a_token_acts_as_its_user_until_it_is_revoked(
    bob: "Browser", new_browser: "NewBrowser"
) -> None:
    made = bob.ask("POST", "/tokens", {"name": "notebook", "days": 7})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    text = made.json()["text"]
    assert text.startswith(made.json()["prefix"])
    program = new_browser(Authorization=f"Bearer {text}", Origin="https://elsewhere.example")
    who = program.ask("GET", "/session").json()
    assert (who["user"]["name"], who["how"], who["csrf_token"]) == ("bob", "token", None)
    assert program.ask("POST", "/tokens", {"name": "second"}).status_code == 201

    listed = bob.ask("GET", "/tokens")
    assert [token["name"] for token in listed.json()["items"]] == ["notebook", "second"]
    assert text not in listed.text
    revoked = bob.ask("DELETE", f"/tokens/{made.json()['id']}")
    assert revoked.json()["revoked_at"] is not None
    refused = program.ask("GET", "/session")
    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")


def test_tokens_of_others_are_not_there(ann: "Browser", bob: "Browser") -> None:
    token_id = bob.ask("POST", "/tokens", {"name": "notebook"}).json()["id"]
    assert ann.ask("GET", "/tokens").json()["items"] == []
    assert ann.ask("DELETE", f"/tokens/{token_id}").status_code == 404
    assert bob.ask("GET", "/tokens").json()["items"][0]["revoked_at"] is None


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ({"name": ""}, "bad_name"),
        ({"name": "a\0"}, "bad_name"),
        ({"name": "notebook", "days": 0}, "bad_parameters"),
        ({"name": "notebook", "days": 1e300}, "bad_parameters"),
        ({"name": "x" * 101}, "invalid_request"),
    ],
)
def test_a_token_that_cannot_be_is_refused(bob: "Browser", new: object, code: str) -> None:
    answer = bob.ask("POST", "/tokens", new)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("given", ["Bearer", "Basic YTpi", "Bearer mlk_unknown"])
def test_what_is_no_token_signs_nobody_in(new_browser: "NewBrowser", given: str) -> None:
    """Nor does it fall back to signing in by being here."""
    answer = new_browser(Authorization=given).ask("GET", "/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_roles_act_at_once(ann: "Browser", bob: "Browser", photos: int) -> None:
    members = f"/projects/{photos}/members"
    assert bob.ask("GET", f"/projects/{photos}").status_code == 404
    assert bob.ask("GET", members).status_code == 404

    made = ann.ask("PUT", f"{members}/bob", {"roles": ["labeler", "ml", "labeler"]})
    assert made.json()["roles"] == ["labeler", "ml"]
    assert bob.ask("GET", f"/projects/{photos}").json()["roles"] == ["labeler", "ml"]
    assert bob.ask("GET", members).json()["code"] == "forbidden"

    ann.ask("PUT", f"{members}/bob", {"roles": ["admin"]})
    assert [member["roles"] for member in bob.ask("GET", members).json()["items"]] == [["admin"]]

    assert ann.ask("DELETE", f"{members}/bob").status_code == 204
    assert bob.ask("GET", members).status_code == 404
    assert ann.ask("DELETE", f"{members}/bob").status_code == 404


def test_members_that_cannot_be_are_refused(ann: "Browser", photos: int) -> None:
    members = f"/projects/{photos}/members"
    labeler = {"roles": ["labeler"]}
    assert ann.ask("PUT", f"{members}/nobody", labeler).status_code == 404
    assert ann.ask("PUT", f"{members}/ann", {"roles": []}).status_code == 422
    assert ann.ask("PUT", f"{members}/ann", {"roles": ["king"]}).status_code == 422
    assert ann.ask("PUT", f"/projects/{photos + 1}/members/ann", labeler).status_code == 404
    assert ann.ask("GET", f"/projects/{photos + 1}/members").status_code == 404
    assert ann.ask("GET", members).json()["items"] == []


def test_a_manager_of_one_project_is_nobody_in_another(
    ann: "Browser", bob: "Browser", photos: int, runtime: Runtime
) -> None:
    films = ann.ask("POST", "/projects", {"name": "films"}).json()["id"]
    ann.ask("PUT", f"/projects/{photos}/members/bob", {"roles": ["admin"]})
    answer = bob.ask("PUT", f"/projects/{films}/members/bob", {"roles": ["admin"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert bob.ask("GET", "/session").json()["projects"] == [
        {"id": photos, "name": "photos", "roles": ["admin"]}
    ]
