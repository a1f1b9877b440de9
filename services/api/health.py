"""/healthz, /readyz and /metrics: for whoever watches the platform, signed in or not."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from maskloop.platform.db import jobs
from maskloop.platform.db.database import now
from maskloop.platform.db.jobs import Standing
from maskloop.platform.errors import DatabaseUnavailableError, MaskloopError
from maskloop.services.api.context import ApiContext, context_of

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse, summary="The process lives")
async def healthz() -> str:
    return "ok"


@router.get("/readyz", summary="Database, object store and models answer")
async def readyz(request: Request) -> Response:
    """503 names the parts that do not; it never raises."""
    context = context_of(request)
    parts = {
        "database": await context.in_thread(_trouble_of_database, context),
        "object store": await context.in_thread(_trouble_of_store, context),
        "models": await _trouble_of_models(context),
    }
    if context.closing.is_set():
        parts["server"] = "it is stopping"
    ready = not any(parts.values())
    shown = {name: trouble or "ready" for name, trouble in parts.items()}
    headers = {} if ready else {"Retry-After": "1"}
    return JSONResponse({"ready": ready, "parts": shown}, 200 if ready else 503, headers)


@router.get("/metrics", summary="Figures for Prometheus")
async def metrics(request: Request) -> Response:
    context = context_of(request)
    await _gather(context)
    return Response(generate_latest(context.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _trouble_of_database(context: ApiContext) -> str:
    try:
        with context.runtime.engine.connect() as connection:
            now(connection)
    except DatabaseUnavailableError as error:
        return str(error)
    return ""


def _trouble_of_store(context: ApiContext) -> str:
    try:
        context.runtime.objects.info("health")
    except MaskloopError as error:
        return str(error)
    return ""


async def _trouble_of_models(context: ApiContext) -> str:
    status = await context.predictor.status()
    return "" if status.ready else status.trouble or "they are starting"


async def _gather(context: ApiContext) -> None:
    """Figures that are counted elsewhere, as they are now."""
    found, status = context.metrics, await context.predictor.status()
    found.encoder_calls.set(status.encoder_calls)
    found.serve_versions(status.versions, status.refused)
    found.prefetch_waiting.set(status.prefetching)
    found.count_jobs(await context.in_thread(_standing, context))


def _standing(context: ApiContext) -> Standing | None:
    try:
        with context.runtime.engine.connect() as connection:
            return jobs.standing(connection)
    except DatabaseUnavailableError:  # /readyz says why
        return None
