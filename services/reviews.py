"""Reviews: one person's verdict on one proposal, and the annotation that comes of it."""

from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from maskloop.platform.db import proposals, reviews
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.db.reviews import Review
from maskloop.platform.errors import AlreadyReviewedError, BadParametersError
from maskloop.platform.states import ProposalState, Verdict
from maskloop.services.annotations import Submitted, create_in
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Judgement:
    """What a reviewer says; made by one of the three constructors."""

    verdict: Verdict
    category_id: int | None = None
    mask: Submitted | None = None
    reason: str | None = None
    seconds: float | None = None

    @classmethod
    def accept(cls, category_id: int, *, seconds: float | None = None) -> Self:
        """The mask as it was proposed, under a category."""
        return cls(Verdict.ACCEPTED, category_id=category_id, seconds=seconds)

    @classmethod
    def correct(cls, mask: Submitted) -> Self:
        """Another mask in its place; its `seconds` are the review's too."""
        return cls(Verdict.CORRECTED, mask=mask, seconds=mask.seconds)

    @classmethod
    def reject(cls, reason: str | None = None, *, seconds: float | None = None) -> Self:
        return cls(Verdict.REJECTED, reason=reason, seconds=seconds)


def review(
    runtime: Runtime, project_id: int, proposal_id: int, judgement: Judgement, *, reviewer_id: int
) -> Review:
    """Decide a pending proposal: its state, the annotation and the review in one transaction.

    Raises `AlreadyReviewedError` with who was first, `NotFoundError`, and for a corrected mask what
    `annotations.create` raises; then nothing is changed.
    """
    with runtime.engine.begin() as connection:
        return review_in(connection, project_id, proposal_id, judgement, reviewer_id=reviewer_id)


def review_in(
    connection: sa.Connection,
    project_id: int,
    proposal_id: int,
    judgement: Judgement,
    *,
    reviewer_id: int,
    card_id: int | None = None,
    auto_accept_id: int | None = None,
) -> Review:
    """`review` in the caller's transaction; by a card, or by maskloop where evidence allows it."""
    proposal = proposals.by_id(connection, project_id, proposal_id)
    decided = ProposalState(judgement.verdict)
    if not proposals.decide(connection, project_id, proposal_id, decided):
        raise decided_by(connection, project_id, proposal_id)
    mask = _mask_of(proposal, judgement)
    annotation = None
    if mask is not None:
        made = create_in(
            connection,
            project_id,
            proposal.image_id,
            mask,
            author_id=reviewer_id,
            proposal=proposal,
        )
        annotation = (made.id, made.revision)
    reviews.insert(
        connection,
        project_id=project_id,
        proposal_id=proposal_id,
        verdict=judgement.verdict,
        reviewer_id=reviewer_id,
        annotation=annotation,
        reason=judgement.reason,
        seconds=judgement.seconds,
        card_id=card_id,
        auto_accept_id=auto_accept_id,
    )
    stored = reviews.of_proposal(connection, project_id, proposal_id)
    assert stored is not None, "it was inserted above"
    return stored


def _mask_of(proposal: Proposal, judgement: Judgement) -> Submitted | None:
    if judgement.verdict is not Verdict.ACCEPTED:
        return judgement.mask
    if judgement.category_id is None:
        raise BadParametersError("category_id", None, "an accepted mask needs a category")
    return Submitted(
        category_id=judgement.category_id,
        counts=proposal.mask.rle.counts,
        prompts=({"points": [[*proposal.mask.point_xy, 1]]},),
        model_version_id=proposal.model_version_id,
        predicted_iou=proposal.mask.predicted_iou,
        seconds=judgement.seconds,
    )


def decided_by(
    connection: sa.Connection, project_id: int, proposal_id: int
) -> AlreadyReviewedError:
    """Who decided a proposal that is pending no more: the guarded UPDATE waited for them, so their
    review is there to be read."""
    other = reviews.of_proposal(connection, project_id, proposal_id)
    if other is None:
        state = proposals.by_id(connection, project_id, proposal_id).state
        return AlreadyReviewedError(proposal_id, state, "a later model version")
    return AlreadyReviewedError(proposal_id, other.verdict, other.reviewer)


def page(
    runtime: Runtime, project_id: int, *, before: int | None = None, limit: int = 100
) -> list[Review]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return reviews.page(connection, project_id, before=before, limit=limit)


def of_proposal(runtime: Runtime, project_id: int, proposal_id: int) -> Review | None:
    """Raises `NotFoundError` for the proposal."""
    with runtime.engine.connect() as connection:
        proposals.by_id(connection, project_id, proposal_id)
        return reviews.of_proposal(connection, project_id, proposal_id)
