"""/projects/{id}/training-policy and training-status: how a project is trained, and whether it is
time to."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from maskloop.platform.access import Permission
from maskloop.platform.db.training_policies import KeptPolicy
from maskloop.platform.drift import Drift
from maskloop.platform.errors import NotFoundError
from maskloop.platform.states import TrainingReason
from maskloop.platform.training import Policy
from maskloop.services import training_policies, triggers
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.trainings import TrainingShown, shown

router = APIRouter(tags=["trainings"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Trainer = Annotated[ProjectAccess, Depends(project(Permission.TRAIN))]


class PolicyShown(Policy):
    """`updated_by`: a name; null where these are the defaults."""

    updated_by: str | None
    updated_at: datetime | None


class DriftShown(BaseModel):
    """Of the serving version's proposals. `before`: its first reviews, a window of them; `now`: the
    newest; null while there are too few. `reviews`: in all."""

    edit_distance_before: float | None
    edit_distance_now: float | None
    acceptance_before: float | None
    acceptance_now: float | None
    reviews: int


class ServingVersion(BaseModel):
    number: int
    name: str


class TrainingStatus(BaseModel):
    """`due`: there is a `reason`, people are quiet, and no training is under way; `because` says it
    in words. `corrections`: since the newest set that a training used, of `needed`."""

    model_config = ConfigDict(protected_namespaces=())

    serving: ServingVersion | None
    corrections: int
    needed: int
    drift: DriftShown
    due: bool
    reason: TrainingReason | None
    because: str
    quiet_for_seconds: float | None
    running_job: int | None
    last_training: TrainingShown | None


@router.get("/projects/{project_id}/training-policy", summary="How a project is trained")
def get(request: Request, access: Viewer) -> PolicyShown:
    return _policy(training_policies.get(context_of(request).runtime, access.project_id))


@router.put("/projects/{project_id}/training-policy", summary="Change how a project is trained")
def put(request: Request, policy: Policy, access: Trainer) -> PolicyShown:
    """What is left out has its default, not what it was."""
    context = context_of(request)
    if (general := policy.general) is not None:
        seen = context.principals.permissions(access.principal, general.project_id)
        if Permission.VIEW not in seen:
            hint = "The policy's general set is to be one of a project that you see."
            raise NotFoundError("training set", str(general.training_set_id), hint)
    by = access.principal.user_id
    return _policy(training_policies.put(context.runtime, access.project_id, policy, by=by))


@router.get("/projects/{project_id}/training-status", summary="Whether it is time to train")
def status(request: Request, access: Viewer) -> TrainingStatus:
    found = triggers.due(context_of(request).runtime, access.project_id)
    serving = found.serving
    return TrainingStatus(
        serving=None if serving is None else ServingVersion(number=serving.id, name=serving.name),
        corrections=found.corrections,
        needed=found.needed,
        drift=_drift(found.drift),
        due=found.due,
        reason=found.reason,
        because=found.because,
        quiet_for_seconds=found.quiet_seconds,
        running_job=found.running_job,
        last_training=None if found.last_training is None else shown(found.last_training),
    )


def _policy(kept: KeptPolicy) -> PolicyShown:
    return PolicyShown(
        **kept.policy.model_dump(), updated_by=kept.updated_by, updated_at=kept.updated_at
    )


def _drift(drift: Drift) -> DriftShown:
    windows = {}
    for when, window in (("before", drift.before), ("now", drift.now)):
        figures = {} if window is None else asdict(window)
        for name in ("edit_distance", "acceptance"):
            windows[f"{name}_{when}"] = figures.get(name)
    return DriftShown(reviews=drift.reviews, **windows)
