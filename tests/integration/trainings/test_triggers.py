"""When a training is due, by the rows that people made, and that it then begins."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from maskloop.platform.db import never_trained, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.drift import Window
from maskloop.platform.masks import Rle
from maskloop.platform.states import JobState, NeverTrained, TrainingReason
from maskloop.platform.training import Policy, SetRule, Triggers
from maskloop.services import training_policies, trainings
from maskloop.services.annotations import Editor, Submitted, delete, update
from maskloop.services.reviews import Judgement, review
from maskloop.services.steering import cancel
from maskloop.services.training_runs import run_training
from maskloop.services.triggers import Due, due, keep_triggering, trigger_all
from sites.bench import StartedJob
from sites.school import RULE, School, StandIn, square

WINDOW = 20
AT_ONCE = Triggers(automatic=True, corrections=5, window=WINDOW, debounce_minutes=0)


def put(school: School, triggers: Triggers, rule: SetRule = RULE) -> None:
    policy = Policy(rule=rule, triggers=triggers)
    training_policies.put(school.runtime, school.project_id, policy, by=school.ann)


def look(school: School) -> Due:
    return due(school.runtime, school.project_id)


def draw(school: School, count: int, *, name: str = "/photos/train/more.png") -> Image:
    image = school.image(name)
    for number in range(count):
        school.annotate(image, square(2, 1 + number))
    return image


def test_corrections_make_a_training_due(school: School) -> None:
    put(school, AT_ONCE)

    four = look(school)
    draw(school, 1)
    five = look(school)

    assert (four.corrections, four.needed, four.reason, four.due) == (4, 5, None, False)
    assert four.because == "4 corrections; 5 make a training due"
    assert (five.corrections, five.due) == (5, True)
    assert (five.reason, five.because) == (
        TrainingReason.CORRECTIONS,
        "5 corrections; 5 make a training due",
    )
    assert five.serving == school.parent


def test_what_is_gone_or_may_not_be_trained_on_is_no_correction(school: School) -> None:
    image = school.image("/photos/train/more.png")
    gone, gold, changed = (school.annotate(image, square(2, left)) for left in (1, 9, 17))
    editor = Editor(school.ann, of_others=False)
    delete(school.runtime, school.project_id, gone, expected=1, editor=editor)
    again = Submitted(school.cat, Rle.encode(square(3, 17)).counts)
    update(school.runtime, school.project_id, changed, again, expected=1, editor=editor)
    with school.runtime.engine.begin() as connection:
        never_trained.mark(connection, school.project_id, [gold], NeverTrained.GOLD)

    assert look(school).corrections == 4 + 1


def test_corrections_count_anew_from_the_set_that_was_trained_on(school: School) -> None:
    put(school, AT_ONCE)
    draw(school, 1)
    job_id = school.submit()
    run_training(school.runtime, job_id, crew=StandIn().crew)
    none = look(school)
    draw(school, 2, name="/photos/train/later.png")

    found = look(school)

    assert (none.corrections, none.due) == (0, False)
    assert (found.corrections, found.reason) == (2, None)
    assert found.last_training is not None
    assert found.last_training.job_id == job_id
    assert "2 corrections since the last set was frozen (" in found.because


def test_a_project_is_left_in_peace_while_people_work(school: School) -> None:
    put(school, AT_ONCE.model_copy(update={"debounce_minutes": 10.0}))
    draw(school, 1)

    waiting = look(school)
    with school.runtime.engine.begin() as connection:  # ten minutes later
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            sa.text("UPDATE annotations SET created_at = created_at - interval '10 minutes'")
        )
    quiet = look(school)

    assert (waiting.reason, waiting.due) == (TrainingReason.CORRECTIONS, False)
    assert waiting.because.endswith("; it waits until nobody changed anything for 10 minutes")
    assert quiet.due
    assert quiet.quiet_seconds is not None
    assert quiet.quiet_seconds >= 600


@dataclass
class Reviewer:
    """Judges the proposals of one job in turn; each is 36 pixels."""

    school: School
    job: StartedJob
    waiting: list[int]

    def says(self, *, accepted: int = 0, halved: int = 0, rejected: int = 0) -> None:
        for _ in range(accepted):
            self._judge(lambda mask: Judgement.accept(self.school.cat))
        for _ in range(halved):
            self._judge(lambda mask: Judgement.correct(self._half(mask)))
        for _ in range(rejected):
            self._judge(lambda mask: Judgement.reject())

    def _half(self, mask: npt.NDArray[np.bool_]) -> Submitted:
        """Its left half: an IoU of exactly 0.5."""
        columns = np.flatnonzero(mask.any(axis=0))
        kept = mask.copy()
        kept[:, columns[len(columns) // 2] :] = False
        return Submitted(self.school.cat, Rle.encode(kept).counts)

    def _judge(self, judgement: Callable[[npt.NDArray[np.bool_]], Judgement]) -> None:
        school, proposal_id = self.school, self.waiting.pop(0)
        with school.runtime.engine.connect() as connection:
            proposal = proposals.by_id(connection, school.project_id, proposal_id)
        review(
            school.runtime,
            school.project_id,
            proposal_id,
            judgement(proposal.mask.rle.decode()),
            reviewer_id=school.ann,
        )


@pytest.fixture
def reviewer(school: School) -> Reviewer:
    """Of 60 proposals of the version that serves."""
    image = school.image("/photos/train/proposed.png")
    job = school.bench.start_job(school.project_id, version_id=school.parent.id)
    places = [(top, left) for top in (0, 8, 16) for left in range(20)]
    job.done(image, [school.bench.mask_of(square(*place)) for place in places])
    with school.runtime.engine.connect() as connection:
        found = proposals.page(connection, school.project_id, limit=100)
    return Reviewer(school, job, [proposal.id for proposal in found])


def test_drift_compares_the_first_and_the_newest_reviews_of_what_serves(
    school: School, reviewer: Reviewer
) -> None:
    put(school, Triggers(window=WINDOW, debounce_minutes=0))
    reviewer.says(accepted=18, halved=2)
    first = look(school)
    reviewer.says(accepted=2, halved=2, rejected=1)  # between the windows
    reviewer.says(accepted=12, halved=3)
    short = look(school)
    reviewer.says(halved=3, rejected=2)
    found = look(school)

    assert (first.drift.reviews, first.drift.before) == (20, Window(2 * 0.5 / 20, 0.9))
    assert (short.drift.reviews, short.drift.now) == (40, Window(5 * 0.5 / 19, 14 / 20))
    assert found.drift.reviews == 45
    assert found.drift.before == Window(0.05, 0.9)
    assert found.drift.now == Window(pytest.approx(6 * 0.5 / 18), 0.6)
    assert (found.reason, found.due) == (TrainingReason.DRIFT, True)
    assert found.because == (
        "the edit distance of kept proposals rose from 0.050 to 0.167 and the share of proposals "
        "accepted as they are fell from 90% to 60%, over 20 reviews each"
    )


def test_accepted_proposals_are_no_corrections(school: School, reviewer: Reviewer) -> None:
    reviewer.says(accepted=5, halved=3, rejected=2)
    assert look(school).corrections == 4 + 3


def test_reviews_that_had_their_training_make_no_other_due(
    school: School, reviewer: Reviewer
) -> None:
    put(school, Triggers(window=WINDOW, debounce_minutes=0))
    reviewer.says(accepted=20)
    reviewer.says(halved=20)
    drifted = look(school)
    run_training(school.runtime, school.submit(), crew=StandIn().crew)
    trained = look(school)
    reviewer.says(halved=19)
    nearly = look(school)
    reviewer.says(halved=1)
    again = look(school)

    reasons = [found.reason for found in (drifted, trained, nearly, again)]
    assert reasons == [TrainingReason.DRIFT, None, None, TrainingReason.DRIFT]
    assert trained.drift == drifted.drift


def test_what_is_due_begins_with_its_reason(school: School) -> None:
    put(school, AT_ONCE)
    draw(school, 1)

    (job_id,) = trigger_all(school.runtime, {})

    made = trainings.get(school.runtime, school.project_id, job_id)
    assert (made.reason, made.started_by) == (TrainingReason.CORRECTIONS, None)
    assert made.because == "5 corrections; 5 make a training due"
    assert (made.state, made.parent.number) == (JobState.QUEUED, school.parent.id)
    busy = look(school)
    assert (busy.running_job, busy.due) == (job_id, False)
    assert trigger_all(school.runtime, {}) == []


def test_an_automatic_training_is_evaluated(school: School) -> None:
    put(school, AT_ONCE)
    draw(school, 1)
    (job_id,) = trigger_all(school.runtime, {})
    run_training(school.runtime, job_id, crew=StandIn().crew)

    outcome = trainings.get(school.runtime, school.project_id, job_id).outcome
    assert outcome is not None
    assert set(outcome["evaluation"]) == {"job"}
    assert trigger_all(school.runtime, {}) == []


def test_only_an_automatic_policy_begins_something(school: School) -> None:
    put(school, AT_ONCE.model_copy(update={"automatic": False}))
    draw(school, 1)

    assert look(school).due
    assert trigger_all(school.runtime, {}) == []


def test_corrections_outside_the_rule_begin_nothing_and_are_looked_into_once(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    put(school, AT_ONCE, RULE.model_copy(update={"sources": ("/photos/train/0.png", "*/val/*")}))
    draw(school, 1)
    (job_id,) = trigger_all(school.runtime, {})
    cancel(school.runtime, job_id)
    draw(school, 5, name="/photos/train/elsewhere.png")
    seen: dict[int, object] = {}
    caplog.set_level("INFO", logger="maskloop.services.triggers")

    found = look(school)
    begun = [trigger_all(school.runtime, seen), trigger_all(school.runtime, seen)]

    assert found.due
    assert begun == [[], []]
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        f"training.not_begun project={school.project_id} reason=the rule's set is that of "
        f"training {job_id}"
    ]


def test_a_rule_that_leaves_nothing_is_told_and_tried_again_after_a_change(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    put(school, AT_ONCE, RULE.model_copy(update={"sources": ("/none/*",)}))
    draw(school, 1)
    seen: dict[int, object] = {}

    assert trigger_all(school.runtime, seen) == []
    assert trigger_all(school.runtime, seen) == []
    put(school, AT_ONCE)
    assert len(trigger_all(school.runtime, seen)) == 1

    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert told[0].startswith(f"training.not_begun project={school.project_id} error=")


def test_the_loop_of_a_running_platform_begins_what_is_due(school: School) -> None:
    stop = threading.Event()
    loop = threading.Thread(
        target=keep_triggering, args=(school.runtime, stop), kwargs={"poll_seconds": 0.05}
    )
    loop.start()
    try:
        put(school, AT_ONCE)
        draw(school, 1)
        deadline = time.monotonic() + 30
        while not trainings.page(school.runtime, school.project_id):
            assert time.monotonic() < deadline, "nothing began within 30 s"
            stop.wait(0.05)
    finally:
        stop.set()
        loop.join(timeout=30)
    assert not loop.is_alive()
