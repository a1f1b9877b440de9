"""Jobs that wait because somebody wants it, and jobs that go before others."""

import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.db import jobs
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Lease, Pulse
from maskloop.platform.errors import BadPriorityError, RefusedTransitionError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import ItemState, JobState
from maskloop.services.heartbeat import Heartbeat
from maskloop.services.jobs import claim, requeue, submit_autolabel, view
from maskloop.services.runtime import Runtime
from maskloop.services.steering import cancel, pause, prioritize, settle_abandoned

if TYPE_CHECKING:
    from tests.integration.jobs.conftest import Desk

IMAGES = 3
ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)


def waiting(runtime: Runtime) -> int | None:
    with runtime.engine.connect() as connection:
        return jobs.next_waiting(connection)


def another(runtime: Runtime, priority: int = 0) -> int:
    return submit_autolabel(runtime, "photos", GenerationParameters(), priority=priority)


# --- pausing --------------------------------------------------------------------------------------


def test_a_waiting_job_is_paused_at_once_and_no_worker_takes_it(
    runtime: Runtime, job_id: int
) -> None:
    assert pause(runtime, job_id) is JobState.PAUSED
    assert waiting(runtime) is None
    assert pause(runtime, job_id) is JobState.PAUSED
    requeue(runtime, job_id)
    assert waiting(runtime) == job_id
    assert view(runtime, job_id).job.finished_at is None


def test_a_worker_is_asked_to_leave_its_job_and_hears_it_with_its_heartbeat(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    desk.hold(job_id)
    assert pause(runtime, job_id) is JobState.RUNNING
    assert view(runtime, job_id).job.pause_requested is not None
    with runtime.engine.begin() as connection:
        assert jobs.extend(connection, job_id, ELSEWHERE) == Pulse(
            True, cancel_requested=False, pause_requested=True
        )
    assert desk.finish(job_id, ELSEWHERE, JobState.PAUSED)
    job = view(runtime, job_id).job
    assert (job.state, job.pause_requested) == (JobState.PAUSED, None)


@pytest.mark.parametrize(
    ("asked", "state"),
    [
        ([pause], JobState.PAUSED),
        ([cancel], JobState.CANCELLED),
        ([pause, cancel], JobState.CANCELLED),
    ],
    ids=["pause", "cancel", "both"],
)
def test_what_was_asked_of_a_worker_that_died_is_done_all_the_same(
    runtime: Runtime, desk: "Desk", job_id: int, asked: list, state: JobState
) -> None:
    desk.hold(job_id)
    for ask in asked:
        ask(runtime, job_id)
    desk.lapse(job_id)
    assert waiting(runtime) is None
    settle_abandoned(runtime)
    assert view(runtime, job_id).job.state is state
    assert view(runtime, job_id).counts == Counts(queued=IMAGES)


def test_a_paused_job_is_resumed_where_it_stopped_by_whoever_claims_it(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    done, *_ = desk.hold(job_id)
    desk.settle_all([done], ELSEWHERE, ItemState.DONE)
    desk.lapse(job_id)
    assert pause(runtime, job_id) is JobState.PAUSED
    claim(runtime, job_id)
    assert view(runtime, job_id).job.state is JobState.RUNNING
    assert view(runtime, job_id).counts == Counts(queued=IMAGES - 1, done=1, masks=2)


def test_a_paused_job_can_be_cancelled_and_a_job_that_has_ended_cannot_be_paused(
    runtime: Runtime, job_id: int
) -> None:
    pause(runtime, job_id)
    assert cancel(runtime, job_id) is JobState.CANCELLED
    with pytest.raises(RefusedTransitionError) as caught:
        pause(runtime, job_id)
    assert str(caught.value) == f"Job {job_id} is cancelled and cannot be paused."


# --- priorities -----------------------------------------------------------------------------------


def test_the_highest_priority_is_next_and_the_oldest_of_those(
    runtime: Runtime, job_id: int
) -> None:
    low, high, as_high = another(runtime, -5), another(runtime, 5), another(runtime, 5)
    order = []
    while (found := waiting(runtime)) is not None:
        order.append(found)
        cancel(runtime, found)
    assert order == [high, as_high, job_id, low]


def test_a_priority_can_be_changed_until_the_job_has_succeeded(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    second = another(runtime)
    prioritize(runtime, second, 1)
    assert waiting(runtime) == second
    desk.settle_all(desk.hold(job_id), ELSEWHERE, ItemState.DONE)
    desk.finish(job_id, ELSEWHERE, JobState.SUCCEEDED)
    with pytest.raises(RefusedTransitionError, match="succeeded and cannot be given a priority"):
        prioritize(runtime, job_id, 1)


@pytest.mark.parametrize("priority", [-101, 101])
def test_a_priority_out_of_range_is_refused_and_changes_nothing(
    runtime: Runtime, job_id: int, priority: int
) -> None:
    refused = pytest.raises(BadPriorityError, match=f"{priority} is no priority")
    with refused:
        prioritize(runtime, job_id, priority)
    with pytest.raises(BadPriorityError):
        another(runtime, priority)
    assert view(runtime, job_id).job.priority == 0


def refuse_silence(error: Exception) -> None:
    raise AssertionError(error)


def test_a_heartbeat_hears_that_it_is_outranked_and_when_it_is_no_more(
    runtime: Runtime, desk: "Desk", job_id: int
) -> None:
    lease = Lease("far-away:7", uuid.UUID(int=9), 0.3)
    desk.hold(job_id, lease)
    another(runtime)
    with Heartbeat(runtime.engine, job_id, lease, on_silence=refuse_silence) as heart:
        urgent = another(runtime, 1)
        assert heart.outranked.wait(timeout=30)
        cancel(runtime, urgent)
        with runtime.engine.connect() as connection:
            assert not jobs.is_outranked(connection, job_id)
        assert not heart.lost.is_set()


def test_a_job_of_another_kind_outranks_nobody(runtime: Runtime, job_id: int) -> None:
    urgent = another(runtime, 1)
    with runtime.engine.begin() as connection:
        assert jobs.is_outranked(connection, job_id)
        connection.execute(
            sa.text("UPDATE jobs SET kind = 'evaluate' WHERE id = :id"), {"id": urgent}
        )
        assert not jobs.is_outranked(connection, job_id)
