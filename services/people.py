"""Users, and members of projects with their roles."""

import re
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from maskloop.platform.access import Role
from maskloop.platform.db import audit_events, members, sessions, users
from maskloop.platform.db.members import Member
from maskloop.platform.db.projects import Project
from maskloop.platform.db.users import User
from maskloop.platform.errors import (
    BadNameError,
    BadParametersError,
    LastAdminError,
    NotFoundError,
)
from maskloop.services.passwords import hash_password
from maskloop.services.runtime import Runtime

LOCAL = "local"
"""The user of somebody who need not sign in, because they are on the machine itself."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def is_user_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def create_user(
    runtime: Runtime, name: str, *, is_admin: bool = False, password: str | None = None
) -> User:
    """Without a password they act by tokens only.

    Raises `BadNameError`, `BadPasswordError`, `AlreadyExistsError`.
    """
    if not is_user_name(name):
        reason = "use up to 64 of a-z, 0-9, dot, dash and underscore, with a letter or digit first"
        raise BadNameError("user", name, reason)
    if name == LOCAL:
        raise BadNameError("user", name, "it is whoever needs no password on the machine itself")
    password_hash = None if password is None else hash_password(password)
    with runtime.engine.begin() as connection:
        return users.create(connection, name, is_admin=is_admin, password_hash=password_hash)


def set_password(runtime: Runtime, name: str, password: str) -> None:
    """Ends all sessions of the user; tokens stay. Raises `BadPasswordError`, `NotFoundError`."""
    password_hash = hash_password(password)
    with runtime.engine.begin() as connection:
        user = users.locked(connection, name).user
        users.set_password_hash(connection, user.id, password_hash)
        sessions.end_all(connection, user.id)


def disable_user(runtime: Runtime, name: str) -> None:
    """Ends all sessions; tokens are refused until the user is enabled again.

    Raises `NotFoundError`, `LastAdminError`.
    """
    with runtime.engine.begin() as connection:
        user = _not_the_last_admin(connection, name, "disabled")
        users.disable(connection, user.id)
        sessions.end_all(connection, user.id)


def enable_user(runtime: Runtime, name: str) -> None:
    """Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        users.enable(connection, users.locked(connection, name).user.id)


def grant_admin(runtime: Runtime, name: str) -> None:
    """Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        users.set_admin(connection, users.locked(connection, name).user.id, True)


def revoke_admin(runtime: Runtime, name: str) -> None:
    """Raises `NotFoundError`, `LastAdminError`."""
    with runtime.engine.begin() as connection:
        user = _not_the_last_admin(connection, name, "made an ordinary user")
        users.set_admin(connection, user.id, False)


def _not_the_last_admin(connection: sa.Connection, name: str, wanted: str) -> User:
    """The admins are locked, so that no two can leave at a time.

    One who has a password is missed unless another has one too: nobody could sign in as an admin.
    """
    admins = users.locked_admins(connection)
    user = users.locked(connection, name).user
    if user.id in {admin.id for admin in admins}:
        others = [admin for admin in admins if admin.id != user.id]
        if not any(other.has_password or not user.has_password for other in others):
            raise LastAdminError(name, wanted)
    return user


def list_users(runtime: Runtime) -> list[User]:
    """By name, the disabled ones too."""
    with runtime.engine.connect() as connection:
        return users.list_all(connection)


def has_admin(runtime: Runtime) -> bool:
    """Whether there is an enabled admin with a password."""
    with runtime.engine.connect() as connection:
        return users.has_admin(connection)


def set_roles(
    runtime: Runtime,
    project_id: int,
    user: str,
    *,
    roles: Collection[Role],
    by: int | None = None,
) -> Member:
    """These and no others, also for somebody who is a member already; `by`: who gives them, None on
    the command line.

    Raises `NotFoundError`, and `BadParametersError` when there are none.
    """
    if not roles:
        raise BadParametersError("roles", "none", "remove the member instead")
    with runtime.engine.begin() as connection:
        found = users.locked(connection, user).user
        members.set_roles(connection, project_id, found.id, roles=roles)
        given = {"roles": sorted(roles)}
        _record(connection, project_id, by, "roles given", found, given)
        return Member(found.id, found.name, frozenset(roles), found.disabled_at is not None)


def list_members(runtime: Runtime, project_id: int) -> list[Member]:
    """By name."""
    with runtime.engine.connect() as connection:
        return members.of_project(connection, project_id)


def remove_member(runtime: Runtime, project_id: int, user: str, *, by: int | None = None) -> None:
    """What they made stays. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        found = users.locked(connection, user).user
        if not members.remove(connection, project_id, found.id):
            raise NotFoundError("member", user, "See them with: maskloop member list PROJECT")
        _record(connection, project_id, by, "removed", found, {})


def _record(
    connection: sa.Connection,
    project_id: int,
    by: int | None,
    action: str,
    member: User,
    detail: Mapping[str, object],
) -> None:
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=by,
        action=action,
        subject="member",
        subject_id=member.id,
        detail={"name": member.name, **detail},
    )


def projects_of(runtime: Runtime, user_id: int) -> list[Project]:
    """Those the user is a member of, by name; an admin of the instance sees all others too."""
    with runtime.engine.connect() as connection:
        return members.projects_of(connection, user_id)
