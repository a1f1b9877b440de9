"""Reviewers of known skill at a queue in random order: auto-accept comes and goes by what they
answer."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.db import auto_accepts
from maskloop.platform.db.queues import Plan
from maskloop.platform.states import ProposalState, QueueOrder, QueueSubject
from maskloop.services import auto_accepts as services
from maskloop.services import cards, queues
from maskloop.services.answers import answer_in
from maskloop.services.auto_accept_offers import Terms
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from sites.ward import Ward

TERMS = Terms(wanted_precision=0.8, confidence=0.8, audit_share=0.3)


@pytest.fixture
def queue_id(ward: "Ward") -> int:
    plan = Plan("audits", QueueSubject.PROPOSALS, ordering=QueueOrder.RANDOM)
    with ward.runtime.engine.begin() as connection:
        return queues.create_in(connection, ward.project_id, plan, created_by=ward.anna).id


def answer(ward: "Ward", queue_id: int, count: int, *, right_from: float) -> None:
    """Ben accepts what the model scores so or higher, and rejects the rest."""
    ben = Person(ward.ben, "ben", judges_people=False)
    hand = cards.take(ward.runtime, ward.project_id, person=ben, queue_id=queue_id, count=count)
    for shown in hand.cards:
        assert shown.face.predicted_iou is not None
        judgement = Judgement.reject("no cell", seconds=2.0)
        if shown.face.predicted_iou >= right_from:
            judgement = Judgement.accept(ward.cell, seconds=2.0)
        with ward.runtime.engine.begin() as connection:
            answer_in(
                connection,
                ward.project_id,
                shown.card.id,
                judgement,
                token=shown.card.token,
                person=ben,
            )


def test_a_good_model_is_trusted_and_no_longer_when_it_turns_bad(
    ward: "Ward", queue_id: int
) -> None:
    answer(ward, queue_id, 100, right_from=0.3)
    with ward.runtime.engine.begin() as connection:
        accept = services.switch_on_in(
            connection,
            ward.project_id,
            TERMS,
            category_id=ward.cell,
            model_version_id=ward.model_version_id,
            by=ward.anna,
        )
    assert 0.2 < accept.threshold < 0.45
    accepted = services.catch_up(ward.runtime, accept)
    assert accepted > 50
    answer(ward, queue_id, 20, right_from=0.3)
    assert _now(ward, accept.id).revoked_at is None
    answer(ward, queue_id, 80, right_from=1.1)
    revoked = _now(ward, accept.id)
    assert revoked.revoked_because is not None
    assert "audits since it was switched on were wrong" in revoked.revoked_because
    stays = [one for one in ward.proposals() if one.state is ProposalState.ACCEPTED]
    assert len(stays) > accepted


def _now(ward: "Ward", auto_accept_id: int) -> auto_accepts.AutoAccept:
    return services.get(ward.runtime, ward.project_id, auto_accept_id).auto_accept
