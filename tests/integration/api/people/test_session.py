"""Signing in and out over HTTP: cookies, CSRF, origins, hosts, and the throttle."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.errors import AddressRefusedError
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.people import create_user
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.api.people.conftest import Browser, NewBrowser, NoModel


def test_a_password_opens_a_session_that_scripts_cannot_read(
    people: None, new_browser: "NewBrowser"
) -> None:
    browser = new_browser()
    answer = browser.sign_in("ann")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert "Max-Age=2592000" in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["user"]["name"] == "ann"
    assert answer.json()["user"]["is_admin"] is True

    who = browser.ask("GET", "/session").json()
    assert who["how"] == "session"
    assert who["csrf_token"] == answer.json()["csrf_token"]


def test_behind_https_the_cookie_never_goes_over_plain_http(
    people: None, new_browser: "NewBrowser"
) -> None:
    answer = new_browser(**{"X-Forwarded-Proto": "https"}).sign_in("ann")
    assert answer.status_code == 201
    assert "Secure" in answer.headers["Set-Cookie"]


def test_who_one_is_comes_with_the_projects_one_sees(
    bob: "Browser", ann: "Browser", photos: int
) -> None:
    assert bob.ask("GET", "/session").json()["projects"] == []
    ann.ask("PUT", f"/projects/{photos}/members/bob", {"roles": ["reviewer", "ops"]})
    assert bob.ask("GET", "/session").json()["projects"] == [
        {"id": photos, "name": "photos", "roles": ["ops", "reviewer"]}
    ]
    assert ann.ask("GET", "/session").json()["projects"] == [
        {"id": photos, "name": "photos", "roles": ["admin"]}
    ]


def test_signing_out_ends_the_session_at_once(ann: "Browser", new_browser: "NewBrowser") -> None:
    stolen = dict(ann.http.cookies)
    assert ann.ask("GET", "/session").status_code == 200
    assert ann.ask("DELETE", "/session").status_code == 204
    assert dict(ann.http.cookies) == {}
    thief = new_browser()
    thief.http.cookies.update(stolen)
    assert thief.ask("GET", "/session").json()["code"] == "not_signed_in"


def test_signing_out_of_an_ended_session_takes_its_cookie_away(
    ann: "Browser", end_sessions: Callable[[], None]
) -> None:
    end_sessions()
    assert ann.ask("DELETE", "/session").status_code == 204
    assert dict(ann.http.cookies) == {}


@pytest.mark.parametrize("token", [None, "", "x" * 43])
def test_a_change_by_cookie_needs_the_csrf_token(ann: "Browser", token: str | None) -> None:
    del ann.http.headers["X-CSRF-Token"]
    if token is not None:
        ann.http.headers["X-CSRF-Token"] = token
    for method, path in (("POST", "/tokens"), ("DELETE", "/session")):
        answer = ann.ask(method, path, {"name": "notebook"})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused")
    assert ann.ask("GET", "/session").status_code == 200


def test_the_csrf_token_of_another_session_is_refused(ann: "Browser", bob: "Browser") -> None:
    bob.http.headers["X-CSRF-Token"] = ann.http.headers["X-CSRF-Token"]
    assert bob.ask("POST", "/tokens", {"name": "notebook"}).json()["code"] == "csrf_refused"


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
@pytest.mark.parametrize("site", ["cross-site", "same-origin"])
def test_a_page_of_another_origin_changes_nothing(
    ann: "Browser", headers: dict[str, str], site: str
) -> None:
    ann.http.headers.update({**headers, "Sec-Fetch-Site": site})
    asked = {"name": "ann", "password": ann.password}
    for method, path, body in (
        ("POST", "/tokens", {"name": "notebook"}),
        ("POST", "/session", asked),
        ("DELETE", "/session", None),
    ):
        answer = ann.ask(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


def test_a_name_that_leads_here_from_elsewhere_is_refused(new_browser: "NewBrowser") -> None:
    answer = new_browser(Host="rebound.example").ask("GET", "/session")
    assert (answer.status_code, answer.json()["code"]) == (421, "bad_host")


def test_wrong_passwords_tell_nothing_and_are_slowed_down(
    people: None, new_browser: "NewBrowser"
) -> None:
    browser = new_browser()
    names = ("ann", "nobody", "", "a\0", *["ann"] * 4)
    answers = [browser.sign_in(name, "wrong horse") for name in names]
    assert [answer.status_code for answer in answers] == [401] * 8
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["code"] == "wrong_password"
    refused = browser.sign_in("ann")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert refused.json()["retryable"] is True
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60


def test_what_is_wrong_with_a_sign_in_is_said_without_the_password(
    people: None, new_browser: "NewBrowser"
) -> None:
    answer = new_browser().ask("POST", "/session", {"name": 7, "password": "correct horse"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["where"] == ["body", "name"]
    assert "horse" not in answer.text


def test_ones_own_password_is_changed_with_the_old_one(
    bob: "Browser", new_browser: "NewBrowser"
) -> None:
    other = new_browser()
    other.sign_in("bob")
    change = {"old": "wrong horse", "new": "battery staple"}
    assert bob.ask("PUT", "/session/password", change).json()["code"] == "wrong_password"
    too_short = {"old": bob.password, "new": "short"}
    assert bob.ask("PUT", "/session/password", too_short).json()["code"] == "bad_password"
    assert other.ask("GET", "/session").status_code == 200

    changed = bob.ask("PUT", "/session/password", {"old": bob.password, "new": "battery staple"})
    assert changed.status_code == 200
    assert bob.ask("GET", "/session").json()["csrf_token"] == changed.json()["csrf_token"]
    assert other.ask("GET", "/session").status_code == 401
    assert other.sign_in("bob").status_code == 401
    assert other.sign_in("bob", "battery staple").status_code == 201


def test_one_is_signed_in_by_being_here_until_the_first_password(
    new_browser: "NewBrowser",
) -> None:
    browser = new_browser()
    who = browser.ask("GET", "/session").json()
    assert (who["user"]["name"], who["how"], who["csrf_token"]) == ("local", "local", None)

    lone = browser.ask("POST", "/users", {"name": "bob", "password": browser.password})
    assert lone.json()["code"] == "bad_parameters"
    ann = {"name": "ann", "password": browser.password, "is_admin": True}
    assert browser.ask("POST", "/users", ann).status_code == 201

    assert browser.ask("GET", "/session").json()["code"] == "not_signed_in"
    assert browser.sign_in("ann").status_code == 201


def test_a_cookie_of_another_instance_keeps_nobody_out_who_needs_none(
    new_browser: "NewBrowser", runtime: Runtime
) -> None:
    browser = new_browser(Cookie="maskloop_session=of-another-one.signature")
    assert browser.ask("GET", "/session").json()["how"] == "local"
    assert browser.ask("DELETE", "/session").status_code == 204
    create_user(runtime, "ann", is_admin=True, password=browser.password)
    assert browser.ask("GET", "/session").json()["code"] == "not_signed_in"


def test_other_machines_are_let_in_only_where_an_admin_can_sign_in(
    runtime: Runtime, no_model: "NoModel"
) -> None:
    context = make_context(runtime, no_model, host="0.0.0.0")
    create_user(runtime, "bob", password="correct horse")
    with pytest.raises(AddressRefusedError), running(context, port=0):
        pass
    create_user(runtime, "ann", is_admin=True, password="correct horse")
    with running(context, port=0) as server:
        assert server.port > 0


def test_once_there_are_passwords_nobody_is_signed_in_by_being_here(
    people: None, new_browser: "NewBrowser"
) -> None:
    answer = new_browser().ask("GET", "/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="maskloop"'
