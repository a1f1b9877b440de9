"""What is said in a dispute: shown to whoever decides it, without names."""

from collections.abc import Sequence

import sqlalchemy as sa

from maskloop.platform.db import queues, votes
from maskloop.platform.db.cards import Card
from maskloop.platform.db.votes import Vote


def disputed_votes(
    connection: sa.Connection, project_id: int, found: Sequence[Card]
) -> dict[int, list[Vote]]:
    """By card, of those of queues of disputes; in an order that tells nothing of who or when."""
    decides = {
        queue_id
        for queue_id in {card.queue_id for card in found}
        if queues.by_id(connection, project_id, queue_id).plan.rule.adjudicate
    }
    disputed = {
        card.id: card.shows.proposal_id
        for card in found
        if card.queue_id in decides and card.shows.proposal_id is not None
    }
    said = votes.of_proposals(connection, project_id, set(disputed.values()))
    return {
        card_id: sorted(said.get(proposal_id, []), key=_order)
        for card_id, proposal_id in disputed.items()
    }


def _order(vote: Vote) -> tuple[str, int, bytes]:
    return vote.verdict, vote.category_id or 0, b"" if vote.mask is None else vote.mask.digest
