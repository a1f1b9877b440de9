"""/projects/{id}/evaluations and /gate-results: versions measured on hold-outs, and what the gate
said of them."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission, Principal
from maskloop.platform.db.evaluations import Evaluation
from maskloop.platform.db.gate_results import StoredGateResult
from maskloop.platform.errors import NotFoundError
from maskloop.platform.evaluation import Comparison, GateRule, Protocol, Summary
from maskloop.platform.training import GatePolicy, GeneralSet
from maskloop.services import evaluations, gates, jobs
from maskloop.services.api.access import MOST_ID, Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.jobs import JobShown
from maskloop.services.api.jobs import shown as job_shown
from maskloop.services.api.paging import Page, PageQuery, page_query

router = APIRouter(tags=["evaluations"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Trainer = Annotated[ProjectAccess, Depends(project(Permission.TRAIN))]
OneOf = Annotated[int | None, Query(ge=1, le=MOST_ID)]


class NewEvaluation(BaseModel):
    """`model_version` beside `against`, or what serves; on the hold-out of the set, and of the
    general one, which is the policy's where none is named."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_version: SomeId
    against: SomeId | None = None
    training_set_id: SomeId
    general: GeneralSet | None = None
    protocol: Protocol = Field(default=Protocol())


class EvaluationShown(BaseModel):
    """`job_id`: null where a job of another project measured it, to which this set is general."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    model_version: int
    training_set_id: int
    protocol: Protocol
    summary: Summary
    job_id: int | None
    created_at: datetime


class GateResultShown(BaseModel):
    """`champion`, `challenger`: numbers of model versions. `comparison`: challenger minus
    champion. `training_set`: whose hold-out decided."""

    id: int
    challenger: int
    champion: int
    training_set: int
    general_set: int | None
    policy: GatePolicy
    comparison: Comparison
    rules: list[GateRule]
    passed: bool
    job_id: int
    created_at: datetime


@router.post(
    "/projects/{project_id}/evaluations",
    status_code=201,
    response_model=JobShown,
    summary="Measure a version beside another one, and ask the gate",
)
def submit(request: Request, new: NewEvaluation, once: OnceOnly, access: Trainer) -> Response:
    if new.general is not None:
        _check_may_view(context_of(request), access.principal, new.general.project_id)

    def effect(connection: sa.Connection) -> JobShown:
        job_id = evaluations.submit_wanted_in(
            connection,
            access.project_id,
            challenger_id=new.model_version,
            champion_id=new.against,
            training_set_id=new.training_set_id,
            general=new.general,
            protocol=new.protocol,
        )
        return job_shown(jobs.view_in(connection, job_id, access.project_id))

    return once.do(access.principal, effect)


@router.get(
    "/projects/{project_id}/evaluations", summary="What was measured on its sets, newest first"
)
def list_page(
    request: Request,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    model_version: OneOf = None,
    training_set: OneOf = None,
) -> Page[EvaluationShown]:
    found = evaluations.page(
        context_of(request).runtime,
        access.project_id,
        before=query.after,
        limit=query.and_one,
        model_version_id=model_version,
        training_set_id=training_set,
    )
    return query.page(found, show=_shown, key=lambda evaluation: evaluation.id)


@router.get(
    "/projects/{project_id}/evaluations/{evaluation_id}", summary="One version on one hold-out"
)
def get(request: Request, evaluation_id: Id, access: Viewer) -> EvaluationShown:
    runtime = context_of(request).runtime
    return _shown(evaluations.get(runtime, access.project_id, evaluation_id))


@router.get("/projects/{project_id}/gate-results", summary="What the gate said, newest first")
def gate_results(
    request: Request,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    challenger: OneOf = None,
) -> Page[GateResultShown]:
    found = gates.page(
        context_of(request).runtime,
        access.project_id,
        before=query.after,
        limit=query.and_one,
        challenger_id=challenger,
    )
    return query.page(found, show=_gate_shown, key=lambda result: result.id)


@router.get(
    "/projects/{project_id}/gate-results/{gate_result_id}", summary="What the gate said once"
)
def gate_result(request: Request, gate_result_id: Id, access: Viewer) -> GateResultShown:
    return _gate_shown(gates.get(context_of(request).runtime, access.project_id, gate_result_id))


def _check_may_view(context: ApiContext, principal: Principal, project_id: int) -> None:
    """Somebody else's project looks as if it were not there."""
    if Permission.VIEW not in context.principals.permissions(principal, project_id):
        raise NotFoundError("project", str(project_id), "See yours at /api/v1/projects.")


def _shown(evaluation: Evaluation) -> EvaluationShown:
    return EvaluationShown(
        id=evaluation.id,
        model_version=evaluation.model_version_id,
        training_set_id=evaluation.training_set_id,
        protocol=evaluation.protocol,
        summary=evaluation.summary,
        job_id=evaluation.job_id,
        created_at=evaluation.created_at,
    )


def _gate_shown(stored: StoredGateResult) -> GateResultShown:
    return GateResultShown(
        id=stored.id,
        challenger=stored.challenger_id,
        champion=stored.champion_id,
        training_set=stored.training_set_id,
        general_set=stored.general_set_id,
        policy=stored.policy,
        comparison=stored.comparison,
        rules=list(stored.result.rules),
        passed=stored.passed,
        job_id=stored.job_id,
        created_at=stored.created_at,
    )
