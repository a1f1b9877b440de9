"""/projects/{id}/trainings: corrections made into a model version, and its curves."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.trainings import Point, Training, Version
from maskloop.platform.errors import BadParametersError
from maskloop.platform.states import JobState, ModelVersionState, TrainingReason
from maskloop.platform.training import Recipe, SetRule
from maskloop.services import trainings
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["trainings"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Trainer = Annotated[ProjectAccess, Depends(project(Permission.TRAIN))]


class NewTraining(BaseModel):
    """On a set that is there, or on one frozen now by `rule`; what is left out is the policy's.
    `parent`: a version's number, else the one that serves. `evaluate`: when it is ready, it is
    compared with the one that serves."""

    model_config = ConfigDict(extra="forbid")

    training_set_id: SomeId | None = None
    rule: SetRule | None = None
    parent: SomeId | None = None
    recipe: Recipe | None = None
    because: str | None = Field(default=None, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
    evaluate: bool = True


class TrainingVersion(BaseModel):
    number: int
    name: str
    state: ModelVersionState


class Parent(BaseModel):
    number: int
    name: str


class TrainedSet(BaseModel):
    id: int
    name: str
    digest: str


class PointShown(BaseModel):
    """`figures`: train/loss, train/iou, learning_rate, and where it was validated
    validation/one_click and others."""

    step: int
    steps: int
    figures: dict[str, float]
    at: datetime


class PointsShown(BaseModel):
    """`next`: ask for those after it; null where there are no more yet."""

    items: list[PointShown]
    next: int | None


class TrainingShown(BaseModel):
    """`steps`: planned in all; null until the first is done."""

    model_config = ConfigDict(protected_namespaces=())

    job_id: int
    state: JobState
    model_version: TrainingVersion
    parent: Parent
    training_set: TrainedSet
    recipe: Recipe
    reason: TrainingReason
    because: str
    started_by: str | None
    outcome: dict[str, Any] | None
    error_code: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    last_point: PointShown | None
    steps: int | None


@router.post(
    "/projects/{project_id}/trainings",
    status_code=201,
    response_model=TrainingShown,
    summary="Train a model version",
)
def submit(request: Request, new: NewTraining, once: OnceOnly, access: Trainer) -> Response:
    """409 `training_busy` while another training of the project waits or runs."""
    if new.training_set_id is not None and new.rule is not None:
        raise BadParametersError("rule", "…", "name either a training set or a rule, not both")
    by = access.principal.user_id
    prepared = trainings.prepare(
        context_of(request).runtime,
        access.project_id,
        by=by,
        training_set_id=new.training_set_id,
        rule=new.rule,
        parent=new.parent,
        recipe=new.recipe,
    )

    def effect(connection: sa.Connection) -> TrainingShown:
        job_id = trainings.submit_by_hand_in(
            connection,
            access.project_id,
            prepared,
            by=by,
            because=new.because,
            evaluate=new.evaluate,
        )
        return shown(trainings.get_in(connection, access.project_id, job_id))

    return once.do(access.principal, effect)


@router.get("/projects/{project_id}/trainings", summary="A project's trainings, newest first")
def list_page(
    request: Request, access: Viewer, query: Annotated[PageQuery, Depends(page_query)]
) -> Page[TrainingShown]:
    found = trainings.page(
        context_of(request).runtime, access.project_id, before=query.after, limit=query.and_one
    )
    return query.page(found, show=shown, key=lambda training: training.job_id)


@router.get("/projects/{project_id}/trainings/{job_id}", summary="One training")
def get(request: Request, job_id: Id, access: Viewer) -> TrainingShown:
    return shown(trainings.get(context_of(request).runtime, access.project_id, job_id))


@router.get("/projects/{project_id}/trainings/{job_id}/points", summary="A training's curves")
def points(
    request: Request,
    job_id: Id,
    access: Viewer,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1, description="a step")] = -1,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> PointsShown:
    """By step; step 0 is the parent. A resumed training writes those behind its checkpoint anew."""
    found = trainings.points(
        context_of(request).runtime, access.project_id, job_id, after=after, limit=limit + 1
    )
    items = [_point(point) for point in found[:limit]]
    return PointsShown(items=items, next=items[-1].step if len(found) > limit else None)


def shown(training: Training) -> TrainingShown:
    last = training.last_point
    return TrainingShown(
        job_id=training.job_id,
        state=training.state,
        model_version=_version(training.version),
        parent=Parent(number=training.parent.number, name=training.parent.name),
        training_set=TrainedSet(
            id=training.training_set_id,
            name=training.training_set,
            digest=training.training_set_digest.hex(),
        ),
        recipe=training.recipe,
        reason=training.reason,
        because=training.because,
        started_by=training.started_by,
        outcome=training.outcome,
        error_code=training.error_code,
        error=training.error,
        created_at=training.created_at,
        started_at=training.started_at,
        finished_at=training.finished_at,
        last_point=None if last is None else _point(last),
        steps=None if last is None else last.steps,
    )


def _version(version: Version) -> TrainingVersion:
    return TrainingVersion(number=version.number, name=version.name, state=version.state)


def _point(point: Point) -> PointShown:
    return PointShown(step=point.step, steps=point.steps, figures=point.figures, at=point.at)
