"""The data engine's stages as modes of a project (Segment Anything, section 4): where people begin,
and what the label page shows them of what the model proposes."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db import audit_events, auto_accepts, model_versions, projects
from maskloop.platform.states import ProjectMode, QueueOrder, QueueSubject
from maskloop.services.auto_accept_offers import Terms, offer_in
from maskloop.services.runtime import Runtime

UNPROVEN: Final = 0.9
"""Predicted IoU from which masks are filled in as long as no audits say from where on: a default
and no evidence."""


@dataclass(frozen=True)
class Filling:
    """What the label page does with proposals, by their predicted IoU.

    `shown_from`: None shows none at first. `filled_from`: from here on they are filled in, for a
    person to keep or not; None fills in none. `by_evidence`: the score follows from audits.
    """

    shown_from: float | None
    filled_from: float | None
    by_evidence: bool
    because: str


@dataclass(frozen=True)
class ModeView:
    """`starts_with_review`: people begin at the review queues, not at the images to label.
    `subject`, `ordering`: of a new queue where nothing else is said."""

    mode: ProjectMode
    starts_with_review: bool
    filling: Filling
    subject: QueueSubject
    ordering: QueueOrder


def mode_of(runtime: Runtime, project_id: int) -> ProjectMode:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return projects.mode(connection, project_id)


def view(runtime: Runtime, project_id: int) -> ModeView:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        mode = projects.mode(connection, project_id)
        filling = _filling(connection, project_id, mode)
    # While people draw, a second pair of eyes is for what they drew.
    assisted = mode is ProjectMode.ASSISTED
    return ModeView(
        mode=mode,
        starts_with_review=mode is ProjectMode.AUTOMATIC,
        filling=filling,
        subject=QueueSubject.ANNOTATIONS if assisted else QueueSubject.PROPOSALS,
        ordering=QueueOrder.OLDEST if assisted else QueueOrder.DOUBT,
    )


def change(runtime: Runtime, project_id: int, mode: ProjectMode, *, by: int) -> ModeView:
    """Nothing that is stored changes but the mode. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        before = projects.set_mode(connection, project_id, mode)
        if before is not mode:
            audit_events.record(
                connection,
                project_id=project_id,
                user_id=by,
                action="mode_changed",
                subject="project",
                subject_id=project_id,
                detail={"before": before, "after": mode},
            )
    return view(runtime, project_id)


def _filling(connection: sa.Connection, project_id: int, mode: ProjectMode) -> Filling:
    if mode is ProjectMode.ASSISTED:
        return Filling(None, None, False, "people draw first; proposals are shown when asked for")
    if mode is ProjectMode.AUTOMATIC:
        return Filling(0.0, None, False, "proposals are judged in the review queues")
    threshold, because = _confident(connection, project_id)
    if threshold is None:
        return Filling(0.0, UNPROVEN, False, f"{UNPROVEN:g} is a default: {because}")
    return Filling(0.0, threshold, True, because)


def _confident(connection: sa.Connection, project_id: int) -> tuple[float | None, str]:
    """From which score on the serving version's masks may be filled in, and why."""
    if not model_versions.any_promoted(connection):
        return None, "no model version serves yet"
    version = model_versions.serving(connection)
    active = auto_accepts.active(connection, project_id, version.id)
    if active is not None:
        return active.threshold, f"auto-accept {active.id} is on from there"
    offer = offer_in(connection, project_id, Terms(), category_id=None, model_version_id=version.id)
    return offer.threshold, offer.because
