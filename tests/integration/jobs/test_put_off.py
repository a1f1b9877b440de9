"""Images that could not be done now wait for another try."""

import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa

from maskloop.platform.db import job_items
from maskloop.platform.db.job_items import Counts, LeasedItem
from maskloop.platform.db.jobs import Lease
from maskloop.platform.states import ItemState, JobState
from maskloop.services.jobs import claim, troubled_items, view
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.jobs.conftest import Desk

IMAGES = 3
ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)


def put_off(runtime: Runtime, item: LeasedItem, seconds: float, lease: Lease = ELSEWHERE) -> bool:
    with runtime.engine.begin() as connection:
        return job_items.put_off(
            connection,
            item.id,
            lease,
            seconds=seconds,
            error_code="store_unavailable",
            error="The store is away.",
        )


def leased(runtime: Runtime, job_id: int) -> list[LeasedItem]:
    with runtime.engine.begin() as connection:
        return job_items.lease(connection, job_id, ELSEWHERE, limit=IMAGES)


def test_what_is_put_off_is_handed_out_when_its_time_has_come(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    first, second, third = desk.hold(job_id)
    assert put_off(runtime, first, 600)
    assert put_off(runtime, second, 0)
    assert put_off(runtime, third, 600)
    assert view(runtime, job_id).counts == Counts(queued=IMAGES, put_off=IMAGES)
    [again] = leased(runtime, job_id)
    assert (again.id, again.retries, again.attempts) == (second.id, 1, 1)
    assert view(runtime, job_id).counts == Counts(queued=2, leased=1, put_off=2)
    with runtime.engine.connect() as connection:
        left = job_items.seconds_to_next_try(connection, job_id)
        assert job_items.count_put_off(connection, job_id) == 2
    assert left is not None
    assert 0 < left <= 600


def test_nothing_is_put_off_by_who_has_lost_the_lease(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    first, *_ = desk.hold(job_id)
    claim(runtime, job_id, take_over=True)
    assert not put_off(runtime, first, 600)
    with runtime.engine.connect() as connection:
        assert job_items.seconds_to_next_try(connection, job_id) is None
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)


def test_the_ledger_says_why_until_it_is_tried_again(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    first, *_ = desk.hold(job_id)
    put_off(runtime, first, 600)
    [row] = troubled_items(runtime, job_id)
    assert (row.state, row.retries, row.attempts) == (ItemState.QUEUED, 1, 1)
    assert (row.error_code, row.error) == ("store_unavailable", "The store is away.")
    assert row.retry_at is not None
    with runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE job_items SET retry_at = now() WHERE state = 'queued'"))
    [again] = leased(runtime, job_id)
    assert troubled_items(runtime, job_id) == []
    desk.settle_all([again], ELSEWHERE, ItemState.DONE)
    assert view(runtime, job_id).counts == Counts(leased=IMAGES - 1, done=1, masks=2)


def test_a_resumed_job_gives_what_failed_all_its_tries_again(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    first, *_ = desk.hold(job_id)
    put_off(runtime, first, 0)
    desk.settle_all(leased(runtime, job_id), ELSEWHERE, ItemState.FAILED)
    desk.finish(job_id, ELSEWHERE, JobState.FAILED)
    lease = claim(runtime, job_id)
    with runtime.engine.begin() as connection:
        items = job_items.lease(connection, job_id, lease, limit=IMAGES)
    assert [(item.id, item.retries) for item in items if item.id == first.id] == [(first.id, 0)]
