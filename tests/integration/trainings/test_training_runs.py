"""A training's job and its version, however the work ends."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from maskloop.platform.db import job_stops, jobs, model_versions
from maskloop.platform.db.trainings import write_point
from maskloop.platform.errors import (
    LeaseLostError,
    RefusedTransitionError,
    TrainingBusyError,
    TrainingChangedNothingError,
    TrainingDivergedError,
    WrongJobKindError,
)
from maskloop.platform.manifests import read_manifest
from maskloop.platform.states import JobState, ModelVersionState, Split
from maskloop.platform.training import Recipe
from maskloop.services import trainings
from maskloop.services.jobs import claim, requeue, view
from maskloop.services.steering import cancel, settle_abandoned
from maskloop.services.training_runs import run_training
from sites.school import BeforeStep, School, StandIn

STEPS = 4
CURVE = [(step, {"train/loss": 1 / step}) for step in range(1, STEPS + 1)]


def at_step(number: int, act: Callable[[], object]) -> BeforeStep:
    return lambda step, check_stop: act() if step == number else None  # type: ignore[return-value]


def undisturbed(step: int, check_stop: Callable[[], None]) -> None:
    pass


def curve(school: School, job_id: int) -> list[tuple[int, dict[str, float]]]:
    found = trainings.points(school.runtime, school.project_id, job_id)
    return [(point.step, point.figures) for point in found]


def test_a_training_makes_a_ready_version_of_its_parent(school: School) -> None:
    job_id = school.submit()
    queued = trainings.get(school.runtime, school.project_id, job_id)
    trainer = StandIn()

    ended = run_training(school.runtime, job_id, crew=trainer.crew)

    made = trainings.get(school.runtime, school.project_id, job_id)
    with school.runtime.engine.connect() as connection:
        version = model_versions.by_id(connection, made.version.number)
    assert (queued.state, queued.version.state) == (JobState.QUEUED, ModelVersionState.TRAINING)
    assert (ended.job.state, version.state) == (JobState.SUCCEEDED, ModelVersionState.READY)
    assert (version.name, version.parent_id) == ("photos-1", school.parent.id)
    assert version.encoder_digest == school.parent.encoder_digest
    assert version.decoder_digest not in ("", school.parent.decoder_digest)
    assert made.outcome is not None
    assert made.outcome["figures"] == {"parent/one_click": 0.5, "kept/one_click": 0.625}
    assert (made.outcome["steps"], made.outcome["stopped"]) == (STEPS, "planned")
    points = trainings.points(school.runtime, school.project_id, job_id)
    assert curve(school, job_id) == CURVE
    assert made.last_point == points[-1]
    assert list(school.runtime.objects.list(f"trainings/{job_id}/")) == []


def test_the_plan_has_the_set_s_training_side_and_the_recipe(school: School) -> None:
    recipe = Recipe(epochs=2, budget_minutes=0.5, seed=7)
    trainer = StandIn()

    run_training(school.runtime, school.submit(recipe), crew=trainer.crew)

    (plan,) = trainer.plans
    items = read_manifest(school.runtime.objects, plan.manifest_key)
    assert [item.source for item in items] == [f"/photos/train/{n}.png" for n in range(3)]
    assert {(item.category, item.split) for item in items} == {("cat", Split.TRAIN)}
    assert plan.recipe == recipe
    assert (plan.train.engine, plan.train.precision) == ("pytorch", plan.encode.precision)
    assert plan.decoder_digest == school.parent.decoder_digest


def test_the_second_training_of_a_project_has_the_next_number(school: School) -> None:
    run_training(school.runtime, school.submit(), crew=StandIn(shift=0.25).crew)
    second = school.submit()
    run_training(school.runtime, second, crew=StandIn(shift=0.5).crew)

    made = trainings.get(school.runtime, school.project_id, second)
    assert made.version.name == "photos-2"


def test_a_project_is_trained_once_at_a_time(school: School) -> None:
    first = school.submit()

    with pytest.raises(TrainingBusyError) as refused:
        school.submit()

    assert refused.value.fields == {"project": "photos", "job": first}
    with school.runtime.engine.connect() as connection:
        assert len(model_versions.every(connection)) == 2


def test_the_constraint_decides_where_nobody_asked_for_a_turn(school: School) -> None:
    job_id = school.submit()
    cancel(school.runtime, job_id)
    school.submit()
    with (
        pytest.raises(sa.exc.IntegrityError, match="jobs_one_training_of_a_project"),
        school.runtime.engine.begin() as connection,
    ):
        jobs.reopen(connection, job_id)


def test_a_cancelled_training_goes_on_where_it_was(school: School) -> None:
    job_id = school.submit()
    number = trainings.get(school.runtime, school.project_id, job_id).version.number
    often = school.runtime.settings.model_copy(update={"lease_seconds": 3.0})

    def cancelled(step: int, check_stop: Callable[[], None]) -> None:
        if step == 3:
            cancel(school.runtime, job_id)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:  # until the heartbeat has heard of it
                check_stop()

    trainer = StandIn(before_step=cancelled)
    stopped = run_training(replace(school.runtime, settings=often), job_id, crew=trainer.crew)
    state = school.version_state(number)
    requeue(school.runtime, job_id)
    waiting = school.version_state(number)
    trainer.before_step = undisturbed
    ended = run_training(school.runtime, job_id, crew=trainer.crew)

    assert (stopped.job.state, state) == (JobState.CANCELLED, ModelVersionState.FAILED)
    assert waiting is ModelVersionState.TRAINING
    assert ended.job.state is JobState.SUCCEEDED
    assert school.version_state(number) is ModelVersionState.READY
    assert trainer.done == [1, 2, 3, 4]
    assert trainer.plans[0] == trainer.plans[1]
    assert curve(school, job_id) == CURVE


def test_a_training_that_was_only_queued_is_cancelled_with_its_version(school: School) -> None:
    job_id = school.submit()
    number = trainings.get(school.runtime, school.project_id, job_id).version.number

    assert cancel(school.runtime, job_id) is JobState.CANCELLED

    assert school.version_state(number) is ModelVersionState.FAILED
    again = school.submit()
    with pytest.raises(TrainingBusyError):
        requeue(school.runtime, job_id)
    with pytest.raises(TrainingBusyError):
        claim(school.runtime, job_id)
    assert school.version_state(number) is ModelVersionState.FAILED
    cancel(school.runtime, again)
    requeue(school.runtime, job_id)
    assert school.version_state(number) is ModelVersionState.TRAINING


def test_a_failure_marks_the_version_and_a_resume_takes_it_up(school: School) -> None:
    job_id = school.submit()
    number = trainings.get(school.runtime, school.project_id, job_id).version.number

    def diverge() -> None:
        raise TrainingDivergedError(3, 1e-4)

    trainer = StandIn(before_step=at_step(3, diverge))
    with pytest.raises(TrainingDivergedError):
        run_training(school.runtime, job_id, crew=trainer.crew)
    failed = trainings.get(school.runtime, school.project_id, job_id)
    trainer.before_step = undisturbed
    run_training(school.runtime, job_id, crew=trainer.crew)

    assert (failed.state, failed.error_code) == (JobState.FAILED, "training_diverged")
    assert failed.version.state is ModelVersionState.FAILED
    assert failed.last_point is not None
    assert failed.last_point.step == 2
    assert school.version_state(number) is ModelVersionState.READY
    assert trainer.done == [1, 2, 3, 4]


def test_work_that_outlived_its_lease_makes_no_version(school: School) -> None:
    job_id = school.submit()
    number = trainings.get(school.runtime, school.project_id, job_id).version.number

    def lose() -> None:
        school.lapse(job_id)
        claim(school.runtime, job_id)

    trainer = StandIn()
    late = StandIn()
    late.before_step = at_step(4, lose)
    with pytest.raises(LeaseLostError):
        run_training(school.runtime, job_id, crew=late.crew)

    points = trainings.points(school.runtime, school.project_id, job_id)
    assert [point.step for point in points] == [1, 2, 3]
    assert view(school.runtime, job_id).job.state is JobState.RUNNING
    assert school.version_state(number) is ModelVersionState.TRAINING
    ended = run_training(school.runtime, job_id, crew=trainer.crew, take_over=True)
    assert ended.job.state is JobState.SUCCEEDED


def test_a_lease_lost_after_the_last_point_ends_nothing(school: School) -> None:
    job_id = school.submit()

    def lose_afterwards(point: object) -> None:
        if getattr(point, "step", 0) == STEPS:
            school.lapse(job_id)
            claim(school.runtime, job_id)

    with pytest.raises(LeaseLostError):
        run_training(school.runtime, job_id, crew=StandIn().crew, on_point=lose_afterwards)

    made = trainings.get(school.runtime, school.project_id, job_id)
    assert (made.state, made.version.state) == (JobState.RUNNING, ModelVersionState.TRAINING)
    assert made.outcome is None


def test_points_behind_a_checkpoint_are_written_anew(school: School) -> None:
    job_id = school.submit()
    lost = StandIn(steps=6, before_step=at_step(6, _interrupt))
    with pytest.raises(KeyboardInterrupt):
        run_training(school.runtime, job_id, crew=lost.crew)
    written = trainings.points(school.runtime, school.project_id, job_id)
    for step in (4, 5):  # the checkpoint is older than the last points
        school.runtime.objects.delete(f"trainings/{job_id}/checkpoints/{step:06}")
    seen: list[list[int]] = []

    def look(point: object) -> None:
        now = trainings.points(school.runtime, school.project_id, job_id)
        seen.append([one.step for one in now])

    run_training(school.runtime, job_id, crew=StandIn().crew, on_point=look)

    assert [point.step for point in written] == [1, 2, 3, 4, 5]
    assert seen == [[1, 2, 3, 4]]
    rewritten = trainings.points(school.runtime, school.project_id, job_id)
    assert [(point.step, point.steps) for point in rewritten] == [(1, 6), (2, 6), (3, 6), (4, 4)]


def test_a_step_keeps_its_figures_when_its_validation_follows(school: School) -> None:
    job_id = school.submit()
    lease = claim(school.runtime, job_id)
    told = [(0, {"validation/box": 0.5}), (1, {"train/loss": 0.25}), (1, {"validation/box": 0.75})]
    with school.runtime.engine.begin() as connection:
        for step, figures in told:
            assert write_point(connection, job_id, lease, step=step, steps=9, figures=figures)
    assert curve(school, job_id) == [
        (0, {"validation/box": 0.5}),
        (1, {"train/loss": 0.25, "validation/box": 0.75}),
    ]


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_a_worker_that_is_to_stop_leaves_the_training_to_the_next(school: School) -> None:
    job_id = school.submit()
    stop = threading.Event()
    trainer = StandIn(before_step=at_step(2, stop.set))

    left = run_training(school.runtime, job_id, crew=trainer.crew, stop=stop)
    trainer.before_step = undisturbed
    with school.runtime.engine.connect() as connection:
        waiting = jobs.next_waiting(connection)
    ended = run_training(school.runtime, job_id, crew=trainer.crew)

    assert (left.job.state, left.worker_lost) == (JobState.RUNNING, True)
    assert waiting == job_id
    assert ended.job.state is JobState.SUCCEEDED
    assert trainer.done == [1, 2, 3, 4]


def test_weights_that_another_version_has_make_no_version(school: School) -> None:
    job_id = school.submit()

    with pytest.raises(TrainingChangedNothingError) as refused:
        run_training(school.runtime, job_id, crew=StandIn(shift=0.0).crew)

    made = trainings.get(school.runtime, school.project_id, job_id)
    assert refused.value.fields == {"same_as": school.parent.id}
    assert (made.state, made.error_code) == (JobState.FAILED, "training_changed_nothing")
    assert made.version.state is ModelVersionState.FAILED
    assert f"those of model version {school.parent.id}" in (made.error or "")


def test_a_training_to_be_cancelled_whose_worker_died_is_cancelled_with_its_version(
    school: School,
) -> None:
    job_id = school.submit()
    claim(school.runtime, job_id)
    with school.runtime.engine.begin() as connection:
        assert job_stops.request(connection, job_id, JobState.CANCELLED)
    school.lapse(job_id)

    settle_abandoned(school.runtime)

    made = trainings.get(school.runtime, school.project_id, job_id)
    assert (made.state, made.version.state) == (JobState.CANCELLED, ModelVersionState.FAILED)


def test_another_kind_of_job_is_refused(school: School) -> None:
    job = school.bench.start_job(school.project_id)
    with pytest.raises(WrongJobKindError):
        run_training(school.runtime, job.id, crew=StandIn().crew)


def test_a_training_that_succeeded_is_not_run_again(school: School) -> None:
    job_id = school.submit()
    run_training(school.runtime, job_id, crew=StandIn().crew)
    with pytest.raises(RefusedTransitionError):
        run_training(school.runtime, job_id, crew=StandIn().crew)
