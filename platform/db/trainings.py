"""Rows of `trainings` and `training_points`: how jobs make model versions, and their curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_or

from maskloop.platform.db import jobs
from maskloop.platform.db.jobs import Lease
from maskloop.platform.db.learning_tables import training_points, training_sets, trainings
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import jobs as job_rows
from maskloop.platform.db.tables import model_versions, projects
from maskloop.platform.errors import NotFoundError, TrainingBusyError
from maskloop.platform.states import JobKind, JobState, ModelVersionState, TrainingReason
from maskloop.platform.training import Recipe


@dataclass(frozen=True)
class Point:
    """A place on the curves; `steps` are planned in all."""

    step: int
    steps: int
    figures: dict[str, float]
    at: datetime


@dataclass(frozen=True)
class Version:
    """As much of a model version as people want to see beside a training."""

    number: int
    name: str
    state: ModelVersionState


@dataclass(frozen=True)
class Training:
    """With what its job says."""

    job_id: int
    project_id: int
    state: JobState
    version: Version
    """That is made."""
    parent: Version
    training_set_id: int
    training_set: str
    training_set_digest: bytes
    recipe: Recipe
    reason: TrainingReason
    because: str
    started_by: str | None
    """None: a trigger."""
    replay: tuple[str, ...] | None
    """Keys of the images of its replay steps; None until it first began."""
    outcome: dict[str, Any] | None
    error_code: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    last_point: Point | None


def take_turn(connection: sa.Connection, project_id: int, *, job_id: int | None = None) -> None:
    """Until the end of the transaction no other training of the project is queued.

    Raises `TrainingBusyError` when one waits or runs already that is not `job_id`.
    """
    project = connection.execute(
        sa.select(projects.c.name)
        .where(projects.c.id == project_id)
        .with_for_update(key_share=True)
    ).scalar_one()
    busy = under_way(connection, project_id)
    if busy is not None and busy != job_id:
        raise TrainingBusyError(project, busy)


def under_way(connection: sa.Connection, project_id: int) -> int | None:
    """The job of the project's training that waits or runs."""
    return connection.execute(
        sa.select(job_rows.c.id).where(
            job_rows.c.project_id == project_id,
            job_rows.c.kind == JobKind.TRAIN,
            job_rows.c.state.in_((JobState.QUEUED, JobState.RUNNING)),
        )
    ).scalar_one_or_none()


def count(connection: sa.Connection, project_id: int) -> int:
    return connection.execute(
        sa.select(sa.func.count())
        .select_from(trainings)
        .where(trainings.c.project_id == project_id)
    ).scalar_one()


def insert(
    connection: sa.Connection,
    *,
    project_id: int,
    job_id: int,
    version_id: int,
    parent_id: int,
    training_set_id: int,
    recipe: Recipe,
    reason: TrainingReason,
    because: str,
    started_by: int | None,
) -> None:
    connection.execute(
        sa.insert(trainings).values(
            project_id=project_id,
            job_id=job_id,
            model_version_id=version_id,
            parent_id=parent_id,
            training_set_id=training_set_id,
            recipe=recipe.model_dump(mode="json"),
            reason=reason,
            because=because,
            started_by=started_by,
        )
    )


def let_version_follow(connection: sa.Connection, job_id: int) -> None:
    """After the job's state changed: its version is in training while the job waits or runs, and
    failed when the job ended without weights. Of a job that trains nothing, nothing changes."""
    follows = {
        ModelVersionState.TRAINING: (JobState.QUEUED, JobState.RUNNING),
        ModelVersionState.FAILED: (JobState.FAILED, JobState.CANCELLED, JobState.PAUSED),
    }
    for state, of_job in follows.items():
        (other,) = set(follows) - {state}
        made_by = sa.select(trainings.c.model_version_id).join(
            job_rows, job_rows.c.id == trainings.c.job_id
        )
        connection.execute(
            sa.update(model_versions)
            .where(
                model_versions.c.state == other,
                model_versions.c.id.in_(
                    made_by.where(trainings.c.job_id == job_id, job_rows.c.state.in_(of_job))
                ),
            )
            .values(state=state)
        )


def keep_replay(
    connection: sa.Connection, job_id: int, lease: Lease, keys: Sequence[str]
) -> tuple[str, ...] | None:
    """What the training replays: these, unless it was chosen before; None: the lease was lost."""
    if not jobs.still_held(connection, job_id, lease):
        return None
    kept: list[str] = connection.execute(
        sa.update(trainings)
        .where(trainings.c.job_id == job_id)
        .values(replay=sa.func.coalesce(trainings.c.replay, sa.type_coerce(list(keys), _JSON)))
        .returning(trainings.c.replay)
    ).scalar_one()
    return tuple(kept)


_JSON = trainings.c.replay.type


def write_point(
    connection: sa.Connection,
    job_id: int,
    lease: Lease,
    *,
    step: int,
    steps: int,
    figures: Mapping[str, float],
) -> bool:
    """False when the lease was lost. What an earlier worker wrote behind this step is removed."""
    if not jobs.still_held(connection, job_id, lease):
        return False
    connection.execute(
        sa.delete(training_points).where(
            training_points.c.job_id == job_id, training_points.c.step > step
        )
    )
    added = insert_or(training_points).values(
        job_id=job_id, step=step, steps=steps, figures=dict(figures)
    )
    # A step's own figures and those of the validation behind it come one after the other.
    both = training_points.c.figures.op("||")(added.excluded.figures)
    connection.execute(
        added.on_conflict_do_update(
            index_elements=["job_id", "step"],
            set_={"steps": steps, "figures": both, "created_at": sa.func.now()},
        )
    )
    return True


def points(
    connection: sa.Connection, project_id: int, job_id: int, *, after: int, limit: int
) -> list[Point]:
    """By step, behind the step `after`."""
    rows = connection.execute(
        sa.select(training_points)
        .join(trainings, trainings.c.job_id == training_points.c.job_id)
        .where(
            trainings.c.project_id == project_id,
            training_points.c.job_id == job_id,
            training_points.c.step > after,
        )
        .order_by(training_points.c.step)
        .limit(limit)
    )
    return [Point(row.step, row.steps, row.figures, row.created_at) for row in rows]


def set_outcome(connection: sa.Connection, job_id: int, outcome: Mapping[str, Any]) -> None:
    connection.execute(
        sa.update(trainings).where(trainings.c.job_id == job_id).values(outcome=dict(outcome))
    )


def of_job(connection: sa.Connection, project_id: int, job_id: int) -> Training:
    """Raises `NotFoundError`."""
    row = connection.execute(
        _trainings(project_id).where(trainings.c.job_id == job_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("training", str(job_id), "Look for it in the project's trainings.")
    return _training(row)


def page(
    connection: sa.Connection, project_id: int, *, before: int | None, limit: int
) -> list[Training]:
    """Newest first; `before` is the job of the last one that was seen."""
    wanted = _trainings(project_id)
    if before is not None:
        wanted = wanted.where(trainings.c.job_id < before)
    rows = connection.execute(wanted.order_by(trainings.c.job_id.desc()).limit(limit))
    return [_training(row) for row in rows]


def set_of_lineage(connection: sa.Connection, project_id: int, version_id: int) -> int | None:
    """The project's training set that the version, or else its nearest ancestor, was trained on."""
    line = (
        sa.select(
            model_versions.c.id, model_versions.c.parent_id, sa.literal(0).label("generation")
        )
        .where(model_versions.c.id == version_id)
        .cte("line", recursive=True)
    )
    older = sa.select(model_versions.c.id, model_versions.c.parent_id, line.c.generation + 1).join(
        line, line.c.parent_id == model_versions.c.id
    )
    line = line.union_all(older)
    return connection.execute(
        sa.select(trainings.c.training_set_id)
        .join(line, line.c.id == trainings.c.model_version_id)
        .where(trainings.c.project_id == project_id)
        .order_by(line.c.generation)
        .limit(1)
    ).scalar_one_or_none()


def _trainings(project_id: int) -> sa.Select[Any]:
    made, parent = model_versions.alias("made"), model_versions.alias("parent")
    last = (
        sa.select(training_points)
        .where(training_points.c.job_id == trainings.c.job_id)
        .order_by(training_points.c.step.desc())
        .limit(1)
        .lateral("last")
    )
    return (
        sa.select(
            trainings,
            job_rows.c.state,
            job_rows.c.error_code,
            job_rows.c.error,
            job_rows.c.started_at,
            job_rows.c.finished_at,
            training_sets.c.name.label("set_name"),
            training_sets.c.digest.label("set_digest"),
            users.c.name.label("starter"),
            made.c.name.label("made_name"),
            made.c.state.label("made_state"),
            parent.c.name.label("parent_name"),
            parent.c.state.label("parent_state"),
            last.c.step.label("last_step"),
            last.c.steps.label("last_steps"),
            last.c.figures.label("last_figures"),
            last.c.created_at.label("last_at"),
        )
        .join(job_rows, job_rows.c.id == trainings.c.job_id)
        .join(made, made.c.id == trainings.c.model_version_id)
        .join(parent, parent.c.id == trainings.c.parent_id)
        .join(training_sets, training_sets.c.id == trainings.c.training_set_id)
        .outerjoin(users, users.c.id == trainings.c.started_by)
        .outerjoin(last, sa.true())
        .where(trainings.c.project_id == project_id)
    )


def _training(row: sa.Row[Any]) -> Training:
    last = None
    if row.last_step is not None:
        last = Point(row.last_step, row.last_steps, row.last_figures, row.last_at)
    return Training(
        job_id=row.job_id,
        project_id=row.project_id,
        state=JobState(row.state),
        version=Version(row.model_version_id, row.made_name, ModelVersionState(row.made_state)),
        parent=Version(row.parent_id, row.parent_name, ModelVersionState(row.parent_state)),
        training_set_id=row.training_set_id,
        training_set=row.set_name,
        training_set_digest=bytes(row.set_digest),
        recipe=Recipe.model_validate(row.recipe),
        reason=TrainingReason(row.reason),
        because=row.because,
        started_by=row.starter,
        replay=None if row.replay is None else tuple(row.replay),
        outcome=row.outcome,
        error_code=row.error_code,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        last_point=last,
    )
