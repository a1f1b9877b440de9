"""The application put together: routes, errors, guard."""

from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline

from maskloop import __version__
from maskloop.services.api import (
    annotations,
    exports,
    health,
    images,
    jobs,
    masks,
    members,
    model_versions,
    page,
    pictures,
    projects,
    proposals,
    session,
    tokens,
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
    members.router,
    images.router,
    uploads.router,
    pictures.router,
    masks.router,
    annotations.router,
    proposals.router,
    jobs.router,
    exports.router,
    model_versions.router,
)
"""Under the prefix; each route names its permission."""

_ABOUT = """Images, masks for prompts, annotations, reviews, jobs and model versions.

Sign in with an API token (`Authorization: Bearer …`), or in a browser with a session. Errors are
`application/problem+json` with a stable `code`; where `retryable` is true, the same request may
succeed later. Coordinates are pixels of the upright original image, (x, y) from the top left.
"""


def create_app(context: ApiContext) -> FastAPI:
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
    app.add_middleware(Guard, context=context)
    return app
