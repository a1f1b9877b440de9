"""/model-versions: which there are, where they come from, and which one serves."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from maskloop.platform.access import Principal
from maskloop.platform.errors import NotFoundError
from maskloop.services import gates, model_versions
from maskloop.services.api.access import Id, signed_in
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.promotions import check_may_promote
from maskloop.services.api.visible_projects import visible_projects
from maskloop.services.gates import Standing
from maskloop.services.model_cards import model_card
from maskloop.services.model_versions import VersionView
from maskloop.services.predictor import ServingStatus

router = APIRouter(tags=["model versions"])


class Markdown(PlainTextResponse):
    media_type = "text/markdown"


class GateShown(BaseModel):
    """Beside the version that serves now; the newest result stands for all."""

    passed: bool
    gate_result_id: int


class VersionShown(BaseModel):
    """`serving`: it was promoted last. `replicas`: decoders that serve it now; `refused`: why they
    do not, although they were told to. What it was trained on is shown to members of the project
    that trained it; `gate` is null where it was not compared with what serves."""

    number: int
    name: str
    state: str
    encoder_digest: str
    decoder_digest: str
    created_at: datetime
    parent: int | None
    project: int | None
    training_set_id: int | None
    job_id: int | None
    gate: GateShown | None
    serving: bool
    replicas: int
    refused: str | None


class VersionList(BaseModel):
    items: list[VersionShown]


class RetiredShown(BaseModel):
    number: int
    name: str
    state: str


@router.get("/model-versions", summary="All model versions, and what serves")
async def list_all(
    request: Request, principal: Annotated[Principal, Depends(signed_in)]
) -> VersionList:
    return VersionList(items=await _all_shown(context_of(request), principal))


@router.get("/model-versions/{number}", summary="One model version")
async def get(
    request: Request, number: Id, principal: Annotated[Principal, Depends(signed_in)]
) -> VersionShown:
    for shown in await _all_shown(context_of(request), principal):
        if shown.number == number:
            return shown
    raise NotFoundError("model version", str(number), "See them at /api/v1/model-versions.")


@router.get(
    "/model-versions/{number}/card",
    summary="What a version is, was made of and does, as Markdown",
    response_class=Markdown,
)
def card(
    request: Request, number: Id, principal: Annotated[Principal, Depends(signed_in)]
) -> Response:
    """As far as it is about projects of whoever asks."""
    context = context_of(request)
    text = model_card(context.runtime, number, visible=visible_projects(context, principal))
    return Markdown(text)


@router.post(
    "/model-versions/{number}/retire",
    status_code=201,
    response_model=RetiredShown,
    summary="Keep a version from being promoted again",
)
def retire(
    request: Request,
    number: Id,
    once: OnceOnly,
    principal: Annotated[Principal, Depends(signed_in)],
) -> Response:
    check_may_promote(context_of(request), principal)

    def effect(connection: sa.Connection) -> RetiredShown:
        retired = model_versions.retire_in(connection, number)
        return RetiredShown(number=retired.id, name=retired.name, state=retired.state)

    return once.do(principal, effect)


async def _all_shown(context: ApiContext, principal: Principal) -> list[VersionShown]:
    status = await context.predictor.status()
    visible = await context.in_thread(visible_projects, context, principal)
    views = await context.in_thread(model_versions.views, context.runtime)
    standings = await context.in_thread(gates.standings, context.runtime)
    return [_shown(view, visible, standings.get(view.version.id), status) for view in views]


def _shown(
    view: VersionView,
    visible: frozenset[int] | None,
    standing: Standing | None,
    status: ServingStatus,
) -> VersionShown:
    version, lineage = view.version, view.lineage
    if lineage is not None and visible is not None and lineage.project_id not in visible:
        lineage = None
    replicas = {served.number: count for served, count in status.versions.items()}
    refused = {served.number: reason for served, reason in status.refused.items()}
    return VersionShown(
        number=version.id,
        name=version.name,
        state=version.state,
        encoder_digest=version.encoder_digest,
        decoder_digest=version.decoder_digest,
        created_at=version.created_at,
        parent=version.parent_id,
        project=lineage.project_id if lineage else None,
        training_set_id=lineage.training_set_id if lineage else None,
        job_id=lineage.job_id if lineage else None,
        gate=GateShown(**vars(standing)) if standing else None,
        serving=view.serving,
        replicas=replicas.get(version.id, 0),
        refused=refused.get(version.id),
    )
