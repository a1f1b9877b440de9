"""Evaluations: asked for, listed, looked at. `evaluation_runs` does the work."""

from typing import Final, Self

import sqlalchemy as sa

from maskloop.platform.db import (
    evaluations,
    jobs,
    model_versions,
    projects,
    training_policies,
    training_sets,
)
from maskloop.platform.db.evaluations import Evaluation
from maskloop.platform.db.jobs import Job
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.projects import Project
from maskloop.platform.db.training_sets import TrainingSet
from maskloop.platform.errors import (
    BadParametersError,
    EmptyTrainingSetError,
    NotFoundError,
    RefusedTransitionError,
)
from maskloop.platform.evaluation import Protocol
from maskloop.platform.states import JobKind, ModelVersionState
from maskloop.platform.training import Frozen, GeneralSet
from maskloop.services.runtime import Runtime

USUAL: Final = Protocol()
_MEASURABLE: Final = (ModelVersionState.READY, ModelVersionState.RETIRED)


class EvaluationParameters(Frozen):
    """Of an evaluation's job. `project`: whose set it is."""

    challenger: int
    champion: int
    project: int
    training_set_id: int
    general: GeneralSet | None = None
    protocol: Protocol = Protocol()

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls.model_validate(job.parameters)


def submit_evaluation(
    runtime: Runtime,
    project_id: int,
    *,
    challenger_id: int,
    champion_id: int | None = None,
    training_set_id: int | None = None,
    general: GeneralSet | None = None,
    protocol: Protocol = USUAL,
) -> int:
    """`submit_wanted_in` in a transaction of its own."""
    with runtime.engine.begin() as connection:
        return submit_wanted_in(
            connection,
            project_id,
            challenger_id=challenger_id,
            champion_id=champion_id,
            training_set_id=training_set_id,
            general=general,
            protocol=protocol,
        )


def submit_wanted_in(
    connection: sa.Connection,
    project_id: int,
    *,
    challenger_id: int,
    champion_id: int | None = None,
    training_set_id: int | None = None,
    general: GeneralSet | None = None,
    protocol: Protocol = USUAL,
) -> int:
    """Queue an evaluation, in the caller's transaction; its job. What is not named is the version
    that serves, the project's newest set, and the general set of its policy.

    Raises `NotFoundError` and what `submit_evaluation_in` raises.
    """
    project = projects.by_id(connection, project_id)
    if champion_id is None:
        champion_id = model_versions.serving(connection).id
    if general is None:
        general = training_policies.of_project(connection, project_id).policy.general
    return submit_evaluation_in(
        connection,
        project,
        challenger_id=challenger_id,
        champion_id=champion_id,
        training_set=_training_set(connection, project, training_set_id),
        general=general,
        protocol=protocol,
    )


def submit_evaluation_in(
    connection: sa.Connection,
    project: Project,
    *,
    challenger_id: int,
    champion_id: int,
    training_set: TrainingSet,
    general: GeneralSet | None,
    protocol: Protocol,
) -> int:
    """Queue the comparison of two versions on a set's hold-out, and the gate behind it, in the
    caller's transaction; its job.

    Raises `NotFoundError`, `BadParametersError` for a version beside itself,
    `RefusedTransitionError` for one that has no weights yet or may not be promoted, and
    `EmptyTrainingSetError` where nothing is held out.
    """
    if challenger_id == champion_id:
        raise BadParametersError("against", champion_id, "compare a version with another one")
    challenger = model_versions.known(connection, challenger_id)
    if challenger.state is not ModelVersionState.READY:
        raise _refused(challenger)
    champion = model_versions.known(connection, champion_id)
    if champion.state not in _MEASURABLE:
        raise _refused(champion)
    check_holdout(training_set)
    if general is not None:
        check_holdout(training_sets.by_id(connection, general.project_id, general.training_set_id))
    parameters = EvaluationParameters(
        challenger=challenger_id,
        champion=champion_id,
        project=project.id,
        training_set_id=training_set.id,
        general=general,
        protocol=protocol,
    )
    return jobs.insert(
        connection,
        project_id=project.id,
        kind=JobKind.EVALUATE,
        parameters=parameters.model_dump(mode="json"),
        model_version_id=challenger_id,
        keep_candidates=False,
    )


def check_holdout(training_set: TrainingSet) -> None:
    """Raises `EmptyTrainingSetError`."""
    if not training_set.statistics.splits.holdout.annotations:
        reason = f"no image of training set {training_set.name} is held out"
        raise EmptyTrainingSetError("evaluate", reason)


def get(runtime: Runtime, project_id: int, evaluation_id: int) -> Evaluation:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return evaluations.by_id(connection, project_id, evaluation_id)


def page(
    runtime: Runtime,
    project_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    model_version_id: int | None = None,
    training_set_id: int | None = None,
) -> list[Evaluation]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return evaluations.page(
            connection,
            project_id,
            before=before,
            limit=limit,
            model_version_id=model_version_id,
            training_set_id=training_set_id,
        )


def _training_set(connection: sa.Connection, project: Project, set_id: int | None) -> TrainingSet:
    if set_id is not None:
        return training_sets.by_id(connection, project.id, set_id)
    newest = training_sets.page(connection, project.id, limit=1)
    if not newest:
        hint = f"Freeze one with: maskloop training-set freeze {project.name}"
        raise NotFoundError("training set", f"in project {project.name}", hint)
    return newest[0]


def _refused(version: ModelVersion) -> RefusedTransitionError:
    return RefusedTransitionError("Model version", str(version.id), version.state, "evaluated")
