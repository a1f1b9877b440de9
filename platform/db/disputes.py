"""Proposals in dispute: as many people as were to be asked have voted, and they do not agree."""

import sqlalchemy as sa

from maskloop.platform.db.review_tables import cards, queues, votes
from maskloop.platform.db.tables import proposals
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.states import ProposalState


def is_in_dispute() -> sa.ColumnElement[bool]:
    """Of a row of `proposals` that is pending: with votes that agree it would be decided."""
    asked = (
        sa.select(queues.c.id)
        .select_from(votes)
        .join(cards, cards.c.id == votes.c.card_id)
        .join(queues, queues.c.id == cards.c.queue_id)
        .where(
            votes.c.project_id == proposals.c.project_id,
            votes.c.proposal_id == proposals.c.id,
            is_counted(votes),
        )
        .group_by(queues.c.id, queues.c.fold)
        .having(sa.func.count(votes.c.user_id.distinct()) >= queues.c.fold)
    )
    return asked.exists()


def count(connection: sa.Connection, project_id: int) -> int:
    voted = sa.select(votes.c.proposal_id).where(votes.c.project_id == project_id)
    wanted = (
        sa.select(sa.func.count())
        .select_from(proposals)
        .where(
            proposals.c.project_id == project_id,
            proposals.c.state == ProposalState.PENDING,
            proposals.c.id.in_(voted),
            is_in_dispute(),
        )
    )
    return connection.execute(wanted).scalar_one()
