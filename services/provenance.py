"""Where a mask comes from: its image, the model version and prompts that made it, the mask before
it, who made it in how long, and what others said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from maskloop.platform.db import (
    annotations,
    images,
    jobs,
    model_versions,
    proposals,
    verdict_history,
)
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.images import Image
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.db.verdict_history import Said
from maskloop.platform.masks import Rle, mask_iou
from maskloop.platform.states import NeverTrained, ProposalState
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class VersionNamed:
    id: int
    name: str


@dataclass(frozen=True)
class Parent:
    """The mask that another was made from; `revision` where it is an earlier one of the same
    annotation. `iou`: of the two."""

    kind: Literal["proposal", "revision"]
    id: int
    revision: int | None
    iou: float


@dataclass(frozen=True)
class Revision:
    """`version`: which drew the mask; None: by hand. `prompts`: in the order they were asked."""

    revision: int
    deleted: bool
    category: str
    author: str
    seconds: float | None
    at: datetime
    version: VersionNamed | None
    prompts: Sequence[Mapping[str, Any]]
    predicted_iou: float | None
    parent: Parent | None
    area: int
    mask_digest: str


@dataclass(frozen=True)
class Proposed:
    """`parameters`: of the job, as everything-mode was asked."""

    id: int
    state: ProposalState
    version: VersionNamed
    job_id: int
    parameters: Mapping[str, Any]
    point_xy: tuple[float, float]
    predicted_iou: float
    stability_score: float
    area: int
    mask_digest: str
    at: datetime


@dataclass(frozen=True)
class Provenance:
    """`mark`: gold or planted, for whoever may know. `verdicts`: on the proposal, then second looks
    at the annotation; withdrawn ones too."""

    annotation_id: int | None
    image: Image
    proposed: Proposed | None
    revisions: Sequence[Revision]
    verdicts: Sequence[Said]
    mark: NeverTrained | None


def of_annotation(
    runtime: Runtime, project_id: int, annotation_id: int, *, tells_marks: bool
) -> Provenance:
    """Of a deleted one too. `tells_marks`: whoever reviews must not learn which masks are checks.

    Raises `NotFoundError`.
    """
    with runtime.engine.connect() as connection:
        history = annotations.history(connection, project_id, annotation_id)
        if not history:
            raise annotations.missing(annotation_id)
        first = history[0]
        source = None
        said: list[Said] = []
        if first.proposal_id is not None:
            source = proposals.by_id(connection, project_id, first.proposal_id)
            said = verdict_history.of_proposal(connection, project_id, first.proposal_id)
        said += verdict_history.of_annotation(connection, project_id, annotation_id)
        mark = verdict_history.mark_of(connection, project_id, annotation_id)
        return Provenance(
            annotation_id=annotation_id,
            image=images.by_id(connection, project_id, first.image_id),
            proposed=None if source is None else _proposed(connection, project_id, source),
            revisions=_revisions(connection, history, source),
            verdicts=said,
            mark=mark if tells_marks else None,
        )


def of_proposal(runtime: Runtime, project_id: int, proposal_id: int) -> Provenance:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        source = proposals.by_id(connection, project_id, proposal_id)
        return Provenance(
            annotation_id=None,
            image=images.by_id(connection, project_id, source.image_id),
            proposed=_proposed(connection, project_id, source),
            revisions=(),
            verdicts=verdict_history.of_proposal(connection, project_id, proposal_id),
            mark=None,
        )


def _proposed(connection: sa.Connection, project_id: int, source: Proposal) -> Proposed:
    job = jobs.by_id(connection, source.job_id, project_id)
    return Proposed(
        id=source.id,
        state=source.state,
        version=_version(connection, source.model_version_id),
        job_id=source.job_id,
        parameters=job.parameters,
        point_xy=source.mask.point_xy,
        predicted_iou=source.mask.predicted_iou,
        stability_score=source.mask.stability_score,
        area=source.mask.area,
        mask_digest=source.mask.rle.digest.hex(),
        at=source.created_at,
    )


def _revisions(
    connection: sa.Connection, history: Sequence[Annotation], source: Proposal | None
) -> list[Revision]:
    found = []
    before: Annotation | None = None
    for one in history:
        drew = one.drawing.model_version_id
        found.append(
            Revision(
                revision=one.revision,
                deleted=one.deleted,
                category=one.category,
                author=one.author,
                seconds=one.drawing.seconds,
                at=one.created_at,
                version=None if drew is None else _version(connection, drew),
                prompts=one.drawing.prompts,
                predicted_iou=one.drawing.predicted_iou,
                parent=_parent(one, before, source),
                area=one.drawing.mask.area,
                mask_digest=one.drawing.mask.rle.digest.hex(),
            )
        )
        before = one
    return found


def _parent(one: Annotation, before: Annotation | None, source: Proposal | None) -> Parent | None:
    if before is not None:
        iou = _iou(one, before.drawing.mask.rle)
        return Parent("revision", before.id, before.revision, iou)
    if source is not None:
        return Parent("proposal", source.id, None, _iou(one, source.mask.rle))
    return None


def _iou(one: Annotation, parent: Rle) -> float:
    """As it was stored; of rows from before it was, measured now."""
    return mask_iou(parent, one.drawing.mask.rle) if one.parent_iou is None else one.parent_iou


def _version(connection: sa.Connection, version_id: int) -> VersionNamed:
    found = model_versions.known(connection, version_id)
    return VersionNamed(found.id, found.name)
