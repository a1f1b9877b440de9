"""/projects/{id}/queues: what is to be reviewed or labeled, in which order, and by whom."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db import queues as rows
from maskloop.platform.db.queues import Plan
from maskloop.platform.queue_rules import Rule, usual_ordering
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import queues
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.queues import MOST_CHECKS, MOST_FOLD, ListedQueue, Person

router = APIRouter(tags=["queues"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Rate = Annotated[
    float, Field(ge=0, le=MOST_CHECKS, allow_inf_nan=False, description="A share of the cards")
]
Priority = Annotated[int, Field(ge=-1000, le=1000, description="Higher comes first")]
People = Annotated[
    list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]],
    Field(max_length=1000, description="Names of members; none: everybody who may review or label"),
]


class NewQueue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    subject: QueueSubject = QueueSubject.PROPOSALS
    rule: Rule = Rule()
    ordering: QueueOrder | None = Field(
        default=None, description="null: the oldest first of images, else the doubtful"
    )
    priority: Priority = 0
    gold_rate: Rate = 0.0
    planted_rate: Rate = 0.0
    feedback: bool = False
    fold: int = Field(
        default=1, ge=1, le=MOST_FOLD, description="How many people are asked about each proposal"
    )
    people: People = []

    @property
    def plan(self) -> Plan:
        values = {name: getattr(self, name) for name in Plan.__dataclass_fields__}
        return Plan(**values | {"ordering": self.ordering or usual_ordering(self.subject)})


class QueueChange(BaseModel):
    """What is left out stays as it is. `closed`: it hands out nothing more, until it is false."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    rule: Rule | None = None
    ordering: QueueOrder | None = None
    priority: Priority | None = None
    gold_rate: Rate | None = None
    planted_rate: Rate | None = None
    feedback: bool | None = None
    people: People | None = None
    closed: bool | None = None

    def of(self, plan: Plan) -> Plan:
        given = self.model_fields_set & set(Plan.__dataclass_fields__)
        changed = {name: getattr(self, name) for name in given}
        values = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
        return Plan(**values | {k: v for k, v in changed.items() if v is not None})


class QueueShown(BaseModel):
    """`people`: names; empty: everybody who may review, or label where it hands out images. `left`:
    what waits for an answer or is to do, whoever has it, counted up to 10,000; `mine`: cards or
    images of it that one holds. Rates are told to managers only, null to others."""

    id: int
    name: str
    subject: QueueSubject
    rule: Rule
    ordering: QueueOrder
    priority: int
    gold_rate: float | None
    planted_rate: float | None
    feedback: bool
    fold: int
    people: list[str]
    closed_at: datetime | None
    created_at: datetime
    left: int
    mine: int


class QueueList(BaseModel):
    items: list[QueueShown]


@router.get("/projects/{project_id}/queues", summary="A project's queues")
def list_all(request: Request, access: Viewer) -> QueueList:
    """Those that one may take cards or images from, and for managers all of them; by priority,
    closed ones last."""
    found = queues.listed(
        context_of(request).runtime,
        access.project_id,
        person=person(access),
        manages=_manages(access),
    )
    return QueueList(items=[_shown(one, access) for one in found])


@router.post(
    "/projects/{project_id}/queues",
    status_code=201,
    response_model=QueueShown,
    summary="Make a queue",
)
def create(new: NewQueue, once: OnceOnly, access: Manager) -> Response:
    def effect(connection: sa.Connection) -> QueueShown:
        made = queues.create_in(
            connection,
            access.project_id,
            new.plan,
            people=new.people,
            created_by=access.principal.user_id,
        )
        return _shown_in(connection, made, access)

    return once.do(access.principal, effect)


@router.patch(
    "/projects/{project_id}/queues/{queue_id}",
    response_model=QueueShown,
    summary="Change, close or reopen a queue",
)
def change(change: QueueChange, queue_id: Id, once: OnceOnly, access: Manager) -> Response:
    """What was handed out stays in its holders' hands, and may be finished."""

    def effect(connection: sa.Connection) -> QueueShown:
        before = rows.lock(connection, access.project_id, queue_id)
        was_closed = before.closed_at is not None
        changed = queues.change_in(
            connection,
            access.project_id,
            queue_id,
            change.of(before.plan),
            people=change.people,
            closed=was_closed if change.closed is None else change.closed,
            changed_by=access.principal.user_id,
        )
        return _shown_in(connection, changed, access)

    return once.do(access.principal, effect, status=200)


def person(access: ProjectAccess) -> Person:
    return Person(
        access.principal.user_id,
        access.principal.name,
        judges_people=Permission.ANNOTATE_ALL in access.permissions,
        reviews=Permission.REVIEW in access.permissions,
        labels=Permission.ANNOTATE in access.permissions,
    )


def _manages(access: ProjectAccess) -> bool:
    return Permission.MANAGE in access.permissions


def _shown_in(connection: sa.Connection, queue: rows.Queue, access: ProjectAccess) -> QueueShown:
    listed = queues.show_in(connection, access.project_id, queue, person=person(access))
    return _shown(listed, access)


def _shown(listed: ListedQueue, access: ProjectAccess) -> QueueShown:
    queue, plan = listed.queue, listed.queue.plan
    return QueueShown(
        id=queue.id,
        name=plan.name,
        subject=plan.subject,
        rule=plan.rule,
        ordering=plan.ordering,
        priority=plan.priority,
        gold_rate=plan.gold_rate if _manages(access) else None,
        planted_rate=plan.planted_rate if _manages(access) else None,
        feedback=plan.feedback,
        fold=plan.fold,
        people=listed.people,
        closed_at=queue.closed_at,
        created_at=queue.created_at,
        left=listed.left,
        mine=listed.mine,
    )
