"""Rows of `gate_results`: what the gate said of a challenger beside a champion."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from maskloop.platform.db.learning_tables import gate_results
from maskloop.platform.errors import NotFoundError
from maskloop.platform.evaluation import Comparison, GateResult, RuleOutcome
from maskloop.platform.training import GatePolicy


@dataclass(frozen=True)
class StoredGateResult:
    id: int
    project_id: int
    challenger_id: int
    champion_id: int
    training_set_id: int
    general_set_id: int | None
    policy: GatePolicy
    comparison: Comparison
    result: GateResult
    job_id: int
    created_at: datetime

    @property
    def passed(self) -> bool:
        return self.result.passed

    @property
    def broken_rules(self) -> list[str]:
        """Names of the rules that failed."""
        return [rule.name for rule in self.result.rules if rule.outcome is RuleOutcome.FAILED]


def insert(
    connection: sa.Connection,
    *,
    project_id: int,
    challenger_id: int,
    champion_id: int,
    training_set_id: int,
    general_set_id: int | None,
    policy: GatePolicy,
    comparison: Comparison,
    result: GateResult,
    job_id: int,
) -> int:
    statement = (
        sa.insert(gate_results)
        .values(
            project_id=project_id,
            challenger_id=challenger_id,
            champion_id=champion_id,
            training_set_id=training_set_id,
            general_set_id=general_set_id,
            policy=policy.model_dump(mode="json"),
            comparison=comparison.model_dump(mode="json"),
            rules=[rule.model_dump(mode="json") for rule in result.rules],
            passed=result.passed,
            job_id=job_id,
        )
        .returning(gate_results.c.id)
    )
    made: int = connection.execute(statement).scalar_one()
    return made


def by_id(connection: sa.Connection, project_id: int, gate_result_id: int) -> StoredGateResult:
    """Raises `NotFoundError`."""
    row = connection.execute(
        sa.select(gate_results).where(
            gate_results.c.project_id == project_id, gate_results.c.id == gate_result_id
        )
    ).one_or_none()
    if row is None:
        hint = "See the project's with: GET /projects/{id}/gate-results"
        raise NotFoundError("gate result", str(gate_result_id), hint)
    return _stored(row)


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None,
    limit: int,
    challenger_id: int | None = None,
) -> list[StoredGateResult]:
    """Newest first, older than the id `before`."""
    wanted = sa.select(gate_results).where(gate_results.c.project_id == project_id)
    if before is not None:
        wanted = wanted.where(gate_results.c.id < before)
    if challenger_id is not None:
        wanted = wanted.where(gate_results.c.challenger_id == challenger_id)
    rows = connection.execute(wanted.order_by(gate_results.c.id.desc()).limit(limit))
    return [_stored(row) for row in rows]


def of_job(connection: sa.Connection, project_id: int, job_id: int) -> StoredGateResult | None:
    """None until the job has succeeded."""
    row = connection.execute(
        sa.select(gate_results).where(
            gate_results.c.project_id == project_id, gate_results.c.job_id == job_id
        )
    ).one_or_none()
    return None if row is None else _stored(row)


def of_challenger(
    connection: sa.Connection, project_ids: Collection[int], challenger_id: int
) -> list[StoredGateResult]:
    """In these projects, newest first."""
    rows = connection.execute(
        sa.select(gate_results)
        .where(
            gate_results.c.project_id.in_(project_ids),
            gate_results.c.challenger_id == challenger_id,
        )
        .order_by(gate_results.c.id.desc())
    )
    return [_stored(row) for row in rows]


def newest_against(
    connection: sa.Connection, champion_id: int, challenger_id: int | None = None
) -> list[StoredGateResult]:
    """Each project's newest result of each challenger (or of the one) beside this champion, the
    newest of all first. One version serves all projects, so each of them has a say."""
    newest = (
        sa.select(gate_results)
        .where(gate_results.c.champion_id == champion_id)
        .ext(distinct_on(gate_results.c.challenger_id, gate_results.c.project_id))
        .order_by(gate_results.c.challenger_id, gate_results.c.project_id, gate_results.c.id.desc())
    )
    if challenger_id is not None:
        newest = newest.where(gate_results.c.challenger_id == challenger_id)
    found = [_stored(row) for row in connection.execute(newest)]
    return sorted(found, key=lambda stored: stored.id, reverse=True)


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredGateResult:
    return StoredGateResult(
        id=row.id,
        project_id=row.project_id,
        challenger_id=row.challenger_id,
        champion_id=row.champion_id,
        training_set_id=row.training_set_id,
        general_set_id=row.general_set_id,
        policy=GatePolicy.model_validate(row.policy),
        comparison=Comparison.model_validate(row.comparison),
        result=GateResult.model_validate({"passed": row.passed, "rules": row.rules}),
        job_id=row.job_id,
        created_at=row.created_at,
    )
