"""Rows of `queues` and `queue_people`: rules that hand out cards or images, and to whom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from psycopg.errors import UniqueViolation

from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import queue_people, queues
from maskloop.platform.errors import AlreadyExistsError, NotFoundError
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import QueueOrder, QueueSubject


@dataclass(frozen=True)
class Plan:
    """What a manager decides of a queue."""

    name: str
    subject: QueueSubject
    rule: Rule = field(default_factory=Rule)
    ordering: QueueOrder = QueueOrder.DOUBT
    priority: int = 0
    """Higher comes first."""
    gold_rate: float = 0.0
    planted_rate: float = 0.0
    """Shares of cards that are checks."""
    feedback: bool = False
    """Whether people are told how they did in a check."""
    fold: int = 1
    """How many people are asked about each proposal."""


@dataclass(frozen=True)
class Queue:
    """`people`: ids of those it is assigned to; empty: everybody who may do what it asks for."""

    id: int
    plan: Plan
    people: frozenset[int]
    closed_at: datetime | None
    created_at: datetime

    def is_for(self, user_id: int) -> bool:
        return not self.people or user_id in self.people


def insert(connection: sa.Connection, project_id: int, plan: Plan, *, created_by: int) -> int:
    """Its id. Raises `AlreadyExistsError`."""
    values = {**columns(plan), "project_id": project_id, "created_by": created_by}
    statement = sa.insert(queues).values(values).returning(queues.c.id)
    return int(_unless_named(connection, statement, plan.name).scalar_one())


def columns(plan: Plan) -> dict[str, object]:
    values = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
    return values | {"rule": plan.rule.model_dump(mode="json", exclude_defaults=True)}


def change(connection: sa.Connection, project_id: int, queue_id: int, plan: Plan) -> None:
    """Raises `AlreadyExistsError`."""
    statement = sa.update(queues).where(_is(project_id, queue_id)).values(columns(plan))
    _unless_named(connection, statement, plan.name)


def close(connection: sa.Connection, project_id: int, queue_id: int, *, closed: bool) -> None:
    """It keeps the time at which it was first closed."""
    at = sa.func.coalesce(queues.c.closed_at, sa.func.now()) if closed else sa.null()
    statement = sa.update(queues).where(_is(project_id, queue_id)).values(closed_at=at)
    connection.execute(statement)


def _unless_named(
    connection: sa.Connection, statement: sa.Executable, name: str
) -> sa.CursorResult[Any]:
    try:
        return connection.execute(statement)
    except sa.exc.IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        raise AlreadyExistsError("queue", name, "Choose another name.") from error


def assign(
    connection: sa.Connection, project_id: int, queue_id: int, user_ids: Collection[int]
) -> None:
    """To these people and no others; none: to everybody who may do what it asks for."""
    connection.execute(sa.delete(queue_people).where(queue_people.c.queue_id == queue_id))
    if user_ids:
        rows = [
            {"project_id": project_id, "queue_id": queue_id, "user_id": user_id}
            for user_id in sorted(user_ids)
        ]
        connection.execute(sa.insert(queue_people), rows)


def by_id(connection: sa.Connection, project_id: int, queue_id: int) -> Queue:
    """Raises `NotFoundError`."""
    found = _read(connection, _is(project_id, queue_id))
    if not found:
        raise NotFoundError("queue", str(queue_id), "List the project's queues.")
    return found[0]


def lock(connection: sa.Connection, project_id: int, queue_id: int) -> Queue:
    """Until the end of the transaction nobody else changes it. Raises `NotFoundError`."""
    wanted = sa.select(queues.c.id).where(_is(project_id, queue_id))
    connection.execute(wanted.with_for_update(key_share=True))
    return by_id(connection, project_id, queue_id)


def of_project(connection: sa.Connection, project_id: int) -> list[Queue]:
    """Open ones first, by priority, then as they were made."""
    return _read(connection, queues.c.project_id == project_id)


def names(connection: sa.Connection, user_ids: Collection[int]) -> Mapping[int, str]:
    """Of people."""
    rows = connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(user_ids)))
    return {row.id: row.name for row in rows}


def _is(project_id: int, queue_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(queues.c.project_id == project_id, queues.c.id == queue_id)


def _read(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Queue]:
    people = (
        sa.select(sa.func.array_agg(queue_people.c.user_id))
        .where(queue_people.c.queue_id == queues.c.id)
        .scalar_subquery()
    )
    rows: Sequence[sa.Row[Any]] = connection.execute(
        sa.select(queues, people.label("people"))
        .where(condition)
        .order_by(queues.c.closed_at.is_not(None), queues.c.priority.desc(), queues.c.id)
    ).all()
    return [_queue(row) for row in rows]


def _queue(row: sa.Row[Any]) -> Queue:
    plan = Plan(
        name=row.name,
        subject=QueueSubject(row.subject),
        rule=Rule.model_validate(row.rule),
        ordering=QueueOrder(row.ordering),
        priority=row.priority,
        gold_rate=row.gold_rate,
        planted_rate=row.planted_rate,
        feedback=row.feedback,
        fold=row.fold,
    )
    return Queue(row.id, plan, frozenset(row.people or ()), row.closed_at, row.created_at)
