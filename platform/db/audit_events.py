"""Rows of `audit_events`: what was done to what by whom, written in the transaction of the deed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import audit_events

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class AuditEvent:
    """`user` is a name; None where maskloop itself did it."""

    id: int
    user: str | None
    action: str
    subject: str
    subject_id: int
    detail: Mapping[str, Any]
    created_at: datetime


def record(
    connection: sa.Connection,
    *,
    project_id: int | None,
    user_id: int | None,
    action: str,
    subject: str,
    subject_id: int,
    detail: Mapping[str, Any] = _NOTHING,
) -> None:
    """`action` is a word like "withdrawn", `subject` a table's noun; `detail` goes into JSON."""
    connection.execute(
        sa.insert(audit_events).values(
            project_id=project_id,
            user_id=user_id,
            action=action,
            subject=subject,
            subject_id=subject_id,
            detail=dict(detail),
        )
    )


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None = None,
    limit: int,
    subject: str | None = None,
    subject_id: int | None = None,
    user: str | None = None,
    action: str | None = None,
) -> list[AuditEvent]:
    """Of a project, and of all projects at once such as a promotion, newest first; `before` is the
    id of the last one that was seen. `user`: by name; "" for what maskloop itself did."""
    wanted = (
        sa.select(audit_events, users.c.name.label("user"))
        .outerjoin(users, users.c.id == audit_events.c.user_id)
        .where(_concerns(project_id))
    )
    if before is not None:
        wanted = wanted.where(audit_events.c.id < before)
    if subject is not None:
        wanted = wanted.where(audit_events.c.subject == subject)
    if subject_id is not None:
        wanted = wanted.where(audit_events.c.subject_id == subject_id)
    if user is not None:
        wanted = wanted.where(users.c.name.is_(None) if user == "" else users.c.name == user)
    if action is not None:
        wanted = wanted.where(audit_events.c.action == action)
    rows = connection.execute(wanted.order_by(audit_events.c.id.desc()).limit(limit))
    return [_event(row) for row in rows]


@dataclass(frozen=True)
class Kinds:
    """Who did something, and what was done, each in the order of the alphabet."""

    users: list[str | None]
    actions: list[str]


def kinds(connection: sa.Connection, project_id: int) -> Kinds:
    """Of a project's events, what there is to choose from."""
    wanted = (
        sa.select(users.c.name, audit_events.c.action)
        .outerjoin(users, users.c.id == audit_events.c.user_id)
        .where(_concerns(project_id))
        .distinct()
    )
    found = [(row.name, row.action) for row in connection.execute(wanted)]
    people = {name for name, _ in found}
    return Kinds(
        users=sorted(people, key=lambda name: (name is not None, name or "")),
        actions=sorted({action for _, action in found}),
    )


def _concerns(project_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(audit_events.c.project_id == project_id, audit_events.c.project_id.is_(None))


def _event(row: sa.Row[tuple[object, ...]]) -> AuditEvent:
    return AuditEvent(
        id=row.id,
        user=row.user,
        action=row.action,
        subject=row.subject,
        subject_id=row.subject_id,
        detail=row.detail,
        created_at=row.created_at,
    )
