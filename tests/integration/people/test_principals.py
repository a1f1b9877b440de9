"""Answers from memory: fresh for seconds, good for half a minute without a database, no longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.access import PERMISSIONS, Permission, Principal, Role
from maskloop.platform.errors import DatabaseUnavailableError, NotSignedInError
from maskloop.services import people
from maskloop.services.people import create_user
from maskloop.services.principals import Principals
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from maskloop.services.session_cookies import SessionCookies
from maskloop.services.sign_in import sign_out
from maskloop.services.tokens import create_token, revoke_token

if TYPE_CHECKING:
    from tests.integration.people.conftest import Clock, Door


@pytest.fixture
def principals(door: "Door", clock: "Clock") -> Principals:
    return Principals(door.runtime, door.cookies, clock=clock)


@contextmanager
def outage(runtime: Runtime) -> Iterator[None]:
    """PostgreSQL lets nobody into the database, and those who are in are put out."""
    with runtime.engine.connect() as connection:
        name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
    server = sa.create_engine(
        runtime.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
        try:
            yield
        finally:
            connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    server.dispose()


def test_a_revoked_token_is_refused_when_memory_lapses(
    door: "Door", principals: Principals, clock: "Clock"
) -> None:
    made = create_token(door.runtime, "bob", name="upload")
    bob = principals.principal_of_token(made.text)
    assert (bob.name, bob.how) == ("bob", "token")
    revoke_token(door.runtime, made.token.id)
    clock.seconds += 4.9
    assert principals.principal_of_token(made.text) == bob
    clock.seconds += 0.1
    with pytest.raises(NotSignedInError):
        principals.principal_of_token(made.text)


def test_an_ended_session_is_refused_when_memory_lapses(
    door: "Door", principals: Principals, clock: "Clock"
) -> None:
    cookie = door.enter("ann").cookie
    assert principals.principal_of_session(cookie).name == "ann"
    sign_out(door.runtime, door.cookies, cookie)
    assert principals.principal_of_session(cookie).name == "ann"
    clock.seconds += 5
    with pytest.raises(NotSignedInError):
        principals.principal_of_session(cookie)


def test_the_process_that_revokes_need_not_wait(door: "Door", principals: Principals) -> None:
    cookie = door.enter("ann").cookie
    principals.principal_of_session(cookie)
    sign_out(door.runtime, door.cookies, cookie)
    principals.forget()
    with pytest.raises(NotSignedInError):
        principals.principal_of_session(cookie)


def test_a_disabled_person_is_refused_in_every_way(door: "Door", principals: Principals) -> None:
    cookie = door.enter("bob").cookie
    token = create_token(door.runtime, "bob", name="upload").text
    people.disable_user(door.runtime, "bob")
    with pytest.raises(NotSignedInError):
        principals.principal_of_session(cookie)
    with pytest.raises(NotSignedInError):
        principals.principal_of_token(token)


@pytest.mark.parametrize("cookie", ["", "x", "x.y", "a\0.b", "\ud800"])
def test_a_cookie_of_somebody_else_s_making_never_reaches_the_database(
    door: "Door", principals: Principals, cookie: str
) -> None:
    with outage(door.runtime), pytest.raises(NotSignedInError):
        principals.principal_of_session(cookie)


@pytest.mark.parametrize("role", list(Role))
def test_a_member_may_what_the_role_allows_and_nothing_elsewhere(
    door: "Door", principals: Principals, role: Role
) -> None:
    cats, dogs = (create_project(door.runtime, name) for name in ("cats", "dogs"))
    people.set_roles(door.runtime, cats.id, "bob", roles=[role])
    bob = door.enter("bob").principal
    assert principals.roles(bob, cats.id) == {role}
    assert principals.permissions(bob, cats.id) == PERMISSIONS[role]
    assert principals.permissions(bob, dogs.id) == frozenset()
    assert principals.permissions(bob, 77) == frozenset()


def test_roles_add_up_and_change_when_memory_lapses(
    door: "Door", principals: Principals, clock: "Clock"
) -> None:
    cats = create_project(door.runtime, "cats")
    people.set_roles(door.runtime, cats.id, "bob", roles=[Role.OPS, Role.LABELER])
    bob = door.enter("bob").principal
    both = PERMISSIONS[Role.OPS] | PERMISSIONS[Role.LABELER]
    assert principals.permissions(bob, cats.id) == both
    people.remove_member(door.runtime, cats.id, "bob")
    assert principals.permissions(bob, cats.id) == both
    clock.seconds += 5
    assert principals.permissions(bob, cats.id) == frozenset()


def test_an_admin_of_the_instance_may_everything_everywhere(
    door: "Door", principals: Principals
) -> None:
    cats = create_project(door.runtime, "cats")
    ann = door.enter("ann").principal
    assert principals.roles(ann, cats.id) == {Role.ADMIN}
    assert principals.permissions(ann, cats.id) == frozenset(Permission)


def test_the_one_on_the_machine_is_known_until_somebody_has_a_password(
    runtime: Runtime, clock: "Clock"
) -> None:
    principals = Principals(runtime, SessionCookies(b"k" * 32), clock=clock)
    assert principals.local_principal().how == "local"
    create_user(runtime, "ann", is_admin=True, password="correct horse")
    clock.seconds += 5
    with pytest.raises(NotSignedInError):
        principals.local_principal()


# --- without a database ---------------------------------------------------------------------------


def ask(principals: Principals, cookie: str, project_id: int) -> Principal:
    found = principals.principal_of_session(cookie)
    assert principals.roles(found, project_id) == {Role.LABELER}
    return found


def test_clicks_survive_half_a_minute_without_a_database(
    door: "Door", principals: Principals, clock: "Clock"
) -> None:
    cats = create_project(door.runtime, "cats")
    people.set_roles(door.runtime, cats.id, "bob", roles=[Role.LABELER])
    cookie, stranger = door.enter("bob").cookie, door.enter("ann").cookie
    bob = ask(principals, cookie, cats.id)
    with outage(door.runtime):
        for seconds in (6, 0.5, 10, 13):
            clock.seconds += seconds
            assert ask(principals, cookie, cats.id) == bob
        with pytest.raises(DatabaseUnavailableError):
            principals.principal_of_session(stranger)
        with pytest.raises(DatabaseUnavailableError):
            principals.roles(bob, cats.id + 1)
        clock.seconds += 0.5
        with pytest.raises(DatabaseUnavailableError):
            principals.principal_of_session(cookie)
        with pytest.raises(DatabaseUnavailableError):
            principals.roles(bob, cats.id)
    clock.seconds += 1
    assert ask(principals, cookie, cats.id) == bob
