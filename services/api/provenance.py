"""/projects/{id}/annotations/{id}/provenance and that of a proposal: where a mask comes from."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.states import NeverTrained, ProposalState, Verdict
from maskloop.services import provenance
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.provenance import Provenance

router = APIRouter(tags=["provenance"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ImageNamed(Shown):
    """`sha256` of its bytes, in hex; `source`: where it came from."""

    id: int
    sha256: str
    source: str
    width: int
    height: int


class VersionShown(Shown):
    id: int
    name: str


class ParentShown(Shown):
    """The mask that this one was made from: the proposal, or an earlier revision."""

    kind: Literal["proposal", "revision"]
    id: int
    revision: int | None
    iou: float


class RevisionShown(Shown):
    """`version` that drew the mask, null by hand; `prompts` in their order; `seconds` of a person's
    work; `mask_digest`: sha256 of size and run lengths."""

    revision: int
    deleted: bool
    category: str
    author: str
    seconds: float | None
    at: datetime
    version: VersionShown | None
    prompts: list[dict[str, Any]]
    predicted_iou: float | None
    parent: ParentShown | None
    area: int
    mask_digest: str


class ProposedShown(Shown):
    """`parameters`: of everything-mode, by the job; `point_xy`: its prompt."""

    id: int
    state: ProposalState
    version: VersionShown
    job_id: int
    parameters: dict[str, Any]
    point_xy: tuple[float, float]
    predicted_iou: float
    stability_score: float
    area: int
    mask_digest: str
    at: datetime


class SaidShown(Shown):
    """`by_itself`: accepted by evidence, without a look. `withdrawn_at`: when it was taken back."""

    of: Literal["proposal", "annotation"]
    verdict: Verdict
    reviewer: str
    annotation_id: int | None
    revision: int | None
    reason: str | None
    seconds: float | None
    by_itself: bool
    at: datetime
    withdrawn_at: datetime | None


class ProvenanceShown(Shown):
    """`mark`: gold or planted, told to those who manage the project. Of a proposal there is no
    annotation and there are no revisions; of a mask that none proposed, `proposed` is null."""

    annotation_id: int | None
    image: ImageNamed
    proposed: ProposedShown | None
    revisions: list[RevisionShown]
    verdicts: list[SaidShown]
    mark: NeverTrained | None


@router.get(
    "/projects/{project_id}/annotations/{annotation_id}/provenance",
    summary="Where an annotation's mask comes from",
)
def of_annotation(request: Request, annotation_id: Id, access: Viewer) -> ProvenanceShown:
    """Every revision, of a deleted annotation too, and every verdict."""
    found = provenance.of_annotation(
        context_of(request).runtime,
        access.project_id,
        annotation_id,
        tells_marks=Permission.MANAGE in access.permissions,
    )
    return shown(found)


@router.get(
    "/projects/{project_id}/proposals/{proposal_id}/provenance",
    summary="Where a proposal comes from",
)
def of_proposal(request: Request, proposal_id: Id, access: Viewer) -> ProvenanceShown:
    """Its version, parameters and prompt, and every verdict."""
    runtime = context_of(request).runtime
    return shown(provenance.of_proposal(runtime, access.project_id, proposal_id))


def shown(found: Provenance) -> ProvenanceShown:
    image = found.image
    named = ImageNamed(
        id=image.id,
        sha256=image.sha256.hex(),
        source=image.source_uri,
        width=image.width,
        height=image.height,
    )
    return ProvenanceShown.model_validate({**vars(found), "image": named}, from_attributes=True)
