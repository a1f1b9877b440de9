"""What people said of proposals that were shown to them at random: the evidence of precision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.review_tables import cards, queues
from maskloop.platform.db.tables import proposals
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.states import QueueOrder, Verdict

RIGHT_IOU: Final = 0.9
"""A correction that changes no more than this leaves the proposal right."""

_OF_THE_WHOLE: Final = ("states", "model_version_id", "sample")
"""Keys of a queue's rule that leave a random order one of all the version's proposals."""


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

    @property
    def mask_is_right(self) -> bool:
        if self.verdict is Verdict.CORRECTED:
            return self.iou is not None and self.iou >= RIGHT_IOU
        return self.verdict is Verdict.ACCEPTED

    def is_right(self, category_id: int) -> bool:
        """Whether accepting the proposal unseen, under this category, would have been."""
        return self.mask_is_right and self.category_id == category_id


def of_version(
    connection: sa.Connection,
    project_id: int,
    model_version_id: int,
    *,
    since: datetime | None = None,
) -> list[AuditedVerdict]:
    """By the order in which they were given; `since`: later ones only.

    Cards of queues in another order are left out even where they were drawn at random: a sample of
    what a person was about to accept anyway says nothing of the others. So are those of queues over
    some proposals only (the highest scores, one folder), and of queues that ask several people,
    where the easy ones are settled first.
    """
    only_some = queues.c.rule.op("-")(sa.cast(list(_OF_THE_WHOLE), ARRAY(sa.Text)))
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
            queues.c.fold == 1,
            only_some == sa.cast({}, JSONB),
            is_counted(reviews),
        )
        .order_by(reviews.c.id)
    )
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
