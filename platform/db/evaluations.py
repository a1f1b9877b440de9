"""Rows of `evaluations`: one version measured on one hold-out by one protocol, once and for all."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_into

from maskloop.platform.db.learning_tables import evaluations
from maskloop.platform.db.tables import jobs
from maskloop.platform.errors import NotFoundError
from maskloop.platform.evaluation import Protocol, Summary


@dataclass(frozen=True)
class Evaluation:
    id: int
    project_id: int
    model_version_id: int
    training_set_id: int
    protocol: Protocol
    summary: Summary
    scores_key: str
    job_id: int | None
    """None for a job of another project, to which this set is the general one."""
    created_at: datetime


def digest_of(protocol: Protocol) -> bytes:
    """Equal for equal protocols."""
    told = json.dumps(protocol.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).digest()


def insert(
    connection: sa.Connection,
    *,
    project_id: int,
    model_version_id: int,
    training_set_id: int,
    protocol: Protocol,
    summary: Summary,
    scores_key: str,
    job_id: int,
) -> bool:
    """False when somebody else measured the same first; theirs stays."""
    statement = (
        insert_into(evaluations)
        .values(
            project_id=project_id,
            model_version_id=model_version_id,
            training_set_id=training_set_id,
            protocol=protocol.model_dump(mode="json"),
            protocol_digest=digest_of(protocol),
            summary=summary.model_dump(mode="json"),
            scores_key=scores_key,
            job_id=job_id,
        )
        .on_conflict_do_nothing(
            index_elements=[
                "project_id",
                "model_version_id",
                "training_set_id",
                "protocol_digest",
            ]
        )
    )
    return connection.execute(statement).rowcount == 1


def find(
    connection: sa.Connection,
    project_id: int,
    *,
    model_version_id: int,
    training_set_id: int,
    protocol: Protocol,
) -> Evaluation | None:
    row = connection.execute(
        _evaluations(project_id).where(
            evaluations.c.model_version_id == model_version_id,
            evaluations.c.training_set_id == training_set_id,
            evaluations.c.protocol_digest == digest_of(protocol),
        )
    ).one_or_none()
    return None if row is None else _evaluation(row)


def by_id(connection: sa.Connection, project_id: int, evaluation_id: int) -> Evaluation:
    """Raises `NotFoundError`."""
    row = connection.execute(
        _evaluations(project_id).where(evaluations.c.id == evaluation_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("evaluation", str(evaluation_id), "Look for it among the project's.")
    return _evaluation(row)


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None,
    limit: int,
    model_version_id: int | None = None,
    training_set_id: int | None = None,
) -> list[Evaluation]:
    """Newest first, older than the id `before`."""
    wanted = _evaluations(project_id)
    if before is not None:
        wanted = wanted.where(evaluations.c.id < before)
    if model_version_id is not None:
        wanted = wanted.where(evaluations.c.model_version_id == model_version_id)
    if training_set_id is not None:
        wanted = wanted.where(evaluations.c.training_set_id == training_set_id)
    rows = connection.execute(wanted.order_by(evaluations.c.id.desc()).limit(limit))
    return [_evaluation(row) for row in rows]


def of_version(
    connection: sa.Connection, project_ids: Collection[int], model_version_id: int
) -> list[Evaluation]:
    """On the sets of these projects, newest first."""
    wanted = (
        sa.select(evaluations, evaluations.c.job_id.label("own_job_id"))
        .where(
            evaluations.c.project_id.in_(project_ids),
            evaluations.c.model_version_id == model_version_id,
        )
        .order_by(evaluations.c.id.desc())
    )
    return [_evaluation(row) for row in connection.execute(wanted)]


def _evaluations(project_id: int) -> sa.Select[tuple[object, ...]]:
    own = sa.and_(jobs.c.id == evaluations.c.job_id, jobs.c.project_id == project_id)
    return (
        sa.select(evaluations, jobs.c.id.label("own_job_id"))
        .outerjoin(jobs, own)
        .where(evaluations.c.project_id == project_id)
    )


def _evaluation(row: sa.Row[tuple[object, ...]]) -> Evaluation:
    return Evaluation(
        id=row.id,
        project_id=row.project_id,
        model_version_id=row.model_version_id,
        training_set_id=row.training_set_id,
        protocol=Protocol.model_validate(row.protocol),
        summary=Summary.model_validate(row.summary),
        scores_key=row.scores_key,
        job_id=row.own_job_id,
        created_at=row.created_at,
    )
