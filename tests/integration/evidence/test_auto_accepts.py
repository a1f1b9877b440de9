"""Auto-accept: what the audits allow is accepted, what they do not is not, and all of it can be
taken back."""

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.db import audit_events, auto_accepts, corrections, proposals
from maskloop.platform.errors import (
    AutoAcceptOnError,
    BadParametersError,
    NotFoundError,
    NoThresholdError,
    RefusedTransitionError,
)
from maskloop.platform.states import ProposalState, QueueOrder
from maskloop.services import annotations, reviews
from maskloop.services import auto_accepts as services
from maskloop.services.annotations import Editor
from maskloop.services.audit_draw import is_audited
from maskloop.services.auto_accept_offers import Offer, Terms

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.ward import Ward

TERMS = Terms(wanted_precision=0.8, confidence=0.8, audit_share=0.1)
"""The first look is at 22 audits: twice as many as show 80 % when all are right, with half of the
doubt."""


def offer(ward: "Ward", terms: Terms = TERMS) -> Offer:
    return services.offer(ward.runtime, ward.project_id, terms)


def switch_on(ward: "Ward", terms: Terms = TERMS) -> auto_accepts.AutoAccept:
    with ward.runtime.engine.begin() as connection:
        return services.switch_on_in(
            connection,
            ward.project_id,
            terms,
            category_id=ward.cell,
            model_version_id=None,
            by=ward.anna,
        )


def states(ward: "Ward") -> dict[int, ProposalState]:
    return {one.id: one.state for one in ward.proposals()}


def waiting(ward: "Ward", least: float) -> list[int]:
    """Pending ones from this score on."""
    return [
        one.id
        for one in ward.proposals()
        if one.state is ProposalState.PENDING and one.mask.predicted_iou >= least
    ]


def actions(ward: "Ward") -> list[tuple[str | None, str]]:
    with ward.runtime.engine.connect() as connection:
        found = audit_events.page(connection, ward.project_id, limit=10)
    return [(event.user, event.action) for event in found]


def test_without_audits_there_is_no_threshold_but_a_number_that_is_missing(ward: "Ward") -> None:
    found = offer(ward)
    assert (found.threshold, found.audits, found.audits_needed) == (None, 0, 22)
    assert (found.would_accept, found.median_seconds, found.hours_saved) == (0, None, None)
    assert found.because == (
        "0 proposals were audited in random order; whether 80% are right is first judged at 22; "
        "22 more audits before the next look"
    )
    with pytest.raises(NoThresholdError, match="22 more audits"):
        switch_on(ward)


def test_the_threshold_is_where_the_audits_stop_being_right(ward: "Ward") -> None:
    ward.audit(wrong=range(180, 300))
    found = offer(ward)
    assert (found.audits, found.right) == (100, 60)
    assert found.threshold is not None
    above = waiting(ward, found.threshold)
    assert 0.3 < found.threshold < 0.45
    assert found.would_accept + found.left_for_audits == len(above)
    assert found.left_for_audits == sum(
        is_audited(ward.project_id, one, TERMS.audit_share) for one in above
    )
    assert (found.category and found.category.name, found.audits_needed) == ("cell", 0)
    assert found.most_error is not None
    assert found.expected_error is not None
    assert found.expected_error <= found.most_error <= 0.2
    assert found.median_seconds == 6.0
    assert found.hours_saved == found.would_accept * 6.0 / 3600


def test_what_is_switched_on_accepts_what_it_said_and_leaves_the_rest(ward: "Ward") -> None:
    ward.audit(wrong=range(180, 300))
    offered = offer(ward)
    accept = switch_on(ward)
    assert accept.threshold == offered.threshold
    assert accept.evidence == dict(offered.evidence)
    above = waiting(ward, accept.threshold)
    assert services.catch_up(ward.runtime, accept) == offered.would_accept
    assert services.catch_up(ward.runtime, accept) == 0
    left = waiting(ward, accept.threshold)
    assert left == [one for one in above if is_audited(ward.project_id, one, 0.1)]
    (view,) = services.page(ward.runtime, ward.project_id)
    assert (view.auto_accept, view.accepted) == (accept, offered.would_accept)
    assert actions(ward) == [("anna", "switched_on")]


def test_an_accepted_proposal_is_an_annotation_of_who_switched_it_on(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    services.catch_up(ward.runtime, accept)
    first, *_ = services.accepted_page(ward.runtime, ward.project_id, accept.id, limit=1)
    made = annotations.get(ward.runtime, ward.project_id, first.annotation[0])
    assert (made.author, made.category, made.revision) == ("anna", "cell", 1)
    assert made.proposal_id == first.proposal_id
    with ward.runtime.engine.connect() as connection:
        proposal = proposals.by_id(connection, ward.project_id, first.proposal_id)
    assert proposal.state is ProposalState.ACCEPTED
    assert made.drawing.mask.rle == proposal.mask.rle
    assert made.drawing.prompts == [{"points": [[*proposal.mask.point_xy, 1]]}]
    assert made.drawing.predicted_iou == proposal.mask.predicted_iou
    review = reviews.of_proposal(ward.runtime, ward.project_id, first.proposal_id)
    assert review is not None
    assert (review.verdict, review.reviewer, review.seconds) == ("accepted", "anna", None)


def test_only_verdicts_on_random_cards_of_the_whole_are_evidence(ward: "Ward") -> None:
    found = iter([one.id for one in ward.proposals()])
    ward.judge(next(found), at_random=False)
    ward.judge(next(found), queue_id=ward.queue(QueueOrder.DOUBT))
    ward.judge(next(found), queue_id=ward.queue(fold=2))
    for rule in ({"predicted_iou_least": 0.5}, {"image": "one"}, {"job_id": 1}):
        ward.judge(next(found), queue_id=ward.queue(rule=rule))
    assert offer(ward).audits == 0
    ward.judge(next(found))
    ward.judge(next(found), queue_id=ward.queue(rule={"sample": 0.5}))
    ward.judge(next(found), queue_id=ward.queue(rule={"model_version_id": ward.model_version_id}))
    assert offer(ward).audits == 3


def test_a_withdrawn_verdict_is_no_evidence(ward: "Ward") -> None:
    review_id = ward.judge(ward.proposals()[0].id)
    with ward.runtime.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO withdrawals (project_id, review_id, user_id) VALUES (:p, :r, :u)"),
            {"p": ward.project_id, "r": review_id, "u": ward.ben},
        )
    assert offer(ward).audits == 0


def test_right_is_the_mask_nearly_as_proposed_under_the_same_category(ward: "Ward") -> None:
    found = [one.id for one in ward.proposals()]
    ward.judge(found[0])
    ward.judge(found[1], iou=0.9)
    ward.judge(found[2], iou=0.89)
    ward.judge(found[3], ward.stain)
    ward.judge(found[4], reject=True)
    assert (offer(ward).audits, offer(ward).right) == (5, 2)


def test_a_card_in_somebody_s_hands_is_left_to_them(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    held = next(
        one
        for one in waiting(ward, accept.threshold)
        if not is_audited(ward.project_id, one, TERMS.audit_share)
    )
    ward.card(held, ended=False)
    services.catch_up(ward.runtime, accept)
    assert states(ward)[held] is ProposalState.PENDING


def test_what_somebody_has_drawn_already_is_not_accepted_beside_it(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    drawn = next(
        one
        for one in ward.proposals()
        if one.state is ProposalState.PENDING
        and not is_audited(ward.project_id, one.id, TERMS.audit_share)
    )
    annotations.create(
        ward.runtime,
        ward.project_id,
        ward.image.id,
        annotations.Submitted(ward.cell, drawn.mask.rle.counts),
        author_id=ward.ben,
    )
    services.catch_up(ward.runtime, accept)
    assert states(ward)[drawn.id] is ProposalState.PENDING


def test_what_a_job_proposes_later_is_accepted_as_it_comes(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    with ward.runtime.engine.begin() as connection:
        accepted = services.accept_new_in(
            connection, ward.project_id, ward.model_version_id, ward.image.id
        )
    assert accepted == services.get(ward.runtime, ward.project_id, accept.id).accepted > 0


def test_what_was_accepted_unseen_makes_no_version_look_better(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    assert services.catch_up(ward.runtime, accept) > 0
    with ward.runtime.engine.connect() as connection:
        judged = corrections.count_judged(connection, ward.project_id, ward.model_version_id)
    assert judged == 100


def test_nothing_is_accepted_of_another_version_or_when_it_is_off(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    with ward.runtime.engine.begin() as connection:
        other = services.accept_new_in(
            connection, ward.project_id, ward.model_version_id + 1, ward.image.id
        )
    assert other == 0
    off = services.switch_off(ward.runtime, ward.project_id, accept.id, by=ward.ben)
    assert off.revoked_because == "switched off by hand"
    assert services.catch_up(ward.runtime, accept) == 0
    with pytest.raises(RefusedTransitionError):
        services.switch_off(ward.runtime, ward.project_id, accept.id, by=ward.ben)
    assert actions(ward) == [("ben", "switched_off"), ("anna", "switched_on")]


def test_one_of_a_version_is_on_at_a_time(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    with pytest.raises(AutoAcceptOnError) as caught:
        switch_on(ward)
    assert caught.value.fields == {"auto_accept": accept.id, "version": ward.model_version_id}
    services.switch_off(ward.runtime, ward.project_id, accept.id, by=ward.anna)
    assert switch_on(ward).id != accept.id


def check(ward: "Ward") -> auto_accepts.AutoAccept | None:
    with ward.runtime.engine.begin() as connection:
        return services.check_in(connection, ward.project_id, ward.model_version_id)


def test_audits_that_agree_leave_it_on(ward: "Ward") -> None:
    ward.audit(every=10)
    accept = switch_on(ward)
    assert check(ward) is None
    for one in waiting(ward, accept.threshold)[:20]:
        ward.judge(one)
        assert check(ward) is None


def test_audits_that_disagree_revoke_it_and_say_why(ward: "Ward") -> None:
    ward.audit(every=10)
    accept = switch_on(ward, Terms(0.8, 0.8, audit_share=1.0))
    revoked, wrong = None, 0
    for one in waiting(ward, accept.threshold):
        ward.judge(one, reject=True)
        wrong += 1
        if (revoked := check(ward)) is not None:
            break
    assert revoked is not None
    assert revoked.id == accept.id
    assert revoked.revoked_because is not None
    assert revoked.revoked_because.startswith(
        f"{wrong} of the {wrong} audits since it was switched on were wrong, which is "
    )
    assert wrong < 5
    assert check(ward) is None
    assert actions(ward)[0] == (None, "revoked")


def test_audits_below_the_threshold_do_not_speak_against_it(ward: "Ward") -> None:
    ward.audit(wrong=range(150, 300))
    accept = switch_on(ward)
    below = [one for one in waiting(ward, 0.0) if one not in waiting(ward, accept.threshold)]
    for one in below[:20]:
        ward.judge(one, reject=True)
    assert check(ward) is None


def test_all_of_it_is_taken_back_but_what_somebody_changed(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    before = states(ward)
    count = services.catch_up(ward.runtime, accept)
    changed, deleted, *_ = services.accepted_page(ward.runtime, ward.project_id, accept.id)
    ben = Editor(ward.ben, of_others=True)
    made = annotations.get(ward.runtime, ward.project_id, changed.annotation[0])
    submitted = annotations.Submitted(ward.stain, made.drawing.mask.rle.counts)
    annotations.update(ward.runtime, ward.project_id, made.id, submitted, expected=1, editor=ben)
    annotations.delete(ward.runtime, ward.project_id, deleted.annotation[0], expected=1, editor=ben)
    assert services.take_back(ward.runtime, ward.project_id, accept.id, by=ward.anna) == count - 2
    after = states(ward)
    kept = {changed.proposal_id, deleted.proposal_id}
    assert {one for one in after if after[one] != before[one]} == kept
    listed = services.accepted_page(ward.runtime, ward.project_id, accept.id)
    assert {one.proposal_id for one in listed if not one.taken_back} == kept
    assert {one.proposal_id for one in listed if one.changed} == kept
    assert services.get(ward.runtime, ward.project_id, accept.id).accepted == 2
    gone = next(one for one in listed if one.taken_back)
    history = annotations.history(ward.runtime, ward.project_id, gone.annotation[0])
    assert [(one.deleted, one.author) for one in history] == [(False, "anna"), (True, "anna")]
    assert services.take_back(ward.runtime, ward.project_id, accept.id, by=ward.anna) == 0


def test_what_was_taken_back_can_be_accepted_again(ward: "Ward") -> None:
    ward.audit()
    accept = switch_on(ward)
    count = services.catch_up(ward.runtime, accept)
    services.take_back(ward.runtime, ward.project_id, accept.id, by=ward.anna)
    assert services.catch_up(ward.runtime, switch_on(ward)) == count


@pytest.mark.parametrize(
    "terms",
    [Terms(wanted_precision=1.0), Terms(confidence=0.2), Terms(audit_share=0.0)],
)
def test_terms_that_cannot_be_are_refused(ward: "Ward", terms: Terms) -> None:
    with pytest.raises(BadParametersError):
        offer(ward, terms)


def test_another_project_has_none_of_it(ward: "Ward", bench: "Bench") -> None:
    ward.audit()
    accept = switch_on(ward)
    bench.project = "others"
    other = bench.make_project(["cell"])
    assert services.offer(ward.runtime, other, TERMS).audits == 0
    assert services.page(ward.runtime, other) == []
    for deed in (services.switch_off, services.take_back):
        with pytest.raises(NotFoundError, match="auto-accept"):
            deed(ward.runtime, other, accept.id, by=ward.anna)
    with pytest.raises(NotFoundError, match="category"):
        services.offer(ward.runtime, other, TERMS, category_id=ward.cell)
    assert services.get(ward.runtime, ward.project_id, accept.id).auto_accept.revoked_at is None
