"""What a job's worker does when the pipeline under it breaks; the pipeline is the test's."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.work import ItemResult, Outcome, Plan, WorkItem, broke, not_done
from maskloop.platform import sa1b
from maskloop.platform.db import job_items, job_ledger, jobs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.errors import (
    DatabaseUnavailableError,
    DocumentDamagedError,
    LeaseLostError,
    PipelineBrokenError,
    StoreUnavailableError,
    WorkersDieError,
)
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services import held_jobs
from maskloop.services.autolabel import WRITERS, run_job
from maskloop.services.jobs import claim, submit_autolabel, troubled_items
from maskloop.services.runtime import Runtime
from maskloop.services.steering import cancel, pause
from sites.pictures import add_pictures

IMAGES = 40
Pipeline = Callable[..., Iterator[ItemResult]]


@pytest.fixture
def job(runtime: Runtime, weights: WeightsFolder, tmp_path: Path) -> int:
    """A queued job over forty small pictures."""
    add_pictures(runtime, weights, tmp_path / "pictures", IMAGES)
    return submit_autolabel(runtime, "photos", GenerationParameters())


def pipeline_that_breaks_on(runtime: Runtime, bad: set[str], sizes: list[int]) -> Pipeline:
    """Answers with no masks, and breaks when it comes to an image of one of these names."""

    def run(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        sizes.append(len(items))
        for item in items:
            if Path(item.source).name in bad:
                raise PipelineBrokenError("killed by signal 9")
            key = plan.result_key(item.sha256)
            document = sa1b.document([], image_id=0, file_name="", size_hw=(4, 4))
            runtime.objects.put(key, sa1b.pack(document))
            yield ItemResult(item.item_id, Outcome.DONE, key, 0, {}, "", "")

    return run


@pytest.mark.parametrize("culprit", ["00.png", "05.png", "39.png"])
def test_only_the_image_that_breaks_the_pipeline_is_quarantined(
    runtime: Runtime, job: int, culprit: str
) -> None:
    sizes: list[int] = []
    pipeline = pipeline_that_breaks_on(runtime, {culprit}, sizes)

    view = run_job(runtime, job, pipeline=pipeline)

    with runtime.engine.connect() as connection:
        rows = list(job_ledger.ledger(connection, view.job.project_id, job))
    bad = [row for row in rows if row.state is ItemState.QUARANTINED]
    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == Counts(done=IMAGES - 1, quarantined=1)
    assert [(Path(row.source_uri).name, row.error_code) for row in bad] == [
        (culprit, "breaks_worker")
    ]
    assert "killed by signal 9" in (bad[0].error or "")
    assert sizes[0] == IMAGES
    assert 1 in sizes


def pipeline_that_dies_of(runtime: Runtime, bad: set[str]) -> Pipeline:
    """Answers with no masks, and of these images that every process died."""
    answering = pipeline_that_breaks_on(runtime, set(), [])

    def run(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        for item in items:
            deadly = Path(item.source).name in bad
            yield broke(item) if deadly else next(answering(plan, [item]))

    return run


def test_images_that_processes_die_of_are_quarantined_while_the_others_go_on(
    runtime: Runtime, job: int
) -> None:
    deadly = {"00.png", "01.png", "20.png", "39.png"}

    view = run_job(runtime, job, pipeline=pipeline_that_dies_of(runtime, deadly))

    with runtime.engine.connect() as connection:
        rows = list(job_ledger.ledger(connection, view.job.project_id, job))
    bad = {Path(row.source_uri).name: row for row in rows if row.state is ItemState.QUARANTINED}
    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == Counts(done=IMAGES - 4, quarantined=4)
    assert set(bad) == deadly
    assert {row.error_code for row in bad.values()} == {"breaks_worker"}
    assert "every process that began it died" in (bad["20.png"].error or "")


def test_a_machine_on_which_every_process_dies_fails_the_job_and_convicts_no_image(
    runtime: Runtime, job: int
) -> None:
    every = {f"{number:02}.png" for number in range(IMAGES)}

    with pytest.raises(WorkersDieError, match="every process that began it died"):
        run_job(runtime, job, pipeline=pipeline_that_dies_of(runtime, every))

    with runtime.engine.connect() as connection:
        assert job_items.counts(connection, job) == Counts(queued=IMAGES)


def test_a_pipeline_that_breaks_on_every_image_fails_the_job_and_convicts_none(
    runtime: Runtime, job: int
) -> None:
    every = {f"{number:02}.png" for number in range(IMAGES)}

    with pytest.raises(WorkersDieError, match="killed by signal 9"):
        run_job(runtime, job, pipeline=pipeline_that_breaks_on(runtime, every, []))

    with runtime.engine.connect() as connection:
        found, counts = jobs.by_id(connection, job), job_items.counts(connection, job)
    assert (found.state, found.error_code) == (JobState.FAILED, "workers_die")
    assert counts == Counts(queued=IMAGES)


def test_what_a_broken_machine_left_is_done_when_it_is_mended(runtime: Runtime, job: int) -> None:
    every = {f"{number:02}.png" for number in range(IMAGES)}
    with pytest.raises(WorkersDieError):
        run_job(runtime, job, pipeline=pipeline_that_breaks_on(runtime, every, []))

    view = run_job(runtime, job, pipeline=pipeline_that_breaks_on(runtime, set(), []))

    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == Counts(done=IMAGES)


def test_a_pipeline_that_forgets_images_does_not_make_the_job_succeed_without_them(
    runtime: Runtime, job: int
) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])

    def forgetful(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        yield from healthy(plan, items[1:] if len(items) > 1 else items)

    view = run_job(runtime, job, pipeline=forgetful)

    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == Counts(done=IMAGES)


def test_an_interrupted_worker_leaves_its_job_for_the_next_one(runtime: Runtime, job: int) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])

    def interrupt_at_five(counts: Counts) -> None:
        if counts.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(
            runtime,
            job,
            on_progress=interrupt_at_five,
            when_interrupted=held_jobs.leave_for_another,
            pipeline=healthy,
        )

    with runtime.engine.connect() as connection:
        assert jobs.next_waiting(connection) == job
    assert run_job(runtime, job, pipeline=healthy).counts == Counts(done=IMAGES)


def test_an_interrupt_goes_through_although_the_database_is_gone(
    runtime: Runtime, job: int
) -> None:
    """Else Ctrl-C would be taken for an error of the job, and the worker would go on."""

    def interrupt(counts: Counts) -> None:
        raise KeyboardInterrupt

    def find_no_database(runtime: Runtime, job_id: int, lease: jobs.Lease) -> None:
        raise DatabaseUnavailableError("here", "the connection was closed")

    with pytest.raises(KeyboardInterrupt):
        run_job(
            runtime,
            job,
            on_progress=interrupt,
            when_interrupted=find_no_database,
            pipeline=pipeline_that_breaks_on(runtime, set(), []),
        )


def test_a_cancelled_job_says_cancelled_keeps_what_is_done_and_can_be_resumed(
    runtime: Runtime, job: int
) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])

    def cancel_at_ten(counts: Counts) -> None:
        if counts.done == 10:
            assert cancel(runtime, job) is JobState.RUNNING
            next_heartbeat(runtime, job)

    runtime = with_settings(runtime, lease_seconds=3)
    view = run_job(runtime, job, on_progress=cancel_at_ten, pipeline=healthy)
    resumed = run_job(runtime, job, pipeline=healthy)

    assert view.job.state is JobState.CANCELLED
    assert 10 <= view.counts.done < IMAGES
    assert view.counts.leased == 0
    assert resumed.job.state is JobState.SUCCEEDED
    assert resumed.counts == Counts(done=IMAGES)


def test_a_worker_whose_job_was_taken_over_stores_nothing_more(runtime: Runtime, job: int) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])

    def lose_at_five(counts: Counts) -> None:
        if counts.done == 5:
            claim(runtime, job, take_over=True)

    with pytest.raises(LeaseLostError):
        run_job(runtime, job, on_progress=lose_at_five, pipeline=healthy)

    with runtime.engine.connect() as connection:
        counts = job_items.counts(connection, job)
        assert counts == Counts(done=counts.done, queued=IMAGES - counts.done)
        # Besides the fifth, what others wrote at that moment.
        assert 5 <= counts.done < 5 + WRITERS
        assert jobs.by_id(connection, job).state is JobState.RUNNING


def with_settings(runtime: Runtime, **changes: float) -> Runtime:
    settings = runtime.settings.model_copy(update=changes)
    return Runtime(settings, runtime.engine, runtime.objects)


def test_what_failed_is_tried_again_by_itself_until_it_is_done(runtime: Runtime, job: int) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])
    seen: list[Counts] = []
    tries: dict[int, int] = {}

    def flaky(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        for item in items:
            tries[item.item_id] = tries.get(item.item_id, 0) + 1
            if item.source.endswith("7.png") and tries[item.item_id] < 4:
                error = StoreUnavailableError("s3://bucket", "it answered 503")
                yield not_done(item, Outcome.FAILED, error)
            else:
                yield from healthy(plan, [item])

    runtime = with_settings(runtime, retry_seconds=0.01)
    view = run_job(runtime, job, pipeline=flaky, on_progress=seen.append)

    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == Counts(done=IMAGES)
    assert sorted(tries.values()) == [1] * (IMAGES - 4) + [4] * 4
    assert max(counts.put_off for counts in seen) == 4
    assert seen[-1] == view.counts
    with runtime.engine.connect() as connection:
        rows = list(job_ledger.ledger(connection, view.job.project_id, job))
    assert [row.retries for row in rows if row.source_uri.endswith("7.png")] == [3] * 4


def test_what_fails_every_time_has_failed_after_its_tries_and_the_job_says_so(
    runtime: Runtime, job: int
) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])

    def refused(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        for item in items:
            if item.source.endswith("05.png"):
                yield not_done(item, Outcome.FAILED, DocumentDamagedError(item.source, "torn"))
            else:
                yield from healthy(plan, [item])

    view = run_job(with_settings(runtime, retry_seconds=0.01), job, pipeline=refused)

    assert (view.job.state, view.job.error_code) == (JobState.FAILED, "items_failed")
    assert view.counts == Counts(done=IMAGES - 1, failed=1)
    [row] = troubled_items(runtime, job)
    assert (row.attempts, row.retries, row.error_code) == (3, 2, "document_damaged")


def test_a_result_that_cannot_be_read_now_is_read_later(runtime: Runtime, job: int) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])

    def forgetful(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        for result in healthy(plan, items):
            if len(items) == IMAGES and result.item_id == items[0].item_id:
                runtime.objects.delete(result.result_key)
            yield result

    view = run_job(with_settings(runtime, retry_seconds=0.01), job, pipeline=forgetful)

    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == Counts(done=IMAGES)


def test_a_job_that_waits_for_a_store_is_paused_at_once_and_goes_on_later(
    runtime: Runtime, job: int
) -> None:
    def away(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
        for item in items:
            yield not_done(item, Outcome.FAILED, StoreUnavailableError("s3://bucket", "away"))

    def pause_when_all_wait(counts: Counts) -> None:
        if counts.put_off == IMAGES:
            assert pause(runtime, job) is JobState.RUNNING

    slow = with_settings(runtime, retry_seconds=600, lease_seconds=3)
    paused = run_job(slow, job, pipeline=away, on_progress=pause_when_all_wait)
    assert paused.job.state is JobState.PAUSED
    assert paused.counts == Counts(queued=IMAGES, put_off=IMAGES)
    with runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE job_items SET retry_at = now()"))
    resumed = run_job(runtime, job, pipeline=pipeline_that_breaks_on(runtime, set(), []))
    assert resumed.counts == Counts(done=IMAGES)


def test_a_worker_gives_way_to_a_job_of_higher_priority_and_comes_back(
    runtime: Runtime, job: int
) -> None:
    healthy = pipeline_that_breaks_on(runtime, set(), [])
    urgent: list[int] = []

    def submit_at_ten(counts: Counts) -> None:
        if counts.done == 10 and not urgent:
            urgent.append(submit_autolabel(runtime, "photos", GenerationParameters(), priority=1))
            next_heartbeat(runtime, job)

    runtime = with_settings(runtime, lease_seconds=3)
    left = run_job(runtime, job, pipeline=healthy, on_progress=submit_at_ten, gives_way=True)

    assert 10 <= left.counts.done < IMAGES
    assert left.counts.leased == 0
    order = []
    while (found := next_waiting(runtime)) is not None:
        order.append(found)
        assert run_job(runtime, found, pipeline=healthy).counts == Counts(done=IMAGES)
    assert order == [*urgent, job]


def next_heartbeat(runtime: Runtime, job: int) -> None:
    """Waits until the worker was heard of again: then it knows what was asked before."""
    before, deadline = lease_until(runtime, job), time.monotonic() + 30
    while lease_until(runtime, job) == before:
        assert time.monotonic() < deadline, "the worker is silent"


def lease_until(runtime: Runtime, job: int) -> datetime | None:
    with runtime.engine.connect() as connection:
        return jobs.by_id(connection, job).lease_until


def next_waiting(runtime: Runtime) -> int | None:
    with runtime.engine.connect() as connection:
        return jobs.next_waiting(connection)
