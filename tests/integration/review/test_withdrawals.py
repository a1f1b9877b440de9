"""Withdrawals: an answer is taken back, and what it made is undone, unless somebody built on it."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from maskloop.platform.db import figures
from maskloop.platform.db.corrections import count_judged
from maskloop.platform.errors import (
    AlreadyReviewedError,
    AnnotationConflictError,
    CardAnsweredError,
    CardLostError,
    RefusedTransitionError,
)
from maskloop.platform.masks import Rle
from maskloop.platform.states import (
    CardOutcome,
    ProposalState,
    QueueSubject,
    Verdict,
)
from maskloop.services import annotations, reviews
from maskloop.services.annotations import Editor
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from tests.integration.review.conftest import Table


def rows(table: "Table", statement: str) -> list[Any]:
    with table.runtime.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def test_a_withdrawn_verdict_leaves_a_pending_proposal_and_no_annotation(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    table.answer("anna", card)
    again = table.withdraw("anna", card)
    assert (again.card.id, again.card.token) == (card.card.id, card.card.token)
    assert again.card.outcome is None
    assert again.card.seconds > 0
    assert table.state_of(table.proposal_ids[0]) is ProposalState.PENDING
    assert annotations.page(table.runtime, table.project_id) == []
    assert reviews.of_proposal(table.runtime, table.project_id, table.proposal_ids[0]) is None


def test_the_next_verdict_is_another_round_and_the_one_that_counts(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    table.answer("anna", card, Judgement.accept(table.cat, seconds=2.0))
    table.withdraw("anna", card)
    table.answer("anna", card, Judgement.correct(table.drawn(table.square(5, 5))))
    found = reviews.of_proposal(table.runtime, table.project_id, table.proposal_ids[0])
    assert found is not None
    assert (found.round, found.verdict, found.card_id) == (2, Verdict.CORRECTED, card.card.id)
    assert table.state_of(table.proposal_ids[0]) is ProposalState.CORRECTED
    first, second = reversed(reviews.page(table.runtime, table.project_id))
    assert (first.withdrawn, second.withdrawn) == (True, False)


def test_a_withdrawn_verdict_counts_in_no_figure(table: "Table") -> None:
    table.queue()
    one, other = table.take("anna", 2)
    for card in (one, other):
        table.answer("anna", card, Judgement.accept(table.cat, seconds=2.0))
    table.withdraw("anna", one)
    with table.runtime.engine.connect() as connection:
        judged = count_judged(connection, table.project_id, table.version_id)
        anna = figures.of_user(
            connection, table.project_id, table.person("anna").user_id, since=None
        )
    assert judged == 1
    assert (anna.objects, anna.seconds_mean, anna.clicks_mean) == (1, 2.0, 0.0)


def test_a_verdict_on_what_somebody_changed_since_stays(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    table.answer("anna", card)
    (made,) = annotations.page(table.runtime, table.project_id)
    annotations.update(
        table.runtime,
        table.project_id,
        made.id,
        table.drawn(table.square(6, 6)),
        expected=1,
        editor=Editor(table.person("ben").user_id, of_others=True),
    )
    with pytest.raises(AnnotationConflictError, match="at revision 2, by ben"):
        table.withdraw("anna", card)
    assert table.state_of(table.proposal_ids[0]) is ProposalState.ACCEPTED
    assert table.card(card.card.id).outcome is CardOutcome.ANSWERED


def annotated(table: "Table") -> int:
    """By the boss, as a cat."""
    made = annotations.create(
        table.runtime,
        table.project_id,
        table.image.id,
        table.drawn(table.square(2, 2)),
        author_id=table.person("boss").user_id,
    )
    return made.id


def test_an_annotation_that_was_found_right_is_judged_anew(table: "Table") -> None:
    table.queue(subject=QueueSubject.ANNOTATIONS)
    annotation_id = annotated(table)
    (card,) = table.take("anna")
    assert card.card.shows.annotation == (annotation_id, 1)
    assert card.face.category_id == table.cat
    table.answer("anna", card)
    assert table.take("ben") == []
    assert table.withdraw("anna", card).card.shows.annotation == (annotation_id, 1)
    table.answer("anna", card, Judgement.accept(table.dog))
    found = annotations.get(table.runtime, table.project_id, annotation_id)
    assert (found.category, found.revision, found.author) == ("dog", 2, "anna")
    assert rows(table, "SELECT verdict, made_revision FROM annotation_reviews ORDER BY id") == [
        ("accepted", None),
        ("corrected", 2),
    ]


@pytest.mark.parametrize("verdict", [Verdict.CORRECTED, Verdict.REJECTED])
def test_a_changed_or_deleted_annotation_is_as_it_was_again(
    table: "Table", verdict: Verdict
) -> None:
    table.queue(subject=QueueSubject.ANNOTATIONS)
    annotation_id = annotated(table)
    (card,) = table.take("anna")
    judgement = Judgement.reject("a shadow")
    if verdict is Verdict.CORRECTED:
        judgement = Judgement.correct(table.drawn(table.square(7, 7), table.dog))
    table.answer("anna", card, judgement)
    again = table.withdraw("anna", card)
    assert again.card.shows.annotation == (annotation_id, 3)
    found = annotations.get(table.runtime, table.project_id, annotation_id)
    assert found.drawing.mask.rle == Rle.encode(table.square(2, 2))
    assert (found.category, found.revision) == ("cat", 3)
    table.answer("anna", card)
    assert rows(table, "SELECT annotation_revision, verdict FROM annotation_reviews") == [
        (1, verdict),
        (3, "accepted"),
    ]


def test_an_annotation_that_was_changed_since_is_left_as_it_is(table: "Table") -> None:
    table.queue(subject=QueueSubject.ANNOTATIONS)
    annotation_id = annotated(table)
    (card,) = table.take("anna")
    table.answer("anna", card)
    boss = Editor(table.person("boss").user_id, of_others=True)
    annotations.delete(table.runtime, table.project_id, annotation_id, expected=1, editor=boss)
    with pytest.raises(AnnotationConflictError, match="revision 2, by boss"):
        table.withdraw("anna", card)


def test_a_card_of_an_annotation_that_was_changed_meanwhile_is_refused(table: "Table") -> None:
    table.queue(subject=QueueSubject.ANNOTATIONS)
    annotation_id = annotated(table)
    (card,) = table.take("anna")
    boss = Editor(table.person("boss").user_id, of_others=True)
    annotations.update(
        table.runtime,
        table.project_id,
        annotation_id,
        table.drawn(table.square(3, 3)),
        expected=1,
        editor=boss,
    )
    with pytest.raises(AnnotationConflictError, match="revision 2, by boss"):
        table.answer("anna", card)
    (anew,) = table.take("anna")
    assert anew.card.shows.annotation == (annotation_id, 2)
    assert table.card(card.card.id).outcome is CardOutcome.OVERTAKEN


def test_nobody_is_handed_their_own_annotation(table: "Table") -> None:
    table.queue(subject=QueueSubject.ANNOTATIONS)
    annotated(table)
    assert table.take("boss") == []


def test_a_vote_is_taken_back_while_the_proposal_is_pending(table: "Table") -> None:
    table.queue(fold=3)
    (card,) = table.take("anna")
    table.answer("anna", card)
    assert table.take("anna", 1)[0].card.shows != card.card.shows
    table.withdraw("anna", card)
    table.answer("anna", card, Judgement.reject())
    assert rows(table, "SELECT round, verdict FROM votes ORDER BY id") == [
        (1, "accepted"),
        (2, "rejected"),
    ]


def test_a_vote_is_not_taken_back_when_the_proposal_was_decided(table: "Table") -> None:
    table.queue(fold=3)
    (card,) = table.take("anna")
    table.answer("anna", card)
    reviews.review(
        table.runtime,
        table.project_id,
        table.proposal_ids[0],
        Judgement.reject(),
        reviewer_id=table.person("ben").user_id,
    )
    with pytest.raises(AlreadyReviewedError, match="rejected by ben"):
        table.withdraw("anna", card)


def test_nobody_is_asked_twice_about_a_proposal_and_no_more_are_asked_than_should(
    table: "Table",
) -> None:
    table.queue(fold=2)
    names = ["anna", "ben", "carl"]
    for name in names:
        for card in table.take(name, 6):
            table.answer(name, card)
    asked = rows(
        table, "SELECT proposal_id, count(*), count(DISTINCT user_id) FROM votes GROUP BY 1"
    )
    assert all(votes == people <= 2 for _, votes, people in asked)
    assert len(asked) == 6


def test_an_open_card_has_nothing_to_withdraw_and_an_answered_one_is_answered_once(
    table: "Table",
) -> None:
    table.queue()
    (card,) = table.take("anna")
    with pytest.raises(RefusedTransitionError, match="open and cannot be withdrawn"):
        table.withdraw("anna", card)
    table.answer("anna", card)
    with pytest.raises(CardAnsweredError):
        table.answer("anna", card)
    with pytest.raises(CardLostError, match="now anna has"):
        table.withdraw("ben", card)
    with pytest.raises(CardLostError):
        table.answer("anna", card, token=uuid.uuid4())


def test_what_a_mask_came_of_is_compared_with_it(table: "Table") -> None:
    table.queue()
    as_it_is, changed = table.take("anna", 2)
    table.answer("anna", as_it_is)
    # The second stands a column further right; of 9 pixels each they share 6.
    table.answer("anna", changed, Judgement.correct(table.drawn(table.square(0, 0))))
    made = annotations.page(table.runtime, table.project_id)
    assert [one.parent_iou for one in made] == [0.5, 1.0]
