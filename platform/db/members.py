"""Rows of `members`: one per project, user and role."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.access import Role
from maskloop.platform.db.people_tables import members, users
from maskloop.platform.db.projects import Project
from maskloop.platform.db.tables import projects
from maskloop.platform.errors import NotFoundError


@dataclass(frozen=True)
class Member:
    user_id: int
    name: str
    roles: frozenset[Role]
    is_disabled: bool


def set_roles(
    connection: sa.Connection, project_id: int, user_id: int, *, roles: Collection[Role]
) -> None:
    """These and no others. The user's row must be locked. Raises `NotFoundError` of the project."""
    remove(connection, project_id, user_id)
    rows = [
        {"project_id": project_id, "user_id": user_id, "role": role} for role in sorted(set(roles))
    ]
    try:
        connection.execute(sa.insert(members), rows)
    except sa.exc.IntegrityError as error:
        hint = "See them with: maskloop project list"
        raise NotFoundError("project", str(project_id), hint) from error


def remove(connection: sa.Connection, project_id: int, user_id: int) -> bool:
    """False for somebody who was no member."""
    statement = sa.delete(members).where(
        members.c.project_id == project_id, members.c.user_id == user_id
    )
    return connection.execute(statement).rowcount > 0


def of_project(connection: sa.Connection, project_id: int) -> list[Member]:
    """By name."""
    rows = connection.execute(
        sa.select(
            users.c.id,
            users.c.name,
            users.c.disabled_at,
            sa.func.array_agg(members.c.role).label("roles"),
        )
        .join_from(members, users)
        .where(members.c.project_id == project_id)
        .group_by(users.c.id)
        .order_by(users.c.name)
    )
    return [
        Member(row.id, row.name, frozenset(map(Role, row.roles)), row.disabled_at is not None)
        for row in rows
    ]


def roles_of(connection: sa.Connection, project_id: int, user_id: int) -> frozenset[Role]:
    """Empty for somebody who is no member."""
    found = connection.execute(
        sa.select(members.c.role).where(
            members.c.project_id == project_id, members.c.user_id == user_id
        )
    ).scalars()
    return frozenset(map(Role, found))


def projects_of(connection: sa.Connection, user_id: int) -> list[Project]:
    """Those the user is a member of, by name."""
    rows = connection.execute(
        sa.select(projects.c.id, projects.c.name)
        .where(
            projects.c.id.in_(sa.select(members.c.project_id).where(members.c.user_id == user_id))
        )
        .order_by(projects.c.name)
    )
    return [Project(row.id, row.name) for row in rows]
