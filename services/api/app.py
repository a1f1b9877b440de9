"""The application put together: routes, errors, guard."""

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline

from maskloop import __version__
from maskloop.services.api import (
    agreement,
    annotations,
    audit_events,
    auto_accepts,
    cards,
    checks,
    doubts,
    evaluations,
    exports,
    figures,
    folds,
    gold_images,
    health,
    images,
    jobs,
    labeling_queue,
    masks,
    members,
    model_versions,
    page,
    pictures,
    project_modes,
    projects,
    promotions,
    proposals,
    provenance,
    quality,
    quality_people,
    queues,
    session,
    shadows,
    submissions,
    tokens,
    training_policies,
    training_sets,
    trainings,
    uploads,
    users,
)
from maskloop.services.api.access import new_limiter
from maskloop.services.api.context import ApiContext
from maskloop.services.api.guard import PREFIX, Guard
from maskloop.services.api.problems import RESPONSES, handle_with
from maskloop.services.api.uploads import Uploads

ROUTERS: Final[tuple[APIRouter, ...]] = (
    session.router,
    users.router,
    tokens.router,
    projects.router,
    project_modes.router,
    members.router,
    images.router,
    labeling_queue.router,
    submissions.router,
    figures.router,
    quality.router,
    provenance.router,
    audit_events.router,
    uploads.router,
    pictures.router,
    masks.router,
    annotations.router,
    proposals.router,
    auto_accepts.router,
    checks.router,
    gold_images.router,
    folds.router,
    quality_people.router,
    queues.router,
    cards.router,
    agreement.router,
    doubts.router,
    jobs.router,
    exports.router,
    trainings.router,
    training_policies.router,
    evaluations.router,
    model_versions.router,
    promotions.router,
    training_sets.router,
    shadows.router,
)
"""Under the prefix; each route names its permission."""

_ABOUT = """Images, masks for prompts, annotations, reviews, jobs and model versions.

Sign in with an API token (`Authorization: Bearer …`), or in a browser with a session. Errors are
`application/problem+json` with a stable `code`; where `retryable` is true, the same request may
succeed later. Coordinates are pixels of the upright original image, (x, y) from the top left.
"""


Mount = Callable[[FastAPI], None]
"""Puts a page onto the application."""


def create_app(context: ApiContext, pages: Sequence[Mount] = ()) -> FastAPI:
    app = FastAPIOffline(
        title="maskloop",
        version=__version__,
        description=_ABOUT,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=RESPONSES,
        favicon_url="data:,",
    )
    app.state.context = context
    app.state.lookups = new_limiter()
    app.state.uploads = Uploads()
    handle_with(app)
    app.include_router(health.router)
    app.include_router(page.router)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    for mount in pages:
        mount(app)
    app.add_middleware(Guard, context=context)
    return app
