"""/projects/{id}/training-sets: what versions are trained on and measured by, frozen."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.training_sets import SetItem, TrainingSet
from maskloop.platform.states import Split
from maskloop.platform.training import Origin, SetRule
from maskloop.platform.training_statistics import Statistics
from maskloop.services import training_sets
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.paging import Page, PageQuery, page_query
from maskloop.services.training_selection import select

router = APIRouter(tags=["training sets"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Trainer = Annotated[ProjectAccess, Depends(project(Permission.TRAIN))]


class RuleSent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rule: SetRule


class NewTrainingSet(RuleSent):
    """Without a `name` it is called by its digest."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class TrainingSetShown(BaseModel):
    """`digest`: of the content, hexadecimal; sets of equal digests are one."""

    id: int
    name: str
    digest: str
    rule: SetRule
    statistics: Statistics
    created_by: str
    created_at: datetime


class ItemShown(BaseModel):
    """An annotation at the revision that was frozen."""

    annotation_id: int
    annotation_revision: int
    image_id: int
    source: str
    category: str
    area: int
    origin: Origin
    split: Split


class ChangesShown(BaseModel):
    """Annotations; one whose mask and category changed counts in both."""

    added: int
    removed: int
    changed_masks: int
    moved_categories: int
    moved_sides: int


class ComparisonShown(BaseModel):
    """What the second set has otherwise. `changes` by the side in it, of what was removed by the
    side in the first; `rule`: a sentence for each part that differs."""

    before: TrainingSetShown
    after: TrainingSetShown
    changes: dict[Split, ChangesShown]
    rule: Sequence[str]


@router.get("/projects/{project_id}/training-sets", summary="Training sets, newest first")
def list_page(
    request: Request, access: Viewer, query: Annotated[PageQuery, Depends(page_query)]
) -> Page[TrainingSetShown]:
    found = training_sets.page(
        context_of(request).runtime, access.project_id, before=query.after, limit=query.and_one
    )
    return query.page(found, show=shown, key=lambda one: one.id)


@router.post(
    "/projects/{project_id}/training-sets",
    status_code=201,
    response_model=TrainingSetShown,
    summary="Freeze a training set",
)
def freeze(request: Request, new: NewTrainingSet, once: OnceOnly, access: Trainer) -> Response:
    """What the rule chooses now. Where that was frozen before, the answer is that set."""
    # Images are read here, before the transaction.
    selection = select(context_of(request).runtime, access.project_id, new.rule)

    def effect(connection: sa.Connection) -> TrainingSetShown:
        made = training_sets.freeze_in(
            connection,
            access.project_id,
            selection,
            name=new.name,
            by=access.principal.user_id,
        )
        return shown(made)

    return once.do(access.principal, effect)


@router.post(
    "/projects/{project_id}/training-sets/preview",
    summary="What a rule would choose now",
)
def preview(request: Request, sent: RuleSent, access: Trainer) -> Statistics:
    """Nothing is kept but small pictures for the comparison of images."""
    return training_sets.preview(context_of(request).runtime, access.project_id, sent.rule)


@router.get("/projects/{project_id}/training-sets/{set_id}", summary="One training set")
def get(request: Request, set_id: Id, access: Viewer) -> TrainingSetShown:
    return shown(training_sets.get(context_of(request).runtime, access.project_id, set_id))


@router.get(
    "/projects/{project_id}/training-sets/{set_id}/items", summary="What a training set holds"
)
def items(
    request: Request,
    set_id: Id,
    access: Viewer,
    query: Annotated[PageQuery, Depends(page_query)],
    split: Annotated[Split | None, Query(description="One side only")] = None,
) -> Page[ItemShown]:
    """By annotation."""
    found = training_sets.items_page(
        context_of(request).runtime,
        access.project_id,
        set_id,
        splits=tuple(Split) if split is None else (split,),
        after=query.after or 0,
        limit=query.and_one,
    )
    return query.page(found, show=_item, key=lambda item: item.annotation_id)


@router.get(
    "/projects/{project_id}/training-sets/{set_id}/compare/{other_id}",
    summary="In what another training set differs",
)
def compare(request: Request, set_id: Id, other_id: Id, access: Viewer) -> ComparisonShown:
    runtime = context_of(request).runtime
    found = training_sets.compare(runtime, access.project_id, set_id, other_id)
    return ComparisonShown(
        before=shown(found.before),
        after=shown(found.after),
        changes={split: ChangesShown(**asdict(one)) for split, one in found.changes.items()},
        rule=found.rule,
    )


def shown(found: TrainingSet) -> TrainingSetShown:
    return TrainingSetShown(
        id=found.id,
        name=found.name,
        digest=found.digest.hex(),
        rule=found.rule,
        statistics=found.statistics,
        created_by=found.created_by_name,
        created_at=found.created_at,
    )


def _item(item: SetItem) -> ItemShown:
    return ItemShown(
        annotation_id=item.annotation_id,
        annotation_revision=item.annotation_revision,
        image_id=item.image_id,
        source=item.image_source,
        category=item.category,
        area=item.area,
        origin=item.origin,
        split=item.split,
    )
