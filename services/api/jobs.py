"""/projects/{id}/jobs: bulk work submitted, followed, stopped and gone on with."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db import projects
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.errors import BadParametersError
from maskloop.platform.forecast import Budget, Forecast
from maskloop.platform.generation import GenerationParameters, Value
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services import jobs, steering
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.jobs import JobView

router = APIRouter(tags=["jobs"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Runner = Annotated[ProjectAccess, Depends(project(Permission.RUN_JOBS))]
Priority = Annotated[int, Field(strict=True, ge=-jobs.MOST_PRIORITY, le=jobs.MOST_PRIORITY)]
_PARAMETERS = TypeAdapter(GenerationParameters)


class BudgetGiven(BaseModel):
    """A job is paused when one of these is spent: seconds of all workers together, masks, bytes
    written. None: as much as it takes."""

    model_config = ConfigDict(extra="forbid")

    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    masks: int | None = Field(default=None, gt=0, le=2**62)
    bytes: int | None = Field(default=None, gt=0, le=2**62)

    @property
    def budget(self) -> Budget:
        return Budget(self.seconds, self.masks, self.bytes)


class NewJob(BaseModel):
    """Everything-mode over all images of the project, or with `from_job` another choice among the
    candidates that job kept. `parameters` by the official generator's names. With `supersede` its
    proposals replace pending ones of other versions (docs/promotion.md). With `sample_images` so
    many random ones are done, then it is paused with a forecast of all (docs/jobs.md)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal[JobKind.AUTOLABEL] = JobKind.AUTOLABEL
    parameters: dict[str, Value] = Field(default={}, max_length=100)
    keep_candidates: bool = True
    supersede: bool = False
    from_job: SomeId | None = None
    priority: Priority = 0
    sample_images: Annotated[int, Field(strict=True, ge=jobs.LEAST_SAMPLE)] | None = None
    budget: BudgetGiven = BudgetGiven()


class NewPriority(BaseModel):
    model_config = ConfigDict(extra="forbid")

    priority: Priority


class JobShown(BaseModel):
    """`counts`: images by state, of those queued the ones `put_off` until another try, and masks.
    `worker_lost`: nobody works on it any more, although it is running by its row."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    kind: JobKind
    state: JobState
    parameters: dict[str, Any]
    model_version: int | None
    keep_candidates: bool
    supersede: bool
    from_job: int | None
    counts: dict[str, int]
    worker_lost: bool
    cancel_requested: bool
    pause_requested: bool
    priority: int
    sample_images: int | None
    forecast: Forecast | None
    budget: dict[str, float]
    worked_seconds: float
    error_code: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ItemShown(BaseModel):
    image_id: int
    source_uri: str
    state: ItemState
    attempts: int
    masks: int | None
    seconds: dict[str, float]
    bytes: int | None
    retries: int
    retry_at: datetime | None
    error_code: str | None
    error: str | None


@router.get("/projects/{project_id}/jobs", summary="A project's jobs, newest first")
def list_page(
    request: Request,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    kind: JobKind | None = None,
) -> Page[JobShown]:
    found = jobs.page(
        context_of(request).runtime,
        access.project_id,
        before=query.after,
        limit=query.and_one,
        kind=kind,
    )
    return query.page(found, show=shown, key=lambda view: view.job.id)


@router.post(
    "/projects/{project_id}/jobs",
    status_code=201,
    response_model=JobShown,
    summary="Submit a job",
)
def submit(new: NewJob, once: OnceOnly, access: Runner) -> Response:
    parameters = _checked(new.parameters)

    def effect(connection: sa.Connection) -> JobShown:
        if new.from_job is None:
            found = projects.by_id(connection, access.project_id)
            job_id = jobs.submit_autolabel_in(
                connection,
                found,
                parameters,
                keep_candidates=new.keep_candidates,
                supersede=new.supersede,
                priority=new.priority,
                sample_images=new.sample_images,
                budget=new.budget.budget,
            )
        else:
            given = {name: getattr(parameters, name) for name in new.parameters}
            job_id = jobs.submit_from_job_in(
                connection,
                new.from_job,
                given,
                project_id=access.project_id,
                supersede=new.supersede,
                priority=new.priority,
            )
        return shown(jobs.view_in(connection, job_id, access.project_id))

    return once.do(access.principal, effect)


@router.get("/projects/{project_id}/jobs/{job_id}", summary="One job and how far it is")
def get(request: Request, job_id: Id, access: Viewer) -> JobShown:
    return _view(request, job_id, access)


@router.get("/projects/{project_id}/jobs/{job_id}/items", summary="A job's images")
def items(
    request: Request,
    job_id: Id,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    state: ItemState | None = None,
) -> Page[ItemShown]:
    found = jobs.items_page(
        context_of(request).runtime,
        access.project_id,
        job_id,
        states=tuple(ItemState) if state is None else (state,),
        after=query.after or 0,
        limit=query.and_one,
    )
    return query.page(found, show=_item, key=lambda row: row.image_id)


@router.post("/projects/{project_id}/jobs/{job_id}/cancel", summary="Stop a job")
def cancel(request: Request, job_id: Id, access: Runner) -> JobShown:
    """At once where nobody works on it; else when its worker is done with its image."""
    steering.cancel(context_of(request).runtime, job_id, access.project_id)
    return _view(request, job_id, access)


@router.post("/projects/{project_id}/jobs/{job_id}/pause", summary="Let a job wait")
def pause(request: Request, job_id: Id, access: Runner) -> JobShown:
    """Until it is resumed. At once where nobody works on it; else when its worker is done with its
    image."""
    steering.pause(context_of(request).runtime, job_id, access.project_id)
    return _view(request, job_id, access)


@router.put("/projects/{project_id}/jobs/{job_id}/priority", summary="Put a job before others")
def prioritize(request: Request, job_id: Id, new: NewPriority, access: Runner) -> JobShown:
    """Workers take the highest first; one at work on a lower gives way within seconds."""
    steering.prioritize(context_of(request).runtime, job_id, new.priority, access.project_id)
    return _view(request, job_id, access)


@router.put("/projects/{project_id}/jobs/{job_id}/budget", summary="How much a job may spend")
def set_budget(request: Request, job_id: Id, new: BudgetGiven, access: Runner) -> JobShown:
    """In all, what it has spent included; none of it given: as much as it takes."""
    runtime = context_of(request).runtime
    steering.set_budget(runtime, job_id, new.budget, access.project_id)
    return _view(request, job_id, access)


@router.post("/projects/{project_id}/jobs/{job_id}/resume", summary="Go on with a job")
def resume(request: Request, job_id: Id, access: Runner) -> JobShown:
    """What is done stays."""
    jobs.requeue(context_of(request).runtime, job_id, access.project_id)
    return _view(request, job_id, access)


@router.post("/projects/{project_id}/jobs/{job_id}/retry", summary="Try quarantined images again")
def retry(request: Request, job_id: Id, access: Runner) -> JobShown:
    jobs.retry_quarantined(context_of(request).runtime, job_id, access.project_id)
    return _view(request, job_id, access)


def _checked(given: dict[str, Value]) -> GenerationParameters:
    """Raises `BadParametersError`."""
    for name, value in given.items():
        if name not in GenerationParameters.__dataclass_fields__:
            raise BadParametersError(name, value, "there is no such parameter")
    try:
        return _PARAMETERS.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise BadParametersError(name, given[name], first["msg"]) from error


def _view(request: Request, job_id: int, access: ProjectAccess) -> JobShown:
    return shown(jobs.view(context_of(request).runtime, job_id, access.project_id))


def shown(view: JobView) -> JobShown:
    job = view.job
    return JobShown(
        id=job.id,
        kind=job.kind,
        state=job.state,
        parameters=job.parameters,
        model_version=job.model_version_id,
        keep_candidates=job.keep_candidates,
        supersede=job.supersede,
        from_job=job.source_job_id,
        counts=asdict(view.counts),
        worker_lost=view.worker_lost,
        cancel_requested=job.cancel_requested is not None,
        pause_requested=job.pause_requested is not None,
        priority=job.priority,
        sample_images=job.sample_images,
        forecast=job.forecast,
        budget=job.budget.to_json(),
        worked_seconds=job.worked_seconds,
        error_code=job.error_code,
        error=job.error,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _item(row: LedgerRow) -> ItemShown:
    return ItemShown(
        image_id=row.image_id,
        source_uri=row.source_uri,
        state=row.state,
        attempts=row.attempts,
        masks=row.masks,
        seconds=row.seconds,
        bytes=row.bytes,
        retries=row.retries,
        retry_at=row.retry_at,
        error_code=row.error_code,
        error=row.error,
    )
