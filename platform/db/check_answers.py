"""Rows of `check_answers`: what somebody said of a check, and whether it was right."""

from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db.review_tables import check_answers
from maskloop.platform.states import Verdict


@dataclass(frozen=True)
class NewCheckAnswer:
    """`iou` and `boundary_f`: of what the person stood behind, with the truth; None: of nothing.
    `counts`: COCO's run lengths of what they drew instead."""

    check_id: int
    card_id: int
    user_id: int
    verdict: Verdict
    category_id: int | None
    counts: bytes | None
    reason: str | None
    seconds: float | None
    passed: bool
    iou: float | None = None
    boundary_f: float | None = None


def insert(connection: sa.Connection, project_id: int, new: NewCheckAnswer) -> int:
    """The next round of its card; its id. The transaction has locked the card."""
    earlier = sa.select(sa.func.coalesce(sa.func.max(check_answers.c.round), 0)).where(
        check_answers.c.card_id == new.card_id
    )
    statement = (
        sa.insert(check_answers)
        .values(
            project_id=project_id,
            check_id=new.check_id,
            card_id=new.card_id,
            round=earlier.scalar_subquery() + 1,
            user_id=new.user_id,
            verdict=new.verdict,
            category_id=new.category_id,
            rle_counts=new.counts,
            reason=new.reason,
            passed=new.passed,
            iou=new.iou,
            boundary_f=new.boundary_f,
            seconds=new.seconds,
        )
        .returning(check_answers.c.id)
    )
    return int(connection.execute(statement).scalar_one())
