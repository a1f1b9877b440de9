"""Every route against every role, in the own project, in another's, and under ids there are not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from maskloop.platform.access import PERMISSIONS, Permission, Role
from maskloop.services import people
from maskloop.services.api.access import instance_admin, signed_in
from maskloop.services.api.app import ROUTERS
from maskloop.services.api.guard import PREFIX
from sites.database import fresh_runtime
from sites.site import Model, Site, api_site

PUBLIC = {"POST /session", "DELETE /session"}
"""Under the prefix, what one may ask without being signed in."""
MISSING = 987_654_321

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def _name(route: APIRoute) -> str:
    return f"{min(route.methods)} {route.path}"


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _calls(below)


def _permission(route: APIRoute) -> Permission | None:
    found = {getattr(call, "permission", None) for call in _calls(route.dependant)} - {None}
    assert len(found) <= 1, "a route asks for one permission"
    return found.pop() if found else None


IN_PROJECTS = [route for route in ROUTES if "{project_id}" in route.path]
ELSEWHERE = [
    route for route in ROUTES if "{project_id}" not in route.path and _name(route) not in PUBLIC
]


def _ask(client: httpx.Client, route: APIRoute, project_id: int) -> httpx.Response:
    """With an empty document, and ids of things that there are not."""
    parameters = dict.fromkeys(route.param_convertors, MISSING) | {"project_id": project_id}
    path = PREFIX + route.path.format_map(parameters)
    method = min(route.methods)
    return client.request(method, path, json=None if method == "GET" else {})


@dataclass(frozen=True)
class House:
    """One for all routes: what is asked has an empty document and names nothing that there is, and
    a server for each of them would take most of the time."""

    photos: int
    others: int
    members: dict[Role, httpx.Client]
    """Of `photos`."""
    boss: httpx.Client
    strangers: tuple[httpx.Client, ...]


@pytest.fixture(scope="module")
def house(
    server_url: str, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house") / "home"
    with fresh_runtime(server_url, home) as runtime, api_site(runtime, model) as site:
        people.create_user(runtime, "root", is_admin=True, password="correct horse battery")
        photos, others = site.project("photos"), site.project("others")
        members = {role: site.person(role.value, roles=[role], project_id=photos) for role in Role}
        boss = site.person("boss", is_admin=True)
        strangers = (site.client(), site.client("mlk_no-such-token"))
        yield House(photos, others, members, boss, strangers)


def test_every_route_says_who_may_use_it() -> None:
    silent = {
        _name(route)
        for route in ROUTES
        if _permission(route) is None
        and not {signed_in, instance_admin} & set(_calls(route.dependant))
    }
    assert silent <= PUBLIC


def test_every_route_of_a_project_names_a_permission_and_no_other_does() -> None:
    assert [_name(route) for route in IN_PROJECTS if _permission(route) is None] == []
    assert [_name(route) for route in ELSEWHERE if _permission(route) is not None] == []


def test_the_document_lists_the_routes_that_were_walked(site: Site) -> None:
    document = site.client().get("/openapi.json").json()
    listed = {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, item in document["paths"].items()
        if path.startswith(PREFIX)
        for method in item
    }
    assert listed == {_name(route) for route in ROUTES if route.include_in_schema}


def test_every_listed_route_has_a_summary_and_says_what_its_errors_look_like(site: Site) -> None:
    document = site.client().get("/openapi.json").json()
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            problem = operation["responses"]["default"]["content"]["application/problem+json"]
            assert "code" in problem["schema"]["required"]


@pytest.mark.parametrize("route", IN_PROJECTS, ids=_name)
def test_a_role_may_do_what_its_permissions_say(house: House, route: APIRoute) -> None:
    permission = _permission(route)
    assert permission is not None
    for role, client in house.members.items():
        answer = _ask(client, route, house.photos)
        if permission in PERMISSIONS[role]:
            assert answer.status_code not in (401, 403, 405, 500), (role, answer.text)
            _assert_project_is_seen(answer)
        else:
            assert answer.status_code == 403, (role, answer.text)
            assert answer.json()["code"] == "forbidden"
            assert answer.json()["fields"]["permission"] == permission


@pytest.mark.parametrize("route", IN_PROJECTS, ids=_name)
def test_another_project_looks_as_if_it_were_not_there(house: House, route: APIRoute) -> None:
    others = house.others
    for role, client in house.members.items():
        hidden, missing = _ask(client, route, others), _ask(client, route, MISSING)
        assert hidden.status_code == missing.status_code == 404, (role, hidden.text)
        assert hidden.text.replace(str(others), "ID") == missing.text.replace(str(MISSING), "ID")
        assert hidden.json()["fields"]["noun"] == "project"


@pytest.mark.parametrize("route", IN_PROJECTS, ids=_name)
def test_an_admin_of_the_instance_may_do_everything_everywhere(
    house: House, route: APIRoute
) -> None:
    answer = _ask(house.boss, route, house.photos)
    assert answer.status_code not in (401, 403, 405, 500), answer.text
    _assert_project_is_seen(answer)


@pytest.mark.parametrize("route", [*IN_PROJECTS, *ELSEWHERE], ids=_name)
def test_nothing_is_told_to_whoever_is_not_signed_in(house: House, route: APIRoute) -> None:
    for client in house.strangers:
        answer = _ask(client, route, house.photos)
        assert answer.status_code == 401, answer.text
        assert answer.json()["code"] == "not_signed_in"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="maskloop"'


@pytest.mark.parametrize(
    "route",
    [route for route in ELSEWHERE if instance_admin in set(_calls(route.dependant))],
    ids=_name,
)
def test_what_is_for_admins_of_the_instance_is_for_nobody_else(
    house: House, route: APIRoute
) -> None:
    for role, client in house.members.items():
        answer = _ask(client, route, house.photos)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), role
    assert _ask(house.boss, route, house.photos).status_code != 403


def _assert_project_is_seen(answer: httpx.Response) -> None:
    """What is missing is the thing in the project, not the project."""
    if answer.status_code == 404:
        assert answer.json()["fields"]["noun"] != "project"
