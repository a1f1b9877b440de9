"""Withdrawals: an answer that its author takes back, and what came of it is undone."""

import uuid
from datetime import timedelta

import sqlalchemy as sa

from maskloop.platform.db import (
    annotation_reviews,
    annotations,
    audit_events,
    cards,
    proposals,
    queues,
    reviews,
    votes,
    withdrawals,
)
from maskloop.platform.db.cards import Card
from maskloop.platform.db.withdrawals import Answer
from maskloop.platform.errors import (
    AnnotationConflictError,
    AnswerShownError,
    CardLostError,
    RefusedTransitionError,
)
from maskloop.platform.states import CardOutcome, ProposalState
from maskloop.services.annotations import Editor, delete_in, restore_in
from maskloop.services.answers import held
from maskloop.services.cards import ShownCard, duration_of, holder_of, show
from maskloop.services.queues import Person
from maskloop.services.reviews import decided_by
from maskloop.services.runtime import Runtime


def withdraw(
    runtime: Runtime, project_id: int, card_id: int, *, token: uuid.UUID, person: Person
) -> ShownCard:
    """`withdraw_in` in a transaction of its own."""
    duration = duration_of(runtime.settings)
    with runtime.engine.begin() as connection:
        return withdraw_in(
            connection, project_id, card_id, token=token, person=person, duration=duration
        )


def withdraw_in(
    connection: sa.Connection,
    project_id: int,
    card_id: int,
    *,
    token: uuid.UUID,
    person: Person,
    duration: timedelta,
) -> ShownCard:
    """Take the answer to a card back, in the caller's transaction: what it made is undone, and the
    card is open again for its holder, for this long.

    Raises `CardLostError`; `RefusedTransitionError` for a card that is open; `AnswerShownError` for
    a check of a queue with feedback; where somebody built on the answer since,
    `AnnotationConflictError` or `AlreadyReviewedError`; and `NotFoundError`.
    """
    card = held(connection, project_id, card_id, token=token, person=person)
    if card.outcome is None:
        raise RefusedTransitionError("Card", str(card_id), "open", "withdrawn")
    if card.outcome is not CardOutcome.ANSWERED:
        raise CardLostError(card_id, holder_of(connection, project_id, card))
    revision = _take_back(connection, project_id, card)
    cards.reopen(connection, project_id, card_id, duration=duration, revision=revision)
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=card.user_id,
        action="withdrawn",
        subject="card",
        subject_id=card_id,
    )
    (shown,) = show(connection, project_id, [card_id])
    return shown


def _take_back(connection: sa.Connection, project_id: int, card: Card) -> int | None:
    """The revision that the card's annotation has now; None for a card of something else."""
    if card.shows.annotation is not None:
        return _annotation_review(connection, project_id, card)
    if card.shows.check_id is not None:
        if queues.by_id(connection, project_id, card.queue_id).plan.feedback:
            raise AnswerShownError(card.id)
        _withdraw(connection, project_id, card, "check_answer")
    elif card.shows.proposal_id is not None:
        _review_or_vote(connection, project_id, card, card.shows.proposal_id)
    return None


def _withdraw(connection: sa.Connection, project_id: int, card: Card, answer: Answer) -> int | None:
    """The answer's id."""
    found = withdrawals.counted_of_card(connection, project_id, answer, card.id)
    if found is not None:
        withdrawals.insert(connection, project_id, answer, found, user_id=card.user_id)
    return found


def _review_or_vote(
    connection: sa.Connection, project_id: int, card: Card, proposal_id: int
) -> None:
    review = reviews.of_proposal(connection, project_id, proposal_id)
    settled = {vote.card_id for vote in votes.counted(connection, project_id, proposal_id)}
    # Who takes a vote back takes back what the votes came to, whoever's card that stands on.
    by_votes = review is not None and {card.id, review.card_id} <= settled
    if review is None or not (review.card_id == card.id or by_votes):
        state = proposals.by_id(connection, project_id, proposal_id).state
        if state is not ProposalState.PENDING:
            raise decided_by(connection, project_id, proposal_id)
        _withdraw(connection, project_id, card, "vote")
        return
    withdrawals.insert(connection, project_id, "review", review.id, user_id=card.user_id)
    _withdraw(connection, project_id, card, "vote")
    if review.annotation is not None:
        annotation_id, revision = review.annotation
        last = annotations.last_revision(connection, project_id, annotation_id)
        if last.deleted or last.revision != revision:
            raise AnnotationConflictError(annotation_id, last.revision, last.author)
        editor = Editor(card.user_id, of_others=True)
        delete_in(connection, project_id, annotation_id, expected=revision, editor=editor)
    proposals.undecide(connection, project_id, proposal_id)


def _annotation_review(connection: sa.Connection, project_id: int, card: Card) -> int:
    review_id = _withdraw(connection, project_id, card, "annotation_review")
    assert review_id is not None, "an answered card has an answer that counts"
    review = annotation_reviews.by_id(connection, project_id, review_id).new
    annotation_id, judged = review.judged
    if review.made_revision is not None:
        return restore_in(
            connection,
            project_id,
            annotation_id,
            revision=judged,
            expected=review.made_revision,
            editor=Editor(card.user_id, of_others=True),
        )
    last = annotations.last_revision(connection, project_id, annotation_id)
    if last.deleted or last.revision != judged:
        raise AnnotationConflictError(annotation_id, last.revision, last.author)
    return judged
