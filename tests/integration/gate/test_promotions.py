"""Which version serves: what the gate lets through, and the ways around it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from maskloop.platform.db import model_versions
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.promotions import Promotion
from maskloop.platform.errors import (
    BadParametersError,
    GateRefusedError,
    MaskloopError,
    NotEvaluatedError,
    NotFoundError,
    NothingToRollBackError,
    RefusedTransitionError,
)
from maskloop.platform.evaluation import Protocol
from maskloop.platform.generation import GenerationParameters
from maskloop.services import gates, promotions
from maskloop.services.jobs import submit_autolabel, view
from maskloop.services.model_versions import retire
from sites.contest import Contest

REASON = "the customer wants it for the fair"


def serving(contest: Contest) -> int:
    with contest.runtime.engine.connect() as connection:
        return model_versions.serving(connection).id


def promote(contest: Contest, version: ModelVersion) -> Promotion:
    return promotions.promote(contest.runtime, version.id, by=contest.school.ann)


def test_what_passed_the_gate_serves(contest: Contest) -> None:
    result = contest.judged()
    made = promote(contest, contest.challenger)
    assert serving(contest) == contest.challenger.id
    assert (made.gate_result_id, made.against_gate, made.promoted_by) == (result.id, False, "ann")
    champion = contest.champion.id
    assert made.because == f"passed the gate beside version {champion}, result {result.id}"


def test_the_reason_that_somebody_gives_is_kept(contest: Contest) -> None:
    contest.judged()
    made = promotions.promote(contest.runtime, contest.challenger.id, because=" sharper edges ")
    assert (made.because, made.promoted_by) == ("sharper edges", None)


def test_what_nobody_compared_is_not_promoted(contest: Contest) -> None:
    with pytest.raises(NotEvaluatedError) as refused:
        promote(contest, contest.challenger)
    assert refused.value.fields == {
        "version": contest.challenger.id,
        "champion": contest.champion.id,
    }
    assert serving(contest) == contest.champion.id


def test_what_the_gate_refuses_is_refused_by_the_rule_s_name(contest: Contest) -> None:
    worse = contest.another("worse", iou=0.495)
    contest.judged(worse)
    with pytest.raises(GateRefusedError, match=r"refuses model version \d+: better:one_click\."):
        promote(contest, worse)
    assert serving(contest) == contest.champion.id


def test_the_newest_result_counts(contest: Contest) -> None:
    contest.judged()
    contest.crew.ious[contest.challenger.decoder_digest] = 0.2
    contest.judged(protocol=Protocol(most_objects=1))
    with pytest.raises(GateRefusedError):
        promote(contest, contest.challenger)


@pytest.mark.parametrize("because", [None, "", "  ", "so there", "   short    "])
def test_against_the_gate_takes_a_written_reason(contest: Contest, because: str | None) -> None:
    with pytest.raises(BadParametersError, match="because cannot be"):
        promotions.promote(
            contest.runtime, contest.challenger.id, because=because, against_gate=True
        )
    assert serving(contest) == contest.champion.id


def test_a_refused_version_serves_against_the_gate_with_a_reason(contest: Contest) -> None:
    worse = contest.another("worse", iou=0.3)
    result = contest.judged(worse)
    made = promotions.promote(contest.runtime, worse.id, because=REASON, against_gate=True)
    assert (made.because, made.against_gate, made.gate_result_id) == (REASON, True, result.id)
    assert serving(contest) == worse.id


def test_one_that_nobody_compared_does_too(contest: Contest) -> None:
    made = promotions.promote(
        contest.runtime, contest.challenger.id, because=REASON, against_gate=True
    )
    assert (made.against_gate, made.gate_result_id) == (True, None)


def test_what_the_gate_lets_through_is_not_against_it(contest: Contest) -> None:
    result = contest.judged()
    made = promotions.promote(
        contest.runtime, contest.challenger.id, because=REASON, against_gate=True
    )
    assert (made.against_gate, made.gate_result_id) == (False, result.id)


def test_another_champion_since_the_evaluation_needs_another_evaluation(contest: Contest) -> None:
    third = contest.another("third", iou=0.7)
    contest.judged()
    contest.judged(third)
    promote(contest, contest.challenger)
    with pytest.raises(NotEvaluatedError) as refused:
        promote(contest, third)
    assert refused.value.fields == {"version": third.id, "champion": contest.challenger.id}
    contest.judged(third)
    promote(contest, third)
    assert serving(contest) == third.id


def test_of_two_who_promote_at_once_one_wins_and_the_other_is_told(contest: Contest) -> None:
    third = contest.another("third", iou=0.7)
    rivals = [contest.challenger, third]
    for version in rivals:
        contest.judged(version)
    start = Barrier(2)

    def promoted(version: ModelVersion) -> Promotion | MaskloopError:
        start.wait(timeout=30)
        try:
            return promote(contest, version)
        except MaskloopError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(promoted, rivals))

    (won,) = [one for one in outcomes if isinstance(one, Promotion)]
    (told,) = [one for one in outcomes if isinstance(one, MaskloopError)]
    assert serving(contest) == won.version.id
    assert isinstance(told, NotEvaluatedError)
    assert told.fields["champion"] == won.version.id


def test_what_serves_is_not_promoted_again(contest: Contest) -> None:
    with pytest.raises(RefusedTransitionError, match="is serving and cannot be promoted"):
        promote(contest, contest.champion)


def test_a_version_that_there_is_not_is_not_found(contest: Contest) -> None:
    with pytest.raises(NotFoundError):
        promotions.promote(contest.runtime, 987_654)


def test_a_roll_back_goes_to_what_served_before_and_stops_at_the_first(contest: Contest) -> None:
    third = contest.another("third", iou=0.7)
    for version in (contest.challenger, third):
        contest.judged(version)
        promote(contest, version)

    first = promotions.rollback(contest.runtime, by=contest.school.ann)
    second = promotions.rollback(contest.runtime, because="worse at night")

    assert (first.version.id, first.promoted_by) == (contest.challenger.id, "ann")
    assert first.because == f"rolled back from version {third.id}"
    assert (second.version.id, second.because) == (contest.champion.id, "worse at night")
    with pytest.raises(NothingToRollBackError):
        promotions.rollback(contest.runtime)
    history = promotions.list_promotions(contest.runtime, before=None, limit=10)
    assert [one.version.id for one in history][::-1] == [
        contest.champion.id,
        contest.challenger.id,
        third.id,
        contest.challenger.id,
        contest.champion.id,
    ]


def test_what_served_before_serves_again_without_the_gate(contest: Contest) -> None:
    contest.judged()
    promote(contest, contest.challenger)
    promotions.rollback(contest.runtime)
    made = promote(contest, contest.challenger)
    assert made.because == f"served before, instead of version {contest.champion.id}"
    assert (made.gate_result_id, made.against_gate) == (None, False)


def test_a_roll_back_passes_over_what_was_retired(contest: Contest) -> None:
    third = contest.another("third", iou=0.7)
    for version in (contest.challenger, third):
        contest.judged(version)
        promote(contest, version)
    retire(contest.runtime, contest.challenger.id)
    assert promotions.rollback(contest.runtime).version.id == contest.champion.id


def test_two_who_roll_back_the_same_version_go_back_once(contest: Contest) -> None:
    contest.judged()
    promote(contest, contest.challenger)
    promotions.rollback(contest.runtime, instead_of=contest.challenger.id)
    with pytest.raises(RefusedTransitionError, match="replaced by version"):
        promotions.rollback(contest.runtime, instead_of=contest.challenger.id)
    assert serving(contest) == contest.champion.id


def test_what_serves_is_not_retired(contest: Contest) -> None:
    with pytest.raises(RefusedTransitionError, match="is serving and cannot be retired"):
        retire(contest.runtime, contest.champion.id)


def test_a_retired_version_serves_no_more(contest: Contest) -> None:
    contest.judged()
    retired = retire(contest.runtime, contest.challenger.id)
    assert retired.state == "retired"
    with pytest.raises(RefusedTransitionError, match="is retired and cannot be promoted"):
        promotions.promote(
            contest.runtime, contest.challenger.id, because=REASON, against_gate=True
        )
    with pytest.raises(RefusedTransitionError, match="is retired and cannot be retired"):
        retire(contest.runtime, contest.challenger.id)


def test_a_job_keeps_its_version_and_the_next_one_has_the_new_one(contest: Contest) -> None:
    before = submit_autolabel(contest.runtime, "photos", GenerationParameters())
    contest.judged()
    promote(contest, contest.challenger)
    after = submit_autolabel(contest.runtime, "photos", GenerationParameters())
    pinned = [view(contest.runtime, job).job.model_version_id for job in (before, after)]
    assert pinned == [contest.champion.id, contest.challenger.id]


def test_the_standing_is_beside_what_serves_now(contest: Contest) -> None:
    worse = contest.another("worse", iou=0.3)
    passed, refused = contest.judged(), contest.judged(worse)
    standings = gates.standings(contest.runtime)
    assert {number: (one.passed, one.gate_result_id) for number, one in standings.items()} == {
        contest.challenger.id: (True, passed.id),
        worse.id: (False, refused.id),
    }
    promote(contest, contest.challenger)
    assert gates.standings(contest.runtime) == {}


def test_every_project_that_compared_them_has_a_say(contest: Contest) -> None:
    """One version serves them all."""
    contest.crew.ious[contest.challenger.decoder_digest] = 0.2
    contest.judged(project_id=contest.other_set("things").project_id)
    contest.crew.ious[contest.challenger.decoder_digest] = 0.7
    contest.judged()
    assert not gates.standings(contest.runtime)[contest.challenger.id].passed
    with pytest.raises(GateRefusedError):
        promote(contest, contest.challenger)


def test_rules_of_projects_that_one_may_not_see_are_counted_and_not_named(
    contest: Contest,
) -> None:
    project, worse = contest.school.project_id, contest.another("worse", iou=0.495)
    contest.judged(worse)
    things, birds = (contest.other_set(name).project_id for name in ("things", "birds"))
    for other in (things, birds):
        contest.judged(worse, project_id=other)
    for visible, rules in (
        (None, "better:one_click"),
        ({project, things, birds}, "better:one_click"),
        ({project, things}, "better:one_click, rules of 1 other project"),
        ({project}, "better:one_click, rules of 2 other projects"),
        (set[int](), "rules of 3 other projects"),
    ):
        with pytest.raises(GateRefusedError) as refused:
            promotions.promote(contest.runtime, worse.id, visible=visible)
        assert refused.value.fields["rules"] == rules


def test_promotions_are_never_changed(contest: Contest) -> None:
    for statement in ("DELETE FROM promotions", "UPDATE promotions SET because = 'no'"):
        with (
            pytest.raises(sa.exc.IntegrityError),
            contest.runtime.engine.begin() as connection,
        ):
            connection.execute(sa.text(statement))
