"""Consensus: what the votes of several people on one proposal come to.

Votes agree when all of them reject, or when all of them keep an object of one category and every
two masks have the least IoU of `AGREED_IOU`; whoever accepts stands for the mask as it was
proposed. Then the proposal is decided by the vote whose mask is in the middle. Where votes do not
agree it waits for somebody who is handed the dispute.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import sqlalchemy as sa

from maskloop.platform.db import proposals, votes
from maskloop.platform.db.votes import Vote
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.states import Verdict
from maskloop.services.annotations import Submitted
from maskloop.services.reviews import Judgement, review_in

AGREED_IOU: Final = 0.8
"""Two people who draw the same object carefully are above it (docs/consensus.md)."""


def settle_in(connection: sa.Connection, project_id: int, proposal_id: int, *, fold: int) -> bool:
    """Called after each vote, in its transaction, which holds the proposal's row: decides it once
    `fold` people have voted and agree. Whether it did.

    The review is of the vote in the middle: its verdict, mask, person and card.
    """
    found = votes.counted(connection, project_id, proposal_id)
    if len({vote.user_id for vote in found}) < fold:
        return False
    proposed = proposals.by_id(connection, project_id, proposal_id).mask.rle
    middle = middle_of(found, proposed)
    if middle is None:
        return False
    review_in(
        connection,
        project_id,
        proposal_id,
        _judgement(middle),
        reviewer_id=middle.user_id,
        card_id=middle.card_id,
    )
    return True


def middle_of(found: Sequence[Vote], proposed: Rle) -> Vote | None:
    """The vote whose mask has the highest mean IoU with the others', the earliest of equal ones;
    None where they do not agree."""
    rejected = [vote for vote in found if vote.verdict is Verdict.REJECTED]
    if rejected:
        return rejected[0] if len(rejected) == len(found) else None
    if len({vote.category_id for vote in found}) > 1:
        return None
    masks = [vote.mask or proposed for vote in found]
    ious = iou_matrix(masks, masks)
    if ious.min() < AGREED_IOU:
        return None
    return found[int(np.argmax(ious.mean(axis=1).round(9)))]


def _judgement(vote: Vote) -> Judgement:
    if vote.verdict is Verdict.REJECTED:
        return Judgement.reject(vote.reason, seconds=vote.seconds)
    assert vote.category_id is not None, "a vote that keeps the object names its category"
    if vote.mask is None:
        return Judgement.accept(vote.category_id, seconds=vote.seconds)
    return Judgement.correct(Submitted(vote.category_id, vote.mask.counts, seconds=vote.seconds))
