"""Triggers: when a project's training is due, and why; with automatic ones it also begins."""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db import (
    corrections,
    model_versions,
    projects,
    training_policies,
    training_sets,
    trainings,
)
from maskloop.platform.db.database import now
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.training_policies import KeptPolicy
from maskloop.platform.db.trainings import Training
from maskloop.platform.drift import Drift, Window
from maskloop.platform.errors import MaskloopError
from maskloop.platform.states import TrainingReason
from maskloop.platform.training import Triggers
from maskloop.services.runtime import Runtime
from maskloop.services.trainings import prepare, submit_training_in

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Due:
    """Where a project stands between two trainings."""

    serving: ModelVersion | None
    corrections: int
    """Since the newest set that a training used, or that the serving version descends from."""
    needed: int
    drift: Drift
    reason: TrainingReason | None
    """What makes a training due, whether or not it has to wait; None: nothing does."""
    because: str
    """In words."""
    quiet_seconds: float | None
    """Since somebody changed something; None: nobody ever did."""
    running_job: int | None
    last_training: Training | None
    due: bool
    """There is a reason, people are quiet, and no training is under way."""


def due(runtime: Runtime, project_id: int) -> Due:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        policy = training_policies.of_project(connection, project_id).policy
        return due_in(connection, project_id, policy.triggers)


def due_in(connection: sa.Connection, project_id: int, triggers: Triggers) -> Due:
    """`due` in the caller's transaction."""
    serving = None
    if model_versions.any_promoted(connection):
        serving = model_versions.serving(connection)
    last = next(iter(trainings.page(connection, project_id, before=None, limit=1)), None)
    since = _since(connection, project_id, serving, last)
    corrected = corrections.count(connection, project_id, since=since)
    drift, told = Drift(), None
    if serving is not None:
        drift = _drift(connection, project_id, serving.id, triggers.window)
        told = _new_drift(connection, project_id, serving.id, last, drift, triggers)
    reason, because = _reason(corrected, since, told, triggers)
    quiet = _quiet_seconds(connection, project_id)
    busy = trainings.under_way(connection, project_id)
    waits = _waits(quiet, busy, triggers, serving)
    return Due(
        serving=serving,
        corrections=corrected,
        needed=triggers.corrections,
        drift=drift,
        reason=reason,
        because=f"{because}; {waits}" if reason and waits else because,
        quiet_seconds=quiet,
        running_job=busy,
        last_training=last,
        due=reason is not None and waits is None,
    )


def _since(
    connection: sa.Connection,
    project_id: int,
    serving: ModelVersion | None,
    last: Training | None,
) -> datetime | None:
    """When the newest set was frozen that was learned from, or was to be.

    The last training's counts whatever came of it: a challenger that the gate refused, or a
    training that failed, must not make the next one due over the same corrections.
    """
    ids = set() if last is None else {last.training_set_id}
    if serving is not None:
        of_serving = trainings.set_of_lineage(connection, project_id, serving.id)
        ids |= set() if of_serving is None else {of_serving}
    frozen = [training_sets.by_id(connection, project_id, found).created_at for found in ids]
    return max(frozen, default=None)


def _drift(connection: sa.Connection, project_id: int, version_id: int, window: int) -> Drift:
    """Windows that do not overlap."""
    reviews = corrections.count_judged(connection, project_id, version_id)
    before = now = None
    if reviews >= window:
        first = corrections.first_judged(connection, project_id, version_id, limit=window)
        before = Window.of(first)
    if reviews >= 2 * window:
        newest = corrections.newest_judged(connection, project_id, version_id, limit=window)
        now = Window.of(newest)
    return Drift(reviews, before, now)


def _new_drift(
    connection: sa.Connection,
    project_id: int,
    version_id: int,
    last: Training | None,
    drift: Drift,
    triggers: Triggers,
) -> str | None:
    """In words. Reviews before the last training have had their training."""
    told = drift.told(triggers)
    if told is None or last is None:
        return told
    since = corrections.count_judged(connection, project_id, version_id, since=last.created_at)
    return told if since >= triggers.window else None


def _reason(
    corrected: int, since: datetime | None, drift: str | None, triggers: Triggers
) -> tuple[TrainingReason | None, str]:
    behind = "" if since is None else f" since the last set was frozen ({since:%Y-%m-%d %H:%M} UTC)"
    counted = f"{corrected} corrections{behind}; {triggers.corrections} make a training due"
    if corrected >= triggers.corrections:
        return TrainingReason.CORRECTIONS, counted
    if drift is not None:
        return TrainingReason.DRIFT, drift
    return None, counted


def _quiet_seconds(connection: sa.Connection, project_id: int) -> float | None:
    changed = corrections.last_change(connection, project_id)
    return None if changed is None else (now(connection) - changed).total_seconds()


def _waits(
    quiet: float | None, busy: int | None, triggers: Triggers, serving: ModelVersion | None
) -> str | None:
    """Why nothing begins although there is a reason; None: it may."""
    if serving is None:
        return "no model version serves yet, to train from"
    if busy is not None:
        return f"training {busy} is under way"
    if quiet is not None and quiet < triggers.debounce_minutes * 60:
        return f"it waits until nobody changed anything for {triggers.debounce_minutes:g} minutes"
    return None


def keep_triggering(
    runtime: Runtime, stop: threading.Event, *, poll_seconds: float = _POLL_SECONDS
) -> None:
    """Until `stop` is set: begin what is due in the projects whose policy says so.

    Trainings are evaluated when they are ready, as their jobs say.
    """
    seen: dict[int, object] = {}
    while not stop.is_set():
        try:
            trigger_all(runtime, seen)
        except MaskloopError as error:  # the database may answer again
            logger.warning("triggers.silent error=%s", error)
        stop.wait(poll_seconds)


def trigger_all(runtime: Runtime, seen: dict[int, object]) -> list[int]:
    """One look at every such project; the jobs that were queued.

    `seen`: by project what a look found that changed nothing, and is not looked into again.
    """
    with runtime.engine.connect() as connection:
        found = training_policies.automatic(connection)
    begun = [_trigger(runtime, project_id, seen) for project_id in found]
    return [job_id for job_id in begun if job_id is not None]


def _trigger(runtime: Runtime, project_id: int, seen: dict[int, object]) -> int | None:
    with runtime.engine.connect() as connection:
        kept = training_policies.of_project(connection, project_id)
        last_change = corrections.last_change(connection, project_id)
        found = due_in(connection, project_id, kept.policy.triggers)
    if not found.due:
        return None
    key = (last_change, kept, found.serving)
    if seen.get(project_id) == key:
        return None
    seen[project_id] = key
    try:
        return _begin(runtime, project_id, kept, found)
    except MaskloopError as error:  # it is for people to put right; the next change tries again
        logger.warning("training.not_begun project=%d error=%s", project_id, error)
        return None


def _begin(runtime: Runtime, project_id: int, kept: KeptPolicy, found: Due) -> int | None:
    """The job; None where the rule's set is the one that was trained on last."""
    assert kept.updated_by_id is not None, "an automatic policy was put by somebody"
    assert found.reason is not None, "it is due"
    prepared = prepare(runtime, project_id, by=kept.updated_by_id)
    last = found.last_training
    if last is not None and last.training_set_id == prepared.training_set.id:
        logger.info(
            "training.not_begun project=%d reason=the rule's set is that of training %d",
            project_id,
            last.job_id,
        )
        return None
    with runtime.engine.begin() as connection:
        job_id = submit_training_in(
            connection,
            projects.by_id(connection, project_id),
            training_set=prepared.training_set,
            parent=prepared.parent,
            recipe=prepared.recipe,
            reason=found.reason,
            because=found.because,
            started_by=None,
        )
    logger.info("training.begun project=%d job=%d because=%s", project_id, job_id, found.because)
    return job_id
