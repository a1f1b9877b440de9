"""Consensus: votes that agree decide, votes that do not wait for one who does, and figures say how
often that is."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.agreement import Alpha, Undefined
from maskloop.platform.errors import AlreadyReviewedError, BadParametersError, NotFoundError
from maskloop.platform.masks import Rle
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import ProposalState, QueueSubject
from maskloop.services import agreement, annotations, reviews
from maskloop.services.agreement import Agreement
from maskloop.services.cards import ShownCard
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from tests.integration.review.conftest import Table

PENDING = ProposalState.PENDING


def vote(table: "Table", queue_id: int, name: str, judgement: Judgement | None = None) -> ShownCard:
    """On the first proposal that one has not voted on."""
    (card,) = table.take(name, 1, queue_id)
    table.answer(name, card, judgement)
    return card


def review_of(table: "Table", proposal_id: int) -> reviews.Review | None:
    return reviews.of_proposal(table.runtime, table.project_id, proposal_id)


def corrected(table: "Table", side: int) -> Judgement:
    """The first proposal's 3×3 pixels, or more of them."""
    return Judgement.correct(table.drawn(table.square(0, 0, side)))


def test_a_proposal_waits_until_as_many_as_asked_have_voted(table: "Table") -> None:
    queue = table.queue(fold=3)
    first = table.proposal_ids[0]
    for name in ("anna", "ben"):
        vote(table, queue, name)
        assert table.state_of(first) is PENDING
    vote(table, queue, "cleo")
    assert table.state_of(first) is ProposalState.ACCEPTED
    found = review_of(table, first)
    assert found is not None
    assert (found.verdict, found.reviewer) == ("accepted", "anna")


def test_votes_that_all_reject_reject_with_the_first_one_s_reason(table: "Table") -> None:
    queue = table.queue(fold=2)
    vote(table, queue, "anna", Judgement.reject("a shadow"))
    vote(table, queue, "ben", Judgement.reject("no cat"))
    found = review_of(table, table.proposal_ids[0])
    assert found is not None
    assert (found.verdict, found.reviewer, found.reason) == ("rejected", "anna", "a shadow")


def test_the_mask_in_the_middle_decides(table: "Table") -> None:
    """Of 40, 42 and 49 pixels inside each other that of 42 is most like the others."""
    queue = table.queue(fold=3)
    mask = table.square(2, 2, 7)
    smaller = mask.copy()
    smaller[2, 2:9] = False
    smallest = smaller.copy()
    smallest[3, 2:4] = False
    for name, drawn in (("anna", mask), ("ben", smaller), ("cleo", smallest)):
        vote(table, queue, name, Judgement.correct(table.drawn(drawn)))
    found = review_of(table, table.proposal_ids[0])
    assert found is not None
    assert (found.verdict, found.reviewer, found.seconds) == ("corrected", "ben", 1.5)
    (made,) = annotations.of_image(table.runtime, table.project_id, table.image.id)
    assert (made.author, made.drawing.mask.area) == ("ben", 42)


@pytest.mark.parametrize("kind", ["verdict", "category", "mask"])
def test_votes_that_disagree_leave_it_in_dispute(table: "Table", kind: str) -> None:
    other = {
        "verdict": Judgement.reject(),
        "category": Judgement.accept(table.dog),
        "mask": corrected(table, 4),
    }[kind]
    queue = table.queue(fold=2)
    vote(table, queue, "anna")
    vote(table, queue, "ben", other)
    assert table.state_of(table.proposal_ids[0]) is PENDING
    assert figures(table).in_dispute == 1
    vote(table, queue, "cleo")
    assert table.state_of(table.proposal_ids[0]) is PENDING


def dispute(table: "Table") -> int:
    """On the first proposal; a queue of disputes."""
    queue = table.queue(fold=2)
    vote(table, queue, "anna", Judgement.reject("a shadow"))
    vote(table, queue, "ben", corrected(table, 4))
    return table.queue("disputes", rule=Rule(adjudicate=True))


def test_a_queue_of_disputes_hands_out_those_with_all_that_was_said(table: "Table") -> None:
    disputes = dispute(table)
    (card,) = table.take("cleo", 5, disputes)
    assert card.card.shows.proposal_id == table.proposal_ids[0]
    said = [(one.verdict, one.category_id, one.reason) for one in card.votes]
    assert said == [("corrected", table.cat, None), ("rejected", None, "a shadow")]
    assert card.votes[0].mask == Rle.encode(table.square(0, 0, 4))
    table.answer("cleo", card, Judgement.accept(table.dog))
    found = review_of(table, table.proposal_ids[0])
    assert found is not None
    assert (found.verdict, found.reviewer, found.card_id) == ("accepted", "cleo", card.card.id)
    assert table.take("dora", 5, disputes) == []
    assert figures(table).in_dispute == 0


def test_a_card_of_another_queue_shows_nobody_s_vote(table: "Table") -> None:
    queue = table.queue(fold=2)
    vote(table, queue, "anna")
    (card,) = table.take("ben", 1, queue)
    assert card.votes == ()


def test_who_takes_a_vote_back_takes_back_what_it_came_to(table: "Table") -> None:
    queue = table.queue(fold=2)
    first = table.proposal_ids[0]
    vote(table, queue, "anna")
    mine = vote(table, queue, "ben")
    again = table.withdraw("ben", mine)
    assert table.state_of(first) is PENDING
    assert annotations.page(table.runtime, table.project_id) == []
    table.answer("ben", again, Judgement.reject())
    assert (table.state_of(first), figures(table).in_dispute) == (PENDING, 1)
    table.answer("ben", table.withdraw("ben", mine))
    assert table.state_of(first) is ProposalState.ACCEPTED


def test_a_vote_cannot_be_taken_back_from_under_a_decided_dispute(table: "Table") -> None:
    queue = table.queue(fold=2)
    vote(table, queue, "anna")
    mine = vote(table, queue, "ben", Judgement.reject())
    disputes = table.queue("disputes", rule=Rule(adjudicate=True))
    vote(table, disputes, "cleo")
    with pytest.raises(AlreadyReviewedError, match="cleo"):
        table.withdraw("ben", mine)


def figures(table: "Table", queue_id: int | None = None) -> Agreement:
    return agreement.agreement(table.runtime, table.project_id, queue_id=queue_id)


def test_without_votes_there_are_no_figures(table: "Table") -> None:
    found = figures(table)
    assert (found.proposals, found.votes, found.mean_iou) == (0, 0, None)
    assert found.alpha == Undefined("no object was given a category by two people")


def test_figures_are_of_what_two_people_said(table: "Table") -> None:
    """Three proposals: both say cat; both say dog, one with another mask; cat and rejected."""
    queue = table.queue(fold=2)
    sides: tuple[tuple[Judgement | None, Judgement | None], ...] = (
        (None, None),
        (Judgement.accept(table.dog), corrected_dog(table)),
        (None, Judgement.reject()),
        (None, None),
    )
    for mine, theirs in sides[:3]:
        vote(table, queue, "anna", mine)
        vote(table, queue, "ben", theirs)
    vote(table, queue, "anna")
    found = figures(table, queue)
    assert (found.proposals, found.votes, found.settled, found.in_dispute) == (3, 6, 1, 2)
    assert found.mean_iou is not None
    assert found.mean_iou.mean == pytest.approx((1 + 9 / 16) / 2)
    assert isinstance(found.alpha, Alpha)
    # Values: cat 3, dog 2, rejected 1; observed 2 of 6 pairs differ, expected 22 of 30.
    assert found.alpha.value == pytest.approx(1 - (2 / 6) / (22 / 30))
    assert found.alpha.units == 3
    assert figures(table, table.queue("other", fold=2)).proposals == 0


def corrected_dog(table: "Table") -> Judgement:
    return Judgement.correct(table.drawn(table.square(0, 1, 4), table.dog))


def test_a_queue_of_another_project_has_no_figures(table: "Table") -> None:
    with pytest.raises(NotFoundError, match="queue"):
        figures(table, 987_654)


def test_disputes_are_decided_by_one_and_are_about_proposals(table: "Table") -> None:
    with pytest.raises(BadParametersError, match="one person decides"):
        table.queue("both", fold=2, rule=Rule(adjudicate=True))
    with pytest.raises(BadParametersError, match="proposals only"):
        table.queue("people", subject=QueueSubject.ANNOTATIONS, rule=Rule(adjudicate=True))
