"""Rows of `votes`: one person's blind answer where several are asked about a proposal."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import cards, votes
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState, Verdict


@dataclass(frozen=True)
class NewVote:
    """`counts`: COCO's run lengths of what the person drew instead."""

    proposal_id: int
    card_id: int
    user_id: int
    verdict: Verdict
    category_id: int | None
    counts: bytes | None
    reason: str | None
    seconds: float | None


@dataclass(frozen=True)
class Vote:
    """`user` is a name; `mask`: what the person drew instead."""

    id: int
    proposal_id: int
    card_id: int
    user_id: int
    user: str
    verdict: Verdict
    category_id: int | None
    mask: Rle | None
    reason: str | None
    seconds: float | None
    created_at: datetime


def insert(connection: sa.Connection, project_id: int, new: NewVote) -> int:
    """The next round of its card; its id. The transaction has locked the card."""
    earlier = sa.select(sa.func.coalesce(sa.func.max(votes.c.round), 0)).where(
        votes.c.card_id == new.card_id
    )
    statement = (
        sa.insert(votes)
        .values(
            project_id=project_id,
            proposal_id=new.proposal_id,
            card_id=new.card_id,
            round=earlier.scalar_subquery() + 1,
            user_id=new.user_id,
            verdict=new.verdict,
            category_id=new.category_id,
            rle_counts=new.counts,
            reason=new.reason,
            seconds=new.seconds,
        )
        .returning(votes.c.id)
    )
    return int(connection.execute(statement).scalar_one())


def counted(connection: sa.Connection, project_id: int, proposal_id: int) -> list[Vote]:
    """Those of a proposal that nobody took back, the first one first."""
    return of_proposals(connection, project_id, [proposal_id]).get(proposal_id, [])


@dataclass(frozen=True)
class VotedMask:
    """A vote, and what it is about. `state`: of the proposal now."""

    vote: Vote
    image_id: int
    proposed: Rle
    state: ProposalState


def newest(
    connection: sa.Connection, project_id: int, *, queue_id: int | None, limit: int
) -> list[VotedMask]:
    """Votes of a project or of one queue that nobody took back, newest first."""
    wanted = _votes(project_id).order_by(votes.c.id.desc()).limit(limit)
    if queue_id is not None:
        wanted = wanted.join(cards, cards.c.id == votes.c.card_id).where(
            cards.c.queue_id == queue_id
        )
    return [
        VotedMask(
            vote=_vote(row),
            image_id=row.image_id,
            proposed=Rle((row.height, row.width), bytes(row.proposed)),
            state=ProposalState(row.state),
        )
        for row in connection.execute(wanted)
    ]


def of_proposals(
    connection: sa.Connection, project_id: int, proposal_ids: Collection[int]
) -> dict[int, list[Vote]]:
    """Those that nobody took back, by proposal; without those that have none."""
    rows = connection.execute(
        _votes(project_id).where(votes.c.proposal_id.in_(proposal_ids)).order_by(votes.c.id)
    )
    found: dict[int, list[Vote]] = {}
    for row in rows:
        found.setdefault(row.proposal_id, []).append(_vote(row))
    return found


def _votes(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            votes,
            users.c.name.label("user"),
            images.c.height,
            images.c.width,
            proposals.c.image_id,
            proposals.c.state,
            proposals.c.rle_counts.label("proposed"),
        )
        .join(users, users.c.id == votes.c.user_id)
        .join(proposals, proposals.c.id == votes.c.proposal_id)
        .join(images, images.c.id == proposals.c.image_id)
        .where(votes.c.project_id == project_id, is_counted(votes))
    )


def _vote(row: sa.Row[*tuple[Any, ...]]) -> Vote:
    size_hw = (row.height, row.width)
    return Vote(
        id=row.id,
        proposal_id=row.proposal_id,
        card_id=row.card_id,
        user_id=row.user_id,
        user=row.user,
        verdict=Verdict(row.verdict),
        category_id=row.category_id,
        mask=None if row.rle_counts is None else Rle(size_hw, bytes(row.rle_counts)),
        reason=row.reason,
        seconds=row.seconds,
        created_at=row.created_at,
    )
