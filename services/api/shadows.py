"""/shadow and /shadows: the version that decodes beside the one that serves, and its figures."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from starlette.responses import Response

from maskloop.platform.access import Principal
from maskloop.platform.db.shadows import Shadow
from maskloop.platform.intervals import Interval
from maskloop.services import shadows
from maskloop.services.api.access import MOST_ID, Id, signed_in
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.api.promotions import check_may_promote
from maskloop.services.predictor import ServingStatus
from maskloop.services.shadow_figures import ShadowFigures
from maskloop.services.shadows import ShadowView

router = APIRouter(tags=["shadows"])
SignedIn = Annotated[Principal, Depends(signed_in)]


class IntervalShown(BaseModel):
    """With the bounds of 95 % confidence."""

    mean: float
    low: float
    high: float


class SecondsShown(BaseModel):
    p50: float


class ShadowShown(BaseModel):
    """Figures are over the projects that the asker may see, against `champion`: the version that
    served when the last sample was taken. `judged`: samples whose object was saved; `untouched`: of
    them, where the champion's mask was saved as it was. `win_rate` is of wins and losses.
    `replicas`: decoders that have loaded it; `refused`: why one cannot."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    model_version: int
    name: str
    share: float
    started_by: str
    created_at: datetime
    ended_at: datetime | None
    replicas: int
    refused: str | None
    champion: int | None
    samples: int
    judged: int
    untouched: int
    agreement: IntervalShown | None
    wins: int
    losses: int
    ties: int
    win_rate: IntervalShown | None
    seconds: SecondsShown | None


class RunningShadow(BaseModel):
    shadow: ShadowShown | None


class NewShadow(BaseModel):
    """`share` of the clicks that the challenger decodes too."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_version: int = Field(ge=1, le=MOST_ID)
    share: FiniteFloat = Field(default=0.2, gt=0, le=1)


def _few(
    cursor: Annotated[str | None, Query(max_length=40, description="`next` of a page")] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> PageQuery:
    """Each comes with its figures, which take a moment. Raises `BadParametersError`."""
    return page_query(cursor, limit)


@router.get("/shadow", summary="The shadow that runs, and its figures")
async def get(request: Request, principal: SignedIn) -> RunningShadow:
    context = context_of(request)
    status = await context.predictor.status()
    view = await context.in_thread(_running, context, principal)
    return RunningShadow(shadow=None if view is None else _shown(view, status))


@router.get("/shadows", summary="All shadows, newest first")
async def list_all(
    request: Request, principal: SignedIn, query: Annotated[PageQuery, Depends(_few)]
) -> Page[ShadowShown]:
    context = context_of(request)
    status = await context.predictor.status()
    found = await context.in_thread(_page, context, principal, query)
    return query.page(found, show=lambda view: _shown(view, status), key=lambda v: v.shadow.id)


@router.get("/shadows/{shadow_id}", summary="One shadow, and its figures")
async def get_one(request: Request, shadow_id: Id, principal: SignedIn) -> ShadowShown:
    context = context_of(request)
    status = await context.predictor.status()
    return _shown(await context.in_thread(_one, context, principal, shadow_id), status)


@router.post(
    "/shadow",
    status_code=201,
    response_model=ShadowShown,
    summary="Have a version decode a share of the clicks too",
)
def start(request: Request, new: NewShadow, once: OnceOnly, principal: SignedIn) -> Response:
    """Clicks are answered by the version that serves, as before. For whoever may promote."""
    check_may_promote(context_of(request), principal)

    def effect(connection: sa.Connection) -> ShadowShown:
        shadow = shadows.start_in(
            connection, new.model_version, share=new.share, started_by=principal.user_id
        )
        return _of(ShadowView(shadow, None, ShadowFigures()), replicas=0, refused=None)

    return once.do(principal, effect)


@router.delete("/shadow", status_code=204, summary="End the shadow that runs")
def stop(request: Request, principal: SignedIn) -> None:
    """Its samples stay. For whoever may promote."""
    context = context_of(request)
    check_may_promote(context, principal)
    shadows.stop(context.runtime)


def _running(context: ApiContext, principal: Principal) -> ShadowView | None:
    shadow = shadows.running(context.runtime)
    return None if shadow is None else _view(context, principal, shadow)


def _page(context: ApiContext, principal: Principal, query: PageQuery) -> list[ShadowView]:
    found = shadows.page(context.runtime, before=query.after, limit=query.and_one)
    return [_view(context, principal, shadow) for shadow in found]


def _one(context: ApiContext, principal: Principal, shadow_id: int) -> ShadowView:
    return _view(context, principal, shadows.by_id(context.runtime, shadow_id))


def _view(context: ApiContext, principal: Principal, shadow: Shadow) -> ShadowView:
    return shadows.view_for(context.runtime, shadow, principal)


def _shown(view: ShadowView, status: ServingStatus) -> ShadowShown:
    mine = [
        told
        for told in status.challengers
        if view.shadow.ended_at is None and told.version.number == view.shadow.version
    ]
    refused = next((told.refused for told in mine if told.refused), None)
    return _of(view, replicas=sum(told.loaded for told in mine), refused=refused)


def _of(view: ShadowView, *, replicas: int, refused: str | None) -> ShadowShown:
    shadow, figures = view.shadow, view.figures
    return ShadowShown(
        id=shadow.id,
        model_version=shadow.version,
        name=shadow.name,
        share=shadow.share,
        started_by=shadow.started_by,
        created_at=shadow.created_at,
        ended_at=shadow.ended_at,
        replicas=replicas,
        refused=refused,
        champion=view.champion,
        samples=figures.samples,
        judged=figures.judged,
        untouched=figures.untouched,
        agreement=_interval(figures.agreement),
        wins=figures.wins,
        losses=figures.losses,
        ties=figures.ties,
        win_rate=_interval(figures.win_rate),
        seconds=None if figures.seconds is None else SecondsShown(p50=figures.seconds),
    )


def _interval(interval: Interval | None) -> IntervalShown | None:
    if interval is None:
        return None
    return IntervalShown(mean=interval.mean, low=interval.low, high=interval.high)
