"""Dry runs, and budgets: a job that is paused by itself, and goes on when somebody says so."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import NO_BUDGET
from maskloop.platform.errors import BadSampleError, BudgetSpentError, RefusedTransitionError
from maskloop.platform.forecast import Budget, Spent
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services import forecasts
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import claim, items_page, requeue, submit_autolabel, view
from maskloop.services.runtime import Runtime
from maskloop.services.steering import set_budget
from sites.pictures import add_pictures
from sites.pipelines import Answering

if TYPE_CHECKING:
    pass

IMAGES = 40


@pytest.fixture
def pictures(runtime: Runtime, weights: WeightsFolder, tmp_path: Path) -> Runtime:
    """The project `photos` of forty small pictures."""
    add_pictures(runtime, weights, tmp_path / "pictures", IMAGES)
    return runtime


def submit(runtime: Runtime, *, sample: int | None = None, budget: Budget = NO_BUDGET) -> int:
    return submit_autolabel(
        runtime, "photos", GenerationParameters(), sample_images=sample, budget=budget
    )


# --- dry runs -------------------------------------------------------------------------------------


def test_a_dry_run_does_its_sample_is_paused_with_a_forecast_and_goes_on(
    pictures: Runtime,
) -> None:
    pipeline = Answering(pictures, masks=lambda number: 1 + number % 4)
    job_id = submit(pictures, sample=8)

    paused = run_job(pictures, job_id, pipeline=pipeline)

    assert (paused.job.state, paused.job.error_code) == (JobState.PAUSED, "forecast_made")
    assert "from 8 of 40 images" in (paused.job.error or "")
    assert paused.counts.done == len(set(pipeline.asked)) == 8
    assert sorted(pipeline.asked) != list(range(8)), "a sample is no beginning"
    made = paused.job.forecast
    assert made is not None
    assert (made.images, made.sampled) == (IMAGES, 8)
    assert made.worker_seconds.mean == pytest.approx(20)
    assert made.bytes.mean == 1000 * IMAGES
    assert made.masks.mean == paused.counts.masks / 8 * IMAGES

    ended = run_job(pictures, job_id, pipeline=pipeline)

    assert ended.job.state is JobState.SUCCEEDED
    assert sorted(pipeline.asked) == list(range(IMAGES))
    assert ended.job.forecast == made
    lines = {line.quantity: line for line in forecasts.comparison(ended.job, ended.spent)}
    assert (lines["masks"].truth, lines["masks"].holds) == (100, True)
    assert (lines["bytes"].truth, lines["worker_seconds"].truth) == (40_000, pytest.approx(20))
    assert lines["wall_seconds"].truth == ended.job.worked_seconds > 0


def test_a_sample_of_everything_leaves_nothing_to_wait_for(pictures: Runtime) -> None:
    ended = run_job(pictures, submit(pictures, sample=100), pipeline=Answering(pictures))
    assert ended.job.state is JobState.SUCCEEDED
    assert ended.job.forecast is not None
    assert ended.job.forecast.masks.low == ended.job.forecast.masks.high == IMAGES


def test_a_dry_run_that_was_interrupted_goes_on_with_its_sample(pictures: Runtime) -> None:
    pipeline = Answering(pictures)
    job_id = submit(pictures, sample=8)

    def interrupt(counts: Counts) -> None:
        if counts.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(pictures, job_id, pipeline=pipeline, on_progress=interrupt)
    paused = run_job(pictures, job_id, pipeline=pipeline)
    assert (paused.job.error_code, paused.counts.done) == ("forecast_made", 8)


def test_a_sample_that_is_too_small_is_refused(pictures: Runtime) -> None:
    with pytest.raises(BadSampleError, match="A sample of 1 images tells too little"):
        submit(pictures, sample=1)


# --- budgets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "done"),
    [(Budget(seconds=5), 10), (Budget(masks=24), 12), (Budget(bytes=6500), 7)],
    ids=["time", "masks", "bytes"],
)
def test_a_job_is_paused_when_its_budget_is_spent(
    pictures: Runtime, budget: Budget, done: int
) -> None:
    pipeline = Answering(pictures, masks=lambda number: 2)
    job_id = submit(pictures, budget=budget)

    paused = run_job(pictures, job_id, pipeline=pipeline)

    assert (paused.job.state, paused.job.error_code) == (JobState.PAUSED, "budget_spent")
    assert f"maskloop jobs budget {job_id} MORE" in (paused.job.error or "")
    assert paused.counts == Counts(done=done, queued=IMAGES - done, masks=2 * done)
    assert paused.spent == Spent(0.5 * done, 2 * done, 1000 * done)


def test_a_spent_budget_must_be_raised_before_the_job_goes_on(pictures: Runtime) -> None:
    pipeline = Answering(pictures)
    job_id = submit(pictures, budget=Budget(masks=10))
    run_job(pictures, job_id, pipeline=pipeline)

    for go_on in (claim, requeue):
        with pytest.raises(BudgetSpentError, match="has spent its budget: 10 masks"):
            go_on(pictures, job_id)
    assert view(pictures, job_id).job.state is JobState.PAUSED

    set_budget(pictures, job_id, Budget(masks=15))
    assert run_job(pictures, job_id, pipeline=pipeline).counts.done == 15
    set_budget(pictures, job_id, Budget())
    ended = run_job(pictures, job_id, pipeline=pipeline)
    assert (ended.job.state, ended.counts) == (
        JobState.SUCCEEDED,
        Counts(done=IMAGES, masks=IMAGES),
    )
    with pytest.raises(RefusedTransitionError, match="cannot be given a budget"):
        set_budget(pictures, job_id, Budget(masks=1))


def test_a_budget_that_is_spent_with_the_last_image_ends_the_job_well(pictures: Runtime) -> None:
    job_id = submit(pictures, budget=Budget(masks=IMAGES))
    ended = run_job(pictures, job_id, pipeline=Answering(pictures))
    assert ended.job.state is JobState.SUCCEEDED


def test_time_that_was_worked_is_counted_without_pauses(pictures: Runtime) -> None:
    job_id = submit(pictures, budget=Budget(masks=10))
    first = run_job(pictures, job_id, pipeline=Answering(pictures)).job.worked_seconds
    set_budget(pictures, job_id, Budget())
    job = run_job(pictures, job_id, pipeline=Answering(pictures)).job
    assert job.started_at is not None
    assert job.finished_at is not None
    assert first > 0
    assert first < job.worked_seconds <= (job.finished_at - job.started_at).total_seconds()


def test_the_ledger_has_the_bytes_of_each_image(pictures: Runtime) -> None:
    job_id = submit(pictures)
    run_job(pictures, job_id, pipeline=Answering(pictures))
    rows = items_page(pictures, view(pictures, job_id).job.project_id, job_id, limit=IMAGES)
    assert {(row.state, row.bytes) for row in rows} == {(ItemState.DONE, 1000)}
