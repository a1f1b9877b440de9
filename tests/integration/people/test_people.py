"""Users and members: who there is, what they may do, and that somebody always can."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.access import Role
from maskloop.platform.db.members import Member
from maskloop.platform.errors import (
    AlreadyExistsError,
    BadNameError,
    BadParametersError,
    LastAdminError,
    NotFoundError,
)
from maskloop.services import people
from maskloop.services.people import create_user
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from maskloop.services.sign_in import local_principal

if TYPE_CHECKING:
    from tests.integration.people.conftest import Door

PASSWORD = "correct horse"


def admins(runtime: Runtime) -> list[str]:
    found = people.list_users(runtime)
    return [user.name for user in found if user.is_admin and user.disabled_at is None]


def test_users_are_listed_by_name_with_what_they_are(door: "Door") -> None:
    create_user(door.runtime, "a.robot_1")
    people.disable_user(door.runtime, "bob")
    told = [
        (user.name, user.is_admin, user.has_password, user.disabled_at is not None)
        for user in people.list_users(door.runtime)
    ]
    assert told == [
        ("a.robot_1", False, False, False),
        ("ann", True, True, False),
        ("bob", False, True, True),
    ]


@pytest.mark.parametrize(
    "name", ["", "Ann", "-ann", "two words", "ann\n", "x" * 65, "žába", "local"]
)
def test_a_name_that_cannot_be_a_user_s_is_refused(runtime: Runtime, name: str) -> None:
    with pytest.raises(BadNameError):
        create_user(runtime, name)
    assert people.list_users(runtime) == []


def test_a_name_is_given_once(door: "Door") -> None:
    with pytest.raises(AlreadyExistsError):
        create_user(door.runtime, "ann", password="another horse")
    assert door.enter("ann").principal.is_admin


@pytest.mark.parametrize(
    "change",
    [
        people.disable_user,
        people.enable_user,
        people.grant_admin,
        people.revoke_admin,
        lambda runtime, name: people.set_password(runtime, name, PASSWORD),
    ],
)
def test_an_unknown_user_is_not_found(door: "Door", change: Callable[[Runtime, str], None]) -> None:
    with pytest.raises(NotFoundError, match="There is no user nobody"):
        change(door.runtime, "nobody")


def test_an_admin_who_can_sign_in_is_an_enabled_one_with_a_password(runtime: Runtime) -> None:
    local_principal(runtime)
    create_user(runtime, "robot", is_admin=True)
    create_user(runtime, "bob", password=PASSWORD)
    assert not people.has_admin(runtime)
    people.grant_admin(runtime, "bob")
    assert people.has_admin(runtime)
    create_user(runtime, "ann", is_admin=True, password=PASSWORD)
    people.disable_user(runtime, "bob")
    assert people.has_admin(runtime)


@pytest.mark.parametrize("leave", [people.disable_user, people.revoke_admin])
def test_the_last_admin_with_a_password_stays(
    door: "Door", leave: Callable[[Runtime, str], None]
) -> None:
    create_user(door.runtime, "robot", is_admin=True)
    with pytest.raises(LastAdminError):
        leave(door.runtime, "ann")
    assert admins(door.runtime) == ["ann", "robot"]
    leave(door.runtime, "robot")
    people.grant_admin(door.runtime, "bob")
    leave(door.runtime, "ann")
    with pytest.raises(LastAdminError):
        leave(door.runtime, "bob")
    assert admins(door.runtime) == ["bob"]


def test_the_last_admin_stays_where_nobody_has_a_password(runtime: Runtime) -> None:
    local_principal(runtime)
    with pytest.raises(LastAdminError):
        people.disable_user(runtime, "local")
    create_user(runtime, "robot", is_admin=True)
    people.disable_user(runtime, "local")
    with pytest.raises(LastAdminError):
        people.revoke_admin(runtime, "robot")


def test_two_admins_cannot_disable_each_other_at_a_time(door: "Door") -> None:
    people.grant_admin(door.runtime, "bob")
    together = Barrier(2)

    def disable(name: str) -> str:
        together.wait(timeout=30)
        try:
            people.disable_user(door.runtime, name)
        except LastAdminError as error:
            return error.code
        return "disabled"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(disable, ["ann", "bob"])) == ["disabled", "last_admin"]
    assert len(admins(door.runtime)) == 1


# --- members --------------------------------------------------------------------------------------


def test_roles_are_set_as_a_whole_and_in_one_project(door: "Door") -> None:
    cats, dogs = (create_project(door.runtime, name) for name in ("cats", "dogs"))
    people.set_roles(door.runtime, cats.id, "bob", roles=[Role.OPS, Role.LABELER, Role.OPS])
    people.set_roles(door.runtime, dogs.id, "bob", roles=[Role.ADMIN])
    people.set_roles(door.runtime, cats.id, "ann", roles=[Role.ML])
    made = people.set_roles(door.runtime, cats.id, "bob", roles=[Role.REVIEWER])
    ann, bob = people.list_members(door.runtime, cats.id)
    assert made == bob == Member(bob.user_id, "bob", frozenset({Role.REVIEWER}), False)
    assert (ann.name, ann.roles) == ("ann", frozenset({Role.ML}))
    assert people.projects_of(door.runtime, bob.user_id) == [cats, dogs]
    assert people.projects_of(door.runtime, ann.user_id) == [cats]


def test_a_member_who_leaves_one_project_stays_in_the_other(door: "Door") -> None:
    cats, dogs = (create_project(door.runtime, name) for name in ("cats", "dogs"))
    for project in (cats, dogs):
        people.set_roles(door.runtime, project.id, "bob", roles=[Role.OPS, Role.ML])
    people.remove_member(door.runtime, cats.id, "bob")
    assert people.list_members(door.runtime, cats.id) == []
    assert [m.roles for m in people.list_members(door.runtime, dogs.id)] == [{Role.OPS, Role.ML}]
    with pytest.raises(NotFoundError, match="There is no member bob"):
        people.remove_member(door.runtime, cats.id, "bob")


def test_roles_of_nobody_in_nothing_and_none_are_refused(door: "Door") -> None:
    cats = create_project(door.runtime, "cats")
    with pytest.raises(NotFoundError, match="no user nobody"):
        people.set_roles(door.runtime, cats.id, "nobody", roles=[Role.OPS])
    with pytest.raises(NotFoundError, match="no project 77"):
        people.set_roles(door.runtime, 77, "bob", roles=[Role.OPS])
    with pytest.raises(BadParametersError):
        people.set_roles(door.runtime, cats.id, "bob", roles=[])
    assert people.list_members(door.runtime, cats.id) == []


def test_the_schema_knows_the_roles(door: "Door") -> None:
    cats = create_project(door.runtime, "cats")
    statement = "INSERT INTO members (project_id, user_id, role) VALUES (:p, 1, 'king')"
    with (
        pytest.raises(sa.exc.IntegrityError, match="members_role_check"),
        door.runtime.engine.begin() as connection,
    ):
        connection.execute(sa.text(statement), {"p": cats.id})


def test_two_settings_of_roles_at_a_time_are_one_or_the_other(door: "Door") -> None:
    cats = create_project(door.runtime, "cats")
    together = Barrier(2)

    def give(roles: list[Role]) -> None:
        together.wait(timeout=30)
        people.set_roles(door.runtime, cats.id, "bob", roles=roles)

    wanted = [[Role.LABELER, Role.OPS], [Role.REVIEWER, Role.ML]]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(give, wanted))
    (bob,) = people.list_members(door.runtime, cats.id)
    assert bob.roles in [set(roles) for roles in wanted]
