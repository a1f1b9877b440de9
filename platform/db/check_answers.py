"""Rows of `check_answers`: what people said of checks, and whether it was right.

An answer that was withdrawn is history only. A card has at most one that stands.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import check_answers, checks, withdrawals
from maskloop.platform.db.tables import categories
from maskloop.platform.states import CheckKind, Defect, Verdict


@dataclass(frozen=True)
class NewAnswer:
    """`category_id`, `rle_counts`: what the person stood behind, where they chose or drew it;
    `iou`, `boundary_f`: of it with the truth, None where they rejected."""

    check_id: int
    card_id: int
    round: int
    user_id: int
    verdict: Verdict
    category_id: int | None
    rle_counts: bytes | None
    reason: str | None
    passed: bool
    iou: float | None
    boundary_f: float | None
    seconds: float | None


@dataclass(frozen=True)
class CheckAnswer:
    """A row."""

    id: int
    new: NewAnswer
    created_at: datetime


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


def insert(connection: sa.Connection, project_id: int, new: NewAnswer) -> CheckAnswer:
    values = {**vars(new), "project_id": project_id}
    row = connection.execute(sa.insert(check_answers).values(values).returning(check_answers)).one()
    return _answer(row)


def of_card(connection: sa.Connection, project_id: int, card_id: int) -> CheckAnswer | None:
    """The one that stands."""
    row = connection.execute(
        sa.select(check_answers).where(
            check_answers.c.project_id == project_id,
            check_answers.c.card_id == card_id,
            stands(),
        )
    ).one_or_none()
    return None if row is None else _answer(row)


def stands() -> sa.ColumnElement[bool]:
    """Of a row of `check_answers`: nobody took it back."""
    return ~sa.exists().where(withdrawals.c.check_answer_id == check_answers.c.id)


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
            stands(),
        )
        .group_by(check_answers.c.check_id)
    )
    return {row.check_id: Tally(row.answers, row.passed) for row in rows}


def judged(
    connection: sa.Connection, project_id: int, *, user_id: int | None = None
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
        .where(check_answers.c.project_id == project_id, stands())
    )
    if user_id is not None:
        wanted = wanted.where(check_answers.c.user_id == user_id)
    return [_judged(row) for row in connection.execute(wanted.order_by(check_answers.c.id))]


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


def _answer(row: sa.Row[*tuple[Any, ...]]) -> CheckAnswer:
    new = NewAnswer(
        check_id=row.check_id,
        card_id=row.card_id,
        round=row.round,
        user_id=row.user_id,
        verdict=Verdict(row.verdict),
        category_id=row.category_id,
        rle_counts=None if row.rle_counts is None else bytes(row.rle_counts),
        reason=row.reason,
        passed=row.passed,
        iou=row.iou,
        boundary_f=row.boundary_f,
        seconds=row.seconds,
    )
    return CheckAnswer(row.id, new, row.created_at)
