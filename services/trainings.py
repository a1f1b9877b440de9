"""Trainings: asked for, listed, looked at. `training_runs` does the work."""

from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import (
    jobs,
    model_versions,
    projects,
    training_policies,
    training_sets,
    trainings,
)
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.projects import Project
from maskloop.platform.db.training_sets import TrainingSet
from maskloop.platform.db.trainings import Point, Training
from maskloop.platform.errors import (
    EmptyTrainingSetError,
    RefusedTransitionError,
)
from maskloop.platform.states import JobKind, ModelVersionState, TrainingReason
from maskloop.platform.training import Recipe, SetRule
from maskloop.services.model_versions import check_weights
from maskloop.services.runtime import Runtime
from maskloop.services.training_sets import freeze

EVALUATE = "evaluate"
"""Parameter of a training's job: 1 has its version evaluated when it is ready."""
BY_HAND = "somebody asked for it"


@dataclass(frozen=True)
class Prepared:
    """All that a training needs is there."""

    training_set: TrainingSet
    parent: ModelVersion
    recipe: Recipe


def prepare(
    runtime: Runtime,
    project_id: int,
    *,
    by: int,
    training_set_id: int | None = None,
    rule: SetRule | None = None,
    parent: int | None = None,
    recipe: Recipe | None = None,
) -> Prepared:
    """The set that is named, or one frozen by `rule`; what is not given is the policy's, and the
    parent the version that serves.

    Raises `NotFoundError`, `EmptyTrainingSetError`, `RefusedTransitionError` for a parent that is
    not ready, `WeightsMissingError` for one whose weights are lost.
    """
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        policy = training_policies.of_project(connection, project_id).policy
        version = _parent(connection, parent)
        named = None
        if training_set_id is not None:
            named = training_sets.by_id(connection, project_id, training_set_id)
    check_weights(runtime, version)
    frozen = named or freeze(runtime, project_id, rule or policy.rule, name=None, by=by)
    return Prepared(frozen, version, recipe or policy.recipe)


def _parent(connection: sa.Connection, number: int | None) -> ModelVersion:
    if number is None:
        return model_versions.serving(connection)
    return model_versions.known(connection, number)


def submit_training_in(
    connection: sa.Connection,
    project: Project,
    *,
    training_set: TrainingSet,
    parent: ModelVersion,
    recipe: Recipe,
    reason: TrainingReason,
    because: str,
    started_by: int | None,
    evaluate: bool = True,
) -> int:
    """Queue it, in the caller's transaction; its job. `evaluate` compares the version with the
    one that serves, as soon as it is ready.

    Raises `TrainingBusyError`, `EmptyTrainingSetError`, `RefusedTransitionError` for a parent that
    is not ready.
    """
    if parent.state is not ModelVersionState.READY:
        raise RefusedTransitionError("Model version", str(parent.id), parent.state, "trained from")
    if training_set.statistics.splits.train.annotations == 0:
        nothing = f"training set {training_set.id} has no annotation on its training side"
        raise EmptyTrainingSetError("train on", nothing)
    trainings.take_turn(connection, project.id)
    number = trainings.count(connection, project.id) + 1
    version = model_versions.begin_training(connection, parent, stem=project.name, number=number)
    job_id = jobs.insert(
        connection,
        project_id=project.id,
        kind=JobKind.TRAIN,
        parameters={EVALUATE: int(evaluate)},
        model_version_id=version.id,
        keep_candidates=False,
    )
    trainings.insert(
        connection,
        project_id=project.id,
        job_id=job_id,
        version_id=version.id,
        parent_id=parent.id,
        training_set_id=training_set.id,
        recipe=recipe,
        reason=reason,
        because=because,
        started_by=started_by,
    )
    return job_id


def submit_by_hand(
    runtime: Runtime,
    project_id: int,
    prepared: Prepared,
    *,
    by: int,
    because: str | None = None,
    evaluate: bool = True,
) -> int:
    """As `submit_training_in`, in a transaction of its own."""
    with runtime.engine.begin() as connection:
        return submit_by_hand_in(
            connection, project_id, prepared, by=by, because=because, evaluate=evaluate
        )


def submit_by_hand_in(
    connection: sa.Connection,
    project_id: int,
    prepared: Prepared,
    *,
    by: int,
    because: str | None = None,
    evaluate: bool = True,
) -> int:
    return submit_training_in(
        connection,
        projects.by_id(connection, project_id),
        training_set=prepared.training_set,
        parent=prepared.parent,
        recipe=prepared.recipe,
        reason=TrainingReason.BY_HAND,
        because=because or BY_HAND,
        started_by=by,
        evaluate=evaluate,
    )


def get(runtime: Runtime, project_id: int, job_id: int) -> Training:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return get_in(connection, project_id, job_id)


def get_in(connection: sa.Connection, project_id: int, job_id: int) -> Training:
    """`get` in the caller's transaction."""
    return trainings.of_job(connection, project_id, job_id)


def page(
    runtime: Runtime, project_id: int, *, before: int | None = None, limit: int = 100
) -> list[Training]:
    """Newest first, older than the job `before`."""
    with runtime.engine.connect() as connection:
        return trainings.page(connection, project_id, before=before, limit=limit)


def points(
    runtime: Runtime, project_id: int, job_id: int, *, after: int = -1, limit: int = 1000
) -> list[Point]:
    """By step, behind the step `after`. Raises `NotFoundError` for the training."""
    with runtime.engine.connect() as connection:
        trainings.of_job(connection, project_id, job_id)
        return trainings.points(connection, project_id, job_id, after=after, limit=limit)
