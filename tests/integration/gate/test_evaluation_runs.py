"""Evaluations as jobs: what is measured, stored and judged, however the work ends."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.platform.db import evaluations, training_policies
from maskloop.platform.db.job_items import Counts
from maskloop.platform.errors import (
    BadParametersError,
    EmptyTrainingSetError,
    LeaseLostError,
    NotFoundError,
    RefusedTransitionError,
    WrongJobKindError,
)
from maskloop.platform.evaluation import Protocol
from maskloop.platform.object_scores import read_scores
from maskloop.platform.states import JobState
from maskloop.platform.training import GatePolicy, Policy, SetRule
from maskloop.services import evaluations as asked
from maskloop.services.evaluation_runs import run_evaluation
from maskloop.services.jobs import claim, requeue
from maskloop.services.model_versions import retire
from maskloop.services.steering import cancel
from maskloop.services.training_sets import freeze
from sites.contest import CHAMPION_IOU, HELD_OUT, CheckStop, Contest, nothing

Before = Callable[[EvaluationPlan, CheckStop], None]
BETTER = CHAMPION_IOU + 0.1


def rows(contest: Contest) -> list[tuple[int, float]]:
    """Versions with their one-click IoU, in the order in which they were measured."""
    found = asked.page(contest.runtime, contest.school.project_id)
    return [(one.model_version_id, one.summary.overall["one_click"].mean) for one in found[::-1]]


def test_both_versions_are_measured_and_the_gate_says_what_it_thinks(contest: Contest) -> None:
    told: list[Counts] = []
    job_id = contest.submit()

    ended = run_evaluation(contest.runtime, job_id, crew=contest.crew, on_progress=told.append)

    assert ended.job.state is JobState.SUCCEEDED
    assert rows(contest) == [
        (contest.champion.id, pytest.approx(CHAMPION_IOU)),
        (contest.challenger.id, pytest.approx(BETTER)),
    ]
    assert told[0].total == told[-1].done == 2 * HELD_OUT
    result = contest.result_of(job_id)
    assert result is not None
    assert (result.champion_id, result.challenger_id) == (
        contest.champion.id,
        contest.challenger.id,
    )
    assert result.passed
    assert result.training_set_id == contest.training_set.id
    assert result.comparison.overall["one_click"].mean == pytest.approx(0.1)


def test_every_object_s_figures_are_kept(contest: Contest) -> None:
    contest.judged()
    found = asked.page(contest.runtime, contest.school.project_id)[0]
    score, *others = read_scores(contest.runtime.objects, found.scores_key)
    assert len(others) == HELD_OUT - 1
    assert (score.category, score.one_click, score.box) == ("cat", BETTER, BETTER)


def test_what_was_measured_is_not_measured_again(contest: Contest) -> None:
    contest.judged()
    contest.judged()
    third = contest.another("photos-2", iou=0.7)
    contest.judged(third)
    assert [plan.decoder_digest for plan in contest.crew.plans] == [
        contest.champion.decoder_digest,
        contest.challenger.decoder_digest,
        third.decoder_digest,
    ]


def test_times_are_compared_in_each_job_anew(contest: Contest) -> None:
    """Although each version was measured before, on a day of its own."""
    pair = contest.champion.decoder_digest, contest.challenger.decoder_digest
    first = contest.judged()
    contest.crew.slowdown = 1.25
    second = contest.judged()
    assert contest.crew.races == [pair, pair]
    assert (first.comparison.slowdown, first.passed) == (1.0, True)
    assert (second.comparison.slowdown, second.broken_rules) == (1.25, ["not_slower"])


def test_a_hold_out_of_one_image_proves_nothing(contest: Contest) -> None:
    school = contest.school
    rule = SetRule(holdout_sources=("*/val/0.png",), holdout_share=0, validation_share=0)
    frozen = freeze(contest.runtime, school.project_id, rule, by=school.ann)
    result = contest.judged(training_set_id=frozen.id)
    assert (result.comparison.images, result.broken_rules) == (1, ["enough:images"])


def test_another_protocol_is_another_evaluation(contest: Contest) -> None:
    contest.judged()
    smaller = contest.judged(protocol=Protocol(most_objects=1))
    assert smaller.broken_rules == ["usual:protocol"]
    assert len(contest.crew.plans) == 4
    assert len(rows(contest)) == 4


def test_a_worse_challenger_is_refused_by_the_rules_it_breaks(contest: Contest) -> None:
    result = contest.judged(contest.another("worse", iou=0.3))
    assert not result.passed
    assert result.broken_rules == [
        "better:one_click",
        "not_worse:one_click",
        "not_worse:best_of_three",
        "not_worse:box",
    ]


def test_the_gate_is_the_policy_s_of_that_moment(contest: Contest) -> None:
    job_id = contest.submit()
    policy = Policy(gate=GatePolicy(metric="box", category_least=2, confidence=0.9))
    with contest.runtime.engine.begin() as connection:
        training_policies.put(connection, contest.school.project_id, policy, by=contest.school.ann)
    contest.run(job_id)
    result = contest.result_of(job_id)
    assert result is not None
    assert result.policy == policy.gate
    assert result.result.rules[0].name == "better:box"


def test_a_general_set_shows_what_was_forgotten(contest: Contest) -> None:
    general = contest.other_set("things")
    forgetful = contest.another("forgetful", iou=0.6)

    def forgets(plan: EvaluationPlan, check_stop: CheckStop) -> None:
        """The third plan is the champion's on the general set, the fourth the challenger's."""
        contest.crew.ious[forgetful.decoder_digest] = 0.6 if len(contest.crew.plans) < 4 else 0.4

    contest.crew.before = forgets
    result = contest.judged(forgetful, training_set_id=contest.training_set.id, general=general)
    assert result.general_set_id == general.training_set_id
    assert result.broken_rules == ["not_forgotten:one_click", "not_forgotten:box"]
    # The rows are the general set's project's, which knows nothing of the job.
    other = asked.page(contest.runtime, general.project_id)
    assert [(one.model_version_id, one.job_id) for one in other] == [
        (forgetful.id, None),
        (contest.champion.id, None),
    ]


def test_a_cancelled_evaluation_goes_on_with_what_is_left(contest: Contest) -> None:
    job_id = contest.submit()
    contest.crew.before = cancels_at(contest, job_id, contest.challenger.decoder_digest)
    often = contest.runtime.settings.model_copy(update={"lease_seconds": 3.0})

    ended = run_evaluation(replace(contest.runtime, settings=often), job_id, crew=contest.crew)

    assert ended.job.state is JobState.CANCELLED
    assert [version for version, _ in rows(contest)] == [contest.champion.id]
    assert contest.result_of(job_id) is None

    contest.crew.before = nothing
    requeue(contest.runtime, job_id)
    assert contest.run(job_id).job.state is JobState.SUCCEEDED
    assert [plan.decoder_digest for plan in contest.crew.plans] == [
        contest.champion.decoder_digest,
        contest.challenger.decoder_digest,
        contest.challenger.decoder_digest,
    ]


def cancels_at(contest: Contest, job_id: int, digest: str) -> Before:
    """When this decoder's turn comes, somebody cancels; the work stops when it is told to."""

    def before(plan: EvaluationPlan, check_stop: CheckStop) -> None:
        if plan.decoder_digest != digest:
            return
        cancel(contest.runtime, job_id)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            check_stop()
        pytest.fail("the work was not stopped")

    return before


def test_a_worker_that_stops_leaves_the_job_to_the_next(contest: Contest) -> None:
    job_id, stop = contest.submit(), threading.Event()
    contest.crew.before = _sets(stop)

    left = run_evaluation(contest.runtime, job_id, crew=contest.crew, stop=stop)

    assert (left.job.state, left.worker_lost) == (JobState.RUNNING, True)
    contest.crew.before = nothing
    assert contest.run(job_id).job.state is JobState.SUCCEEDED


def _sets(stop: threading.Event) -> Before:
    def before(plan: EvaluationPlan, check_stop: CheckStop) -> None:
        stop.set()
        check_stop()

    return before


def test_who_lost_the_lease_stores_nothing(contest: Contest) -> None:
    job_id = contest.submit()

    def taken_over(plan: EvaluationPlan, check_stop: CheckStop) -> None:
        claim(contest.runtime, job_id, take_over=True)

    contest.crew.before = taken_over
    with pytest.raises(LeaseLostError):
        contest.run(job_id)
    assert rows(contest) == []
    assert contest.result_of(job_id) is None


def test_a_version_is_compared_with_another_one(contest: Contest) -> None:
    with pytest.raises(BadParametersError, match="compare a version with another one"):
        contest.submit(contest.champion)


def test_a_retired_version_is_no_challenger_but_may_be_a_champion(contest: Contest) -> None:
    old = contest.another("old", iou=0.4)
    retire(contest.runtime, old.id)
    with pytest.raises(RefusedTransitionError, match="is retired and cannot be evaluated"):
        contest.submit(old)
    job_id = contest.submit(champion_id=old.id)
    assert contest.run(job_id).job.state is JobState.SUCCEEDED


def test_a_set_without_hold_out_measures_nothing(contest: Contest) -> None:
    school = contest.school
    all_trained = SetRule(holdout_share=0, validation_share=0)
    frozen = freeze(contest.runtime, school.project_id, all_trained, by=school.ann)
    with pytest.raises(EmptyTrainingSetError, match=r"no image of training set .+ is held out"):
        contest.submit(training_set_id=frozen.id)


def test_the_set_of_another_project_is_not_found(contest: Contest) -> None:
    contest.school.bench.project = "others"
    other = contest.school.bench.make_project()
    with pytest.raises(NotFoundError):
        contest.submit(project_id=other, training_set_id=contest.training_set.id)


def test_a_training_is_no_evaluation(contest: Contest) -> None:
    job_id = contest.school.submit()
    with pytest.raises(WrongJobKindError):
        contest.run(job_id)


def test_equal_protocols_have_one_digest() -> None:
    assert evaluations.digest_of(Protocol()) == evaluations.digest_of(Protocol(most_clicks=20))
    assert evaluations.digest_of(Protocol()) != evaluations.digest_of(Protocol(most_clicks=10))


@pytest.mark.parametrize("table", ["evaluations", "gate_results"])
def test_what_was_measured_stays(contest: Contest, table: str) -> None:
    contest.judged()
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET created_at = now()"):
        with (
            pytest.raises(sa.exc.DBAPIError, match="never changed or removed"),
            contest.runtime.engine.begin() as connection,
        ):
            connection.execute(sa.text(statement))
