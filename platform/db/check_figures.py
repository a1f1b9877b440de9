"""What people said of checks, counted and listed. An answer that was withdrawn is history only."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.quality_rows import Period, counts, stands
from maskloop.platform.db.review_tables import check_answers, checks, withdrawals
from maskloop.platform.db.tables import categories
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.states import CheckKind, Defect, Verdict


@dataclass(frozen=True)
class Tally:
    """Of one check: answers that stand, and how many of them were right."""

    answers: int
    passed: int


@dataclass(frozen=True)
class Judged:
    """An answer that stands, with what it was given to. `category`: the truth's, by name;
    `model_version_id`: the one that was shown."""

    user_id: int
    user: str
    kind: CheckKind
    defect: Defect | None
    image_id: int
    category: str
    model_version_id: int | None
    verdict: Verdict
    passed: bool
    iou: float | None
    boundary_f: float | None


def tallies(
    connection: sa.Connection, project_id: int, check_ids: Collection[int]
) -> dict[int, Tally]:
    """By check; those that nobody answered are left out."""
    rows = connection.execute(
        sa.select(
            check_answers.c.check_id,
            sa.func.count().label("answers"),
            sa.func.count().filter(check_answers.c.passed).label("passed"),
        )
        .where(
            check_answers.c.project_id == project_id,
            check_answers.c.check_id.in_(check_ids),
            is_counted(check_answers),
        )
        .group_by(check_answers.c.check_id)
    )
    return {row.check_id: Tally(row.answers, row.passed) for row in rows}


def judged(
    connection: sa.Connection, project_id: int, period: Period, *, user_id: int | None = None
) -> list[Judged]:
    """All that stand, in the order they were given; of one person, or of everybody."""
    wanted = (
        sa.select(
            check_answers,
            users.c.name.label("user"),
            checks.c.kind,
            checks.c.defect,
            checks.c.image_id,
            checks.c.model_version_id,
            categories.c.name.label("category"),
        )
        .join(users, users.c.id == check_answers.c.user_id)
        .join(checks, checks.c.id == check_answers.c.check_id)
        .join(
            annotations,
            sa.and_(
                annotations.c.id == checks.c.annotation_id,
                annotations.c.revision == checks.c.annotation_revision,
            ),
        )
        .join(categories, categories.c.id == annotations.c.category_id)
        .where(counts(check_answers, withdrawals.c.check_answer_id, project_id, period))
    )
    if user_id is not None:
        wanted = wanted.where(check_answers.c.user_id == user_id)
    return [_judged(row) for row in connection.execute(wanted.order_by(check_answers.c.id))]


def withdrawn(connection: sa.Connection, project_id: int, period: Period) -> dict[int, int]:
    """How many answers to checks somebody took back, by person; who took none back is left out."""
    stood = stands(withdrawals.c.check_answer_id, check_answers.c.id, period.as_of)
    rows = connection.execute(
        sa.select(check_answers.c.user_id, sa.func.count())
        .where(
            check_answers.c.project_id == project_id,
            period.holds(check_answers.c.created_at),
            sa.not_(stood),
        )
        .group_by(check_answers.c.user_id)
    )
    return {row[0]: row[1] for row in rows}


def _judged(row: sa.Row[*tuple[Any, ...]]) -> Judged:
    return Judged(
        user_id=row.user_id,
        user=row.user,
        kind=CheckKind(row.kind),
        defect=None if row.defect is None else Defect(row.defect),
        image_id=row.image_id,
        category=row.category,
        model_version_id=row.model_version_id,
        verdict=Verdict(row.verdict),
        passed=row.passed,
        iou=row.iou,
        boundary_f=row.boundary_f,
    )
