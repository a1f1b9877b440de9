"""What people said of proposals that were shown to them at random: the evidence of precision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.review_tables import cards, queues, withdrawals
from maskloop.platform.db.tables import proposals
from maskloop.platform.states import QueueOrder, Verdict

RIGHT_IOU: Final = 0.9
"""A correction that changes no more than this leaves the proposal right."""

_BY_SCORE: Final = ("predicted_iou_least", "predicted_iou_most")
"""Keys of a queue's rule that let some scores through and others not."""


@dataclass(frozen=True)
class AuditedVerdict:
    """`category_id` and `iou` (with the proposal) are of the annotation that was made; None where
    the proposal was rejected."""

    review_id: int
    predicted_iou: float
    verdict: Verdict
    category_id: int | None
    iou: float | None
    seconds: float | None
    created_at: datetime

    def is_right(self, category_id: int) -> bool:
        """Whether accepting the proposal unseen, under this category, would have been."""
        if self.category_id != category_id:
            return False
        if self.verdict is Verdict.CORRECTED:
            return self.iou is not None and self.iou >= RIGHT_IOU
        return self.verdict is Verdict.ACCEPTED


def of_version(
    connection: sa.Connection,
    project_id: int,
    model_version_id: int,
    *,
    since: datetime | None = None,
) -> list[AuditedVerdict]:
    """By the order in which they were given; `since`: later ones only.

    Cards of queues in another order, or whose rule chooses by score, are left out even where they
    were drawn at random: a sample of those that a person was about to accept anyway, or of the
    highest scores, says nothing of all proposals above a threshold.
    """
    withdrawn = sa.exists().where(withdrawals.c.review_id == reviews.c.id)
    wanted: sa.Select[tuple[object, ...]] = (
        sa.select(
            reviews.c.id,
            proposals.c.predicted_iou,
            reviews.c.verdict,
            annotations.c.category_id,
            annotations.c.parent_iou,
            reviews.c.seconds,
            reviews.c.created_at,
        )
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .join(cards, cards.c.id == reviews.c.card_id)
        .join(queues, queues.c.id == cards.c.queue_id)
        .outerjoin(
            annotations,
            sa.and_(
                annotations.c.id == reviews.c.annotation_id,
                annotations.c.revision == reviews.c.annotation_revision,
            ),
        )
        .where(
            reviews.c.project_id == project_id,
            proposals.c.model_version_id == model_version_id,
            reviews.c.auto_accept_id.is_(None),
            cards.c.at_random,
            queues.c.ordering == QueueOrder.RANDOM,
            ~withdrawn,
        )
        .order_by(reviews.c.id)
    )
    for key in _BY_SCORE:
        wanted = wanted.where(queues.c.rule[key].astext.is_(None))
    if since is not None:
        wanted = wanted.where(reviews.c.created_at > since)
    return [_verdict(row) for row in connection.execute(wanted)]


def median_seconds(
    connection: sa.Connection, project_id: int, model_version_id: int
) -> float | None:
    """That a person spent on one of the version's proposals; None before anybody did."""
    found: float | None = connection.execute(
        sa.select(sa.func.percentile_cont(0.5).within_group(reviews.c.seconds))
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .where(reviews.c.project_id == project_id, proposals.c.model_version_id == model_version_id)
    ).scalar_one()
    return found


def _verdict(row: sa.Row[tuple[object, ...]]) -> AuditedVerdict:
    return AuditedVerdict(
        review_id=row.id,
        predicted_iou=row.predicted_iou,
        verdict=Verdict(row.verdict),
        category_id=row.category_id,
        iou=row.parent_iou,
        seconds=row.seconds,
        created_at=row.created_at,
    )
