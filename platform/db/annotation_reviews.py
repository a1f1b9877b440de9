"""Rows of `annotation_reviews`: a second person's verdict on an annotation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.review_tables import annotation_reviews
from maskloop.platform.states import Verdict


@dataclass(frozen=True)
class NewAnnotationReview:
    """`judged`: the annotation's id and revision; `made_revision`: by the correction or the
    deletion."""

    judged: tuple[int, int]
    card_id: int | None
    verdict: Verdict
    made_revision: int | None
    reviewer_id: int
    reason: str | None
    seconds: float | None


@dataclass(frozen=True)
class AnnotationReview:
    id: int
    new: NewAnnotationReview
    created_at: datetime


def insert(connection: sa.Connection, project_id: int, new: NewAnnotationReview) -> int:
    """Its id."""
    statement = (
        sa.insert(annotation_reviews)
        .values(
            project_id=project_id,
            annotation_id=new.judged[0],
            annotation_revision=new.judged[1],
            card_id=new.card_id,
            verdict=new.verdict,
            made_revision=new.made_revision,
            reviewer_id=new.reviewer_id,
            reason=new.reason,
            seconds=new.seconds,
        )
        .returning(annotation_reviews.c.id)
    )
    return int(connection.execute(statement).scalar_one())


def by_id(connection: sa.Connection, project_id: int, review_id: int) -> AnnotationReview:
    row: sa.Row[*tuple[Any, ...]] = connection.execute(
        sa.select(annotation_reviews).where(
            annotation_reviews.c.project_id == project_id, annotation_reviews.c.id == review_id
        )
    ).one()
    new = NewAnnotationReview(
        judged=(row.annotation_id, row.annotation_revision),
        card_id=row.card_id,
        verdict=Verdict(row.verdict),
        made_revision=row.made_revision,
        reviewer_id=row.reviewer_id,
        reason=row.reason,
        seconds=row.seconds,
    )
    return AnnotationReview(row.id, new, row.created_at)
