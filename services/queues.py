"""Queues of review and of labeling: made and changed by managers, open to those they are assigned
to."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import (
    audit_events,
    card_picking,
    cards,
    image_picking,
    members,
    projects,
    queue_turns,
    queues,
)
from maskloop.platform.db.queues import Plan, Queue
from maskloop.platform.errors import BadParametersError, NotFoundError
from maskloop.platform.states import QueueSubject
from maskloop.services.runtime import Runtime

MOST_CHECKS = 0.5
MOST_FOLD = 9


@dataclass(frozen=True)
class Person:
    """Who asks for cards, or which queues there are.

    `reviews`: may judge what models propose; `judges_people`: annotations of others, too;
    `labels`: may take images (`Permission.REVIEW`, `ANNOTATE_ALL`, `ANNOTATE`)."""

    user_id: int
    name: str
    judges_people: bool
    reviews: bool = True
    labels: bool = True

    def may_take_from(self, queue: Queue) -> bool:
        may = {
            QueueSubject.PROPOSALS: self.reviews,
            QueueSubject.ANNOTATIONS: self.judges_people,
            QueueSubject.IMAGES: self.labels,
        }
        return may[queue.plan.subject] and queue.is_for(self.user_id)


@dataclass(frozen=True)
class ListedQueue:
    """`people`: names; `left`: what waits for an answer, or images that are to do; `mine`: cards or
    images that the person holds."""

    queue: Queue
    people: list[str]
    left: int
    mine: int


def create_in(
    connection: sa.Connection,
    project_id: int,
    plan: Plan,
    *,
    people: Collection[str] = (),
    created_by: int,
) -> Queue:
    """`people`: names of members; none: everybody who may do what the queue asks for.

    Raises `BadParametersError`, `AlreadyExistsError`, `NotFoundError`.
    """
    _check(plan)
    queue_id = queues.insert(connection, project_id, plan, created_by=created_by)
    queues.assign(connection, project_id, queue_id, _members(connection, project_id, people))
    _record(connection, project_id, queue_id, created_by, "created", plan, people)
    return queues.by_id(connection, project_id, queue_id)


def change_in(
    connection: sa.Connection,
    project_id: int,
    queue_id: int,
    plan: Plan,
    *,
    people: Collection[str] | None,
    closed: bool,
    changed_by: int,
) -> Queue:
    """`people`: None leaves them. What was handed out stays in its holders' hands.

    Raises what `create_in` raises; subject and fold stay as they were made.
    """
    before = queues.lock(connection, project_id, queue_id)
    for name in ("subject", "fold"):
        if getattr(plan, name) != getattr(before.plan, name):
            reason = "answers were collected by it; make another queue"
            raise BadParametersError(name, getattr(plan, name), reason)
    _check(plan)
    queues.change(connection, project_id, queue_id, plan)
    queues.close(connection, project_id, queue_id, closed=closed)
    if people is not None:
        queues.assign(connection, project_id, queue_id, _members(connection, project_id, people))
    was_closed = before.closed_at is not None
    action = "changed" if closed == was_closed else "closed" if closed else "reopened"
    _record(connection, project_id, queue_id, changed_by, action, plan, people)
    return queues.by_id(connection, project_id, queue_id)


def _check(plan: Plan) -> None:
    if not (1 <= len(plan.name) <= 100 and plan.name.isprintable() and plan.name.strip()):
        raise BadParametersError("name", plan.name, "use 1 to 100 printable characters")
    plan.rule.check(plan.subject)
    if plan.gold_rate + plan.planted_rate > MOST_CHECKS:
        reason = f"gold and planted errors together are at most {MOST_CHECKS} of the cards"
        raise BadParametersError("gold_rate", plan.gold_rate, reason)
    if plan.planted_rate > 0 and plan.subject is QueueSubject.IMAGES:
        reason = "errors are planted among masks; a queue of images has none to show"
        raise BadParametersError("planted_rate", plan.planted_rate, reason)
    if plan.fold > 1 and plan.subject is QueueSubject.IMAGES and plan.rule.category_ids:
        reason = "several people label only images on which nothing is drawn yet"
        raise BadParametersError("category_ids", str(list(plan.rule.category_ids)), reason)
    if plan.fold > 1 and plan.subject is QueueSubject.ANNOTATIONS:
        raise BadParametersError(
            "fold", plan.fold, "several people are asked of proposals and images only"
        )
    if plan.fold > 1 and plan.rule.adjudicate:
        raise BadParametersError("fold", plan.fold, "one person decides what others disagree on")


def categories_named(
    connection: sa.Connection, project_id: int, names: Collection[str]
) -> tuple[int, ...]:
    """Their ids. Raises `NotFoundError`."""
    known = {one.name: one.id for one in projects.list_categories(connection, project_id)}
    for name in names:
        if name not in known:
            raise NotFoundError("category", name, f"There are: {', '.join(known) or 'none'}.")
    return tuple(known[name] for name in names)


def _members(connection: sa.Connection, project_id: int, names: Collection[str]) -> frozenset[int]:
    known = {one.name: one.user_id for one in members.of_project(connection, project_id)}
    for name in names:
        if name not in known:
            raise NotFoundError("member", name, "Make them a member of the project first.")
    return frozenset(known[name] for name in names)


def _record(
    connection: sa.Connection,
    project_id: int,
    queue_id: int,
    user_id: int,
    action: str,
    plan: Plan,
    people: Collection[str] | None,
) -> None:
    detail = queues.columns(plan) | ({} if people is None else {"people": sorted(people)})
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=user_id,
        action=action,
        subject="queue",
        subject_id=queue_id,
        detail=detail,
    )


def listed(
    runtime: Runtime, project_id: int, *, person: Person, manages: bool
) -> list[ListedQueue]:
    """Those that the person may take from; who manages sees them all."""
    with runtime.engine.connect() as connection:
        found = queues.of_project(connection, project_id)
        user_id = person.user_id
        mine = cards.count_own(connection, project_id, user_id)
        mine |= queue_turns.count_own(connection, project_id, user_id)
        return [
            show_in(connection, project_id, queue, person=person, mine=mine.get(queue.id, 0))
            for queue in found
            if manages or person.may_take_from(queue)
        ]


def show_in(
    connection: sa.Connection, project_id: int, queue: Queue, *, person: Person, mine: int = 0
) -> ListedQueue:
    names = queues.names(connection, queue.people)
    if queue.plan.subject is QueueSubject.IMAGES:
        left = image_picking.left(connection, project_id, [queue], user_id=person.user_id)
    else:
        left = card_picking.left(connection, project_id, queue, user_id=person.user_id)
    return ListedQueue(queue, sorted(names.values()), left, mine)
