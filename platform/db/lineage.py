"""Where model versions come from: the training that made each, as `trainings` and what it points at
have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.learning_tables import training_sets, trainings
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import jobs, projects
from maskloop.platform.states import TrainingReason
from maskloop.platform.training import Recipe


@dataclass(frozen=True)
class Lineage:
    """Of a version that was trained here; one that came with its weights has none."""

    version_id: int
    parent_id: int
    project_id: int
    project: str
    training_set_id: int
    training_set: str
    job_id: int
    recipe: Recipe
    reason: TrainingReason
    because: str
    started_by: str | None
    """A person's name; None: a trigger."""
    outcome: dict[str, Any] | None
    """As `trainings` keeps it; None until it has ended."""
    started_at: datetime | None
    finished_at: datetime | None


def of_versions(
    connection: sa.Connection, versions: Sequence[int] | None = None
) -> dict[int, Lineage]:
    """By version; of all where none are named."""
    wanted = (
        sa.select(
            trainings,
            projects.c.name.label("project"),
            training_sets.c.name.label("training_set"),
            users.c.name.label("starter"),
            jobs.c.started_at,
            jobs.c.finished_at,
        )
        .join(projects, projects.c.id == trainings.c.project_id)
        .join(training_sets, training_sets.c.id == trainings.c.training_set_id)
        .join(jobs, jobs.c.id == trainings.c.job_id)
        .outerjoin(users, users.c.id == trainings.c.started_by)
    )
    if versions is not None:
        wanted = wanted.where(trainings.c.model_version_id.in_(versions))
    return {row.model_version_id: _lineage(row) for row in connection.execute(wanted)}


def _lineage(row: sa.Row[tuple[object, ...]]) -> Lineage:
    return Lineage(
        version_id=row.model_version_id,
        parent_id=row.parent_id,
        project_id=row.project_id,
        project=row.project,
        training_set_id=row.training_set_id,
        training_set=row.training_set,
        job_id=row.job_id,
        recipe=Recipe.model_validate(row.recipe),
        reason=TrainingReason(row.reason),
        because=row.because,
        started_by=row.starter,
        outcome=row.outcome,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
