"""What a worker computes after it lost its lease is not stored."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import job_items, job_ledger, jobs, proposals
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Lease, Pulse
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services.heartbeat import Heartbeat
from maskloop.services.jobs import (
    claim,
    submit_autolabel,
    view,
)
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.jobs.conftest import Desk

    from sites.bench import Bench

IMAGES = 3
ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)
"""A worker of another machine: only its lease tells whether it lives."""


def waits_for_a_lock(runtime: Runtime) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
    with runtime.engine.connect() as connection:
        return connection.execute(sa.text(query + "datname = current_database()")).scalar_one() > 0


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, f"not within 30 s: {what}"


def test_a_worker_that_lost_its_lease_can_finish_neither_item_nor_job(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    items = desk.hold(job_id)
    desk.lapse(job_id)
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
    assert not desk.finish(job_id, ELSEWHERE, JobState.SUCCEEDED)
    assert [item.attempts for item in taken] == [1]
    assert view(runtime, job_id).counts == Counts(queued=IMAGES - 1, leased=1)
    assert view(runtime, job_id).job.lease_owner == new.owner


def test_an_item_is_finished_once(runtime: Runtime, desk: "Desk", job_id: int) -> None:
    item, *_ = desk.hold(job_id)
    desk.settle_all([item], ELSEWHERE, ItemState.DONE)
    with runtime.engine.begin() as connection:
        assert not job_items.finish_done(
            connection, item.id, ELSEWHERE, result_key="again", masks=9, seconds={}
        )
    assert view(runtime, job_id).counts == Counts(leased=IMAGES - 1, done=1, masks=2)
    assert desk.attempts(job_id) == [1, 0, 0]


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
    runtime: Runtime, desk: "Desk", bench: "Bench", job_id: int
) -> None:
    item, *_ = desk.hold(job_id)
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


def test_an_item_of_another_job_cannot_be_touched(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    """Not leased, not finished and not given back by who holds another job."""
    other_id = submit_autolabel(runtime, "photos", GenerationParameters())
    theirs = desk.hold(other_id)
    lease = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        ours = job_items.lease(connection, job_id, lease, limit=100)
        assert {item.id for item in ours}.isdisjoint(item.id for item in theirs)
        assert job_items.lease(connection, other_id, lease, limit=100) == []
        assert not job_items.finish_done(
            connection, theirs[0].id, lease, result_key="mine", masks=1, seconds={}
        )
        assert job_items.give_back(connection, other_id, lease, count_attempt=True) == 0
        assert job_items.give_back(connection, job_id, lease, count_attempt=True) == IMAGES
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
    statement = (
        f"UPDATE job_items SET {column} = :value WHERE id = "
        "(SELECT min(id) FROM job_items WHERE job_id = :job)"
    )
    refused = pytest.raises(sa.exc.IntegrityError, match="violates foreign key")
    with refused, runtime.engine.begin() as connection:
        connection.execute(sa.text(statement), {"value": value, "job": job_id})


def test_the_ledger_of_another_project_is_empty(runtime: Runtime, job_id: int) -> None:
    project_id = view(runtime, job_id).job.project_id
    with runtime.engine.connect() as connection:
        assert len(list(job_ledger.ledger(connection, project_id, job_id, size=2))) == IMAGES
        assert list(job_ledger.ledger(connection, project_id + 1, job_id)) == []


def refuse_silence(error: Exception) -> None:
    raise AssertionError(error)


def test_a_heartbeat_hears_a_cancel_and_then_that_the_job_was_taken(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    lease = Lease("far-away:7", uuid.UUID(int=9), 0.3)
    desk.hold(job_id, lease)
    with Heartbeat(runtime.engine, job_id, lease, on_silence=refuse_silence) as heart:
        assert not heart.lost.is_set()
        with runtime.engine.begin() as connection:
            connection.execute(sa.text("UPDATE jobs SET cancel_requested = now()"))
        assert heart.cancel_requested.wait(timeout=30)
        assert not heart.lost.is_set()
        claim(runtime, job_id, take_over=True)
        assert heart.lost.wait(timeout=30)
