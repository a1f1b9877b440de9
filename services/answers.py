"""Answers to cards: a verdict becomes a review, a vote, or an answer to a check.

The lock of what the card shows comes first, then the card's: in this order everywhere.
"""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import (
    annotation_reviews,
    annotations,
    card_faces,
    cards,
    checks,
    proposals,
    queues,
    votes,
)
from maskloop.platform.db.annotation_reviews import NewAnnotationReview
from maskloop.platform.db.cards import Card
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.votes import NewVote
from maskloop.platform.errors import (
    AnnotationConflictError,
    CardAnsweredError,
    CardLostError,
)
from maskloop.platform.states import CardOutcome, ProposalState, Verdict
from maskloop.services import auto_accepts, consensus
from maskloop.services.annotations import (
    Editor,
    Submitted,
    checked,
    delete_in,
    update_in,
)
from maskloop.services.cards import holder_of
from maskloop.services.checks import Feedback, judge_in
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement, decided_by, review_in


@dataclass(frozen=True)
class Answered:
    """`feedback`: of a check, in a queue that tells people how they did."""

    verdict: Verdict
    feedback: Feedback | None = None


def image_of(connection: sa.Connection, project_id: int, card_id: int) -> int:
    """The image that a card shows a mask of. Raises `NotFoundError`."""
    card = cards.by_id(connection, project_id, card_id)
    return card_faces.of_cards(connection, project_id, [card])[card.id].image_id


def answer_in(
    connection: sa.Connection,
    project_id: int,
    card_id: int,
    judgement: Judgement,
    *,
    token: uuid.UUID,
    person: Person,
    at_random: bool | None = None,
) -> Answered:
    """Store a verdict and end the card, in the caller's transaction. A card that lapsed counts as
    long as nobody else was handed the same.

    `at_random`: None leaves what the card says of it. Raises `CardLostError`, `CardAnsweredError`,
    `AlreadyReviewedError`, `AnnotationConflictError`, `NotFoundError`, and for masks and categories
    what a review of a proposal raises; then nothing is changed.
    """
    card = held(connection, project_id, card_id, token=token, person=person)
    if card.outcome is CardOutcome.ANSWERED:
        raise CardAnsweredError(card_id)
    if card.outcome is not None:
        raise CardLostError(card_id, holder_of(connection, project_id, card))
    queue = queues.by_id(connection, project_id, card.queue_id)
    random = card.at_random if at_random is None else at_random
    cards.answered(connection, project_id, card_id, at_random=random)
    if card.shows.proposal_id is not None:
        _of_proposal(connection, project_id, card, queue, judgement, card.shows.proposal_id)
    elif card.shows.annotation is not None:
        _of_annotation(connection, project_id, card, judgement, card.shows.annotation)
    elif card.shows.check_id is not None:
        check = checks.by_id(connection, project_id, card.shows.check_id)
        judged = judge_in(
            connection, project_id, check, judgement, card_id=card_id, user_id=card.user_id
        )
        feedback = judged.feedback if queue.plan.feedback else None
        return Answered(judgement.verdict, feedback)
    return Answered(judgement.verdict)


def held(
    connection: sa.Connection, project_id: int, card_id: int, *, token: uuid.UUID, person: Person
) -> Card:
    """A card that was handed to the person by this token; it is locked, and before it what it
    shows. Raises `CardLostError`, `NotFoundError`."""
    shows = cards.by_id(connection, project_id, card_id).shows
    if shows.proposal_id is not None:
        proposals.lock(connection, project_id, shows.proposal_id)
    elif shows.annotation is not None:
        annotations.lock(connection, project_id, *shows.annotation)
    card = cards.lock(connection, project_id, card_id)
    if card.user_id != person.user_id:
        raise CardLostError(card_id, card.user)
    if card.token != token:
        raise CardLostError(card_id, holder_of(connection, project_id, card))
    return card


def _of_proposal(
    connection: sa.Connection,
    project_id: int,
    card: Card,
    queue: Queue,
    judgement: Judgement,
    proposal_id: int,
) -> None:
    proposal = proposals.by_id(connection, project_id, proposal_id)
    if queue.plan.fold == 1:
        review_in(
            connection,
            project_id,
            proposal_id,
            judgement,
            reviewer_id=card.user_id,
            card_id=card.id,
        )
        auto_accepts.check_in(connection, project_id, proposal.model_version_id)
        return
    if proposal.state is not ProposalState.PENDING:
        raise decided_by(connection, project_id, proposal_id)
    drawn = None
    if judgement.mask is not None:
        drawn = checked(connection, project_id, proposal.image_id, judgement.mask)
    vote = NewVote(
        proposal_id=proposal_id,
        card_id=card.id,
        user_id=card.user_id,
        verdict=judgement.verdict,
        category_id=judgement.category_id if drawn is None else drawn.category_id,
        counts=None if drawn is None else drawn.mask.rle.counts,
        reason=judgement.reason,
        seconds=judgement.seconds,
    )
    votes.insert(connection, project_id, vote)
    consensus.settle_in(connection, project_id, proposal_id, fold=queue.plan.fold)


def _of_annotation(
    connection: sa.Connection,
    project_id: int,
    card: Card,
    judgement: Judgement,
    judged: tuple[int, int],
) -> None:
    last = annotations.last_revision(connection, project_id, judged[0])
    if last.deleted or last.revision != judged[1]:
        raise AnnotationConflictError(judged[0], last.revision, last.author)
    # To judge a card is to be let into its queue: `Person.may_take_from` was asked then.
    editor = Editor(card.user_id, of_others=True)
    made = None
    if judgement.verdict is Verdict.REJECTED:
        made = delete_in(
            connection,
            project_id,
            judged[0],
            expected=judged[1],
            editor=editor,
            seconds=judgement.seconds,
        )
    elif (mask := _other_mask(last, judgement)) is not None:
        update_in(connection, project_id, judged[0], mask, expected=judged[1], editor=editor)
        made = judged[1] + 1
    # A mask that is right under another name is corrected.
    kept = judgement.verdict is Verdict.ACCEPTED and made is not None
    review = NewAnnotationReview(
        judged=judged,
        card_id=card.id,
        verdict=Verdict.CORRECTED if kept else judgement.verdict,
        made_revision=made,
        reviewer_id=card.user_id,
        reason=judgement.reason,
        seconds=judgement.seconds,
    )
    annotation_reviews.insert(connection, project_id, review)


def _other_mask(last: annotations.Annotation, judgement: Judgement) -> Submitted | None:
    """What is to be the next revision, where one is."""
    if judgement.mask is not None:
        return judgement.mask
    drawing = last.drawing
    if judgement.category_id in (None, drawing.category_id):
        return None
    return Submitted(
        category_id=judgement.category_id or drawing.category_id,
        counts=drawing.mask.rle.counts,
        prompts=tuple(drawing.prompts),
        model_version_id=drawing.model_version_id,
        predicted_iou=drawing.predicted_iou,
        seconds=judgement.seconds,
    )
