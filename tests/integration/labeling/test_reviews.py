"""Reviews: one verdict decides a proposal, and the annotation comes with it or not at all."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.db import proposals
from maskloop.platform.errors import AlreadyReviewedError, BadMaskError, NotFoundError
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState, Verdict
from maskloop.services import annotations, reviews
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from tests.integration.labeling.conftest import Desk

    from sites.bench import Bench


def state_of(desk: "Desk") -> ProposalState:
    with desk.runtime.engine.connect() as connection:
        return proposals.by_id(connection, desk.project_id, desk.proposal_id).state


def decide(desk: "Desk", judgement: Judgement, reviewer_id: int) -> reviews.Review:
    return reviews.review(
        desk.runtime, desk.project_id, desk.proposal_id, judgement, reviewer_id=reviewer_id
    )


def test_an_accepted_proposal_becomes_an_annotation_as_it_is(desk: "Desk") -> None:
    found = decide(desk, Judgement.accept(desk.dog, seconds=0.75), desk.anna)
    assert (found.verdict, found.reviewer, found.seconds) == (Verdict.ACCEPTED, "anna", 0.75)
    assert state_of(desk) is ProposalState.ACCEPTED
    (made,) = annotations.of_image(desk.runtime, desk.project_id, desk.image.id)
    assert found.annotation == (made.id, 1)
    assert (made.category, made.author, made.proposal_id) == ("dog", "anna", desk.proposal_id)
    assert made.drawing.mask.rle == Rle.encode(desk.square(1, 1))
    assert made.drawing.model_version_id == desk.model_version_id
    assert made.drawing.prompts == [{"points": [[1.0, 1.0, 1]]}]


def test_a_corrected_proposal_becomes_the_mask_that_was_given(desk: "Desk") -> None:
    decide(desk, Judgement.correct(desk.drawn(desk.square(4, 5))), desk.anna)
    assert state_of(desk) is ProposalState.CORRECTED
    (made,) = annotations.of_image(desk.runtime, desk.project_id, desk.image.id)
    assert made.drawing.mask.rle == Rle.encode(desk.square(4, 5))
    assert made.proposal_id == desk.proposal_id


def test_a_rejected_proposal_leaves_a_reason_and_no_annotation(desk: "Desk") -> None:
    found = decide(desk, Judgement.reject("a shadow"), desk.anna)
    assert (found.annotation, found.reason) == (None, "a shadow")
    assert state_of(desk) is ProposalState.REJECTED
    assert annotations.page(desk.runtime, desk.project_id) == []
    assert reviews.page(desk.runtime, desk.project_id) == [found]


def test_a_second_review_is_told_who_was_first_and_changes_nothing(desk: "Desk") -> None:
    decide(desk, Judgement.reject(), desk.anna)
    with pytest.raises(AlreadyReviewedError) as caught:
        decide(desk, Judgement.accept(desk.cat), desk.ben)
    assert caught.value.fields == {
        "proposal": desk.proposal_id,
        "verdict": "rejected",
        "reviewer": "anna",
    }
    assert state_of(desk) is ProposalState.REJECTED
    assert annotations.page(desk.runtime, desk.project_id) == []


def test_of_two_reviews_at_once_one_decides(desk: "Desk") -> None:
    together = Barrier(2)

    def accept(reviewer_id: int) -> str:
        together.wait(timeout=30)
        try:
            decide(desk, Judgement.accept(desk.cat), reviewer_id)
        except AlreadyReviewedError as error:
            return f"after {error.fields['reviewer']}"
        return "first"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(accept, [desk.anna, desk.ben]))
    assert outcomes in (["first", "after anna"], ["after ben", "first"])
    assert len(annotations.page(desk.runtime, desk.project_id)) == 1


def test_a_review_waits_for_one_that_is_under_way_and_then_loses(desk: "Desk") -> None:
    """The first one's transaction is held open until the second has begun to wait for it."""
    with ThreadPoolExecutor(1) as pool:
        with desk.runtime.engine.begin() as connection:
            judgement = Judgement.reject("mine")
            reviews.review_in(
                connection, desk.project_id, desk.proposal_id, judgement, reviewer_id=desk.anna
            )
            second = pool.submit(decide, desk, Judgement.accept(desk.cat), desk.ben)
        with pytest.raises(AlreadyReviewedError, match="rejected by anna"):
            second.result(timeout=30)
    assert annotations.page(desk.runtime, desk.project_id) == []


def test_a_review_with_a_bad_mask_leaves_the_proposal_pending(desk: "Desk") -> None:
    bad = replace(desk.drawn(desk.square(1, 1)), counts=b"garbage!")
    with pytest.raises(BadMaskError):
        decide(desk, Judgement.correct(bad), desk.anna)
    assert state_of(desk) is ProposalState.PENDING
    assert reviews.of_proposal(desk.runtime, desk.project_id, desk.proposal_id) is None


def test_a_proposal_of_another_project_is_not_there(desk: "Desk", bench: "Bench") -> None:
    bench.project = "others"
    other = bench.make_project()
    with pytest.raises(NotFoundError, match="no proposal"):
        reviews.review(
            desk.runtime, other, desk.proposal_id, Judgement.reject(), reviewer_id=desk.anna
        )
    assert state_of(desk) is ProposalState.PENDING
