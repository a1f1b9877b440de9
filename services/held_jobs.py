"""Working on a claimed job: its lease is kept alive, and however the work ends, its row says so."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from maskloop.platform.db import job_items, jobs, trainings
from maskloop.platform.db.jobs import Job, Lease
from maskloop.platform.errors import LeaseLostError, MaskloopError, WrongJobKindError
from maskloop.platform.states import JobKind, JobState
from maskloop.services.heartbeat import Heartbeat
from maskloop.services.jobs import claim, view
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)


class CancelledError(Exception):
    """Somebody asked the job to stop."""


class PausedError(Exception):
    """The job is to wait; `reason` where nobody asked for it."""

    def __init__(self, code: str | None = None, reason: str | None = None) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class StoppedError(Exception):
    """The worker is to stop; the job goes on with the next one."""


@dataclass(frozen=True)
class HeldJob:
    """A job, as it was when it was claimed, in the hands of this process."""

    runtime: Runtime
    job: Job
    lease: Lease
    heartbeat: Heartbeat
    stop: threading.Event
    gives_way: bool = False
    """To waiting jobs of its kind that have a higher priority."""

    def check_stop(self) -> None:
        """Between two steps of whatever is done: raises what ends it in `held_job`."""
        if self.heartbeat.lost.is_set():
            raise LeaseLostError(self.job.id)
        if self.heartbeat.cancel_requested.is_set():
            raise CancelledError
        if self.heartbeat.pause_requested.is_set():
            raise PausedError
        if self.stop.is_set() or (self.gives_way and self.heartbeat.outranked.is_set()):
            raise StoppedError

    def wait(self, seconds: float) -> None:
        """With nothing to do. Raises as `check_stop` does, soon after there is a reason."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check_stop()
            self.stop.wait(min(left, _LOOK_SECONDS))
        self.check_stop()


_LOOK_SECONDS = 0.5

Interrupted = Callable[[Runtime, int, Lease], None]


def end_as_cancelled(runtime: Runtime, job_id: int, lease: Lease) -> None:
    """Somebody stopped this job: it goes on when somebody resumes it."""
    end(runtime, job_id, lease, JobState.CANCELLED)


def leave_for_another(runtime: Runtime, job_id: int, lease: Lease) -> None:
    """The worker stops, the job does not: the next worker goes on with it."""
    with runtime.engine.begin() as connection:
        job_items.give_back(connection, job_id, lease, count_attempt=False)
        jobs.let_lapse(connection, job_id, lease)


@contextmanager
def held_job(
    runtime: Runtime,
    job_id: int,
    *,
    kind: JobKind,
    take_over: bool,
    when_interrupted: Interrupted,
    stop: threading.Event | None = None,
    gives_way: bool = False,
) -> Iterator[HeldJob]:
    """Claim a job of this kind for the block, which ends it itself when all went well.

    `jobs cancel` ends it as cancelled, `jobs pause` as paused; `stop`, and with `gives_way` a
    job of its kind that waits with a higher priority, leave it to another worker. The block is left
    without an error in each case. A KeyboardInterrupt ends it as `when_interrupted` says, an error
    of the job itself as failed; it can be resumed after each. Raises what `claim` raises,
    `WrongJobKindError`, `LeaseLostError`, and whatever made the job fail.
    """
    _check_kind(runtime, job_id, kind)
    lease = claim(runtime, job_id, take_over=take_over)
    job = view(runtime, job_id).job
    heartbeat = Heartbeat(runtime.engine, job_id, lease, on_silence=_log_silence(job_id))
    with heartbeat:
        try:
            yield HeldJob(
                runtime, job, lease, heartbeat, stop or threading.Event(), gives_way=gives_way
            )
        except LeaseLostError:
            raise
        except CancelledError:
            end_as_cancelled(runtime, job_id, lease)
        except PausedError as pause:
            end(runtime, job_id, lease, JobState.PAUSED, code=pause.code, reason=pause.reason)
        except StoppedError:
            leave_for_another(runtime, job_id, lease)
        except KeyboardInterrupt:
            try:
                when_interrupted(runtime, job_id, lease)
            except MaskloopError as error:  # the lease lapses by itself
                logger.warning("job.not_left job=%d error=%s", job_id, error)
            raise
        except Exception as error:
            code = error.code if isinstance(error, MaskloopError) else "internal"
            end(runtime, job_id, lease, JobState.FAILED, code=code, reason=str(error))
            raise


def _check_kind(runtime: Runtime, job_id: int, wanted: JobKind) -> None:
    with runtime.engine.connect() as connection:
        kind = jobs.by_id(connection, job_id).kind
    if kind is not wanted:
        raise WrongJobKindError(job_id, kind, wanted)


def _log_silence(job_id: int) -> Callable[[Exception], None]:
    return lambda error: logger.warning("heartbeat.silent job=%d error=%s", job_id, error)


def end(
    runtime: Runtime,
    job_id: int,
    lease: Lease,
    state: JobState,
    *,
    code: str | None = None,
    reason: str | None = None,
    result_key: str | None = None,
) -> None:
    """Raises `LeaseLostError` when the job is not this worker's any more."""
    with runtime.engine.begin() as connection:
        if not jobs.finish(
            connection,
            job_id,
            lease,
            state,
            error_code=code,
            error=reason,
            result_key=result_key,
        ):
            raise LeaseLostError(job_id)
        job_items.give_back(connection, job_id, lease, count_attempt=False)
        trainings.let_version_follow(connection, job_id)
