"""A lease kept alive while its holder works, and what the holder is asked meanwhile."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from maskloop.platform.db import jobs
from maskloop.platform.db.jobs import Lease
from maskloop.platform.errors import DatabaseUnavailableError


class Heartbeat:
    """Keeps a lease alive from a thread of its own while the block runs, and listens for a stop.

    `lost` is set when somebody else has the job, or when the database was silent for a whole lease;
    `outranked` while a job of its kind waits that has a higher priority.
    """

    def __init__(
        self,
        engine: sa.Engine,
        job_id: int,
        lease: Lease,
        *,
        on_silence: Callable[[Exception], None],
    ) -> None:
        self.lost = threading.Event()
        self.cancel_requested = threading.Event()
        self.pause_requested = threading.Event()
        self.outranked = threading.Event()
        self._engine, self._job_id, self._lease = engine, job_id, lease
        self._on_silence = on_silence
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, name=f"lease-of-job-{job_id}", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        heard = time.monotonic()
        while not self._stop.wait(self._lease.seconds / 3):
            try:
                with self._engine.begin() as connection:
                    pulse = jobs.extend(connection, self._job_id, self._lease)
                    is_outranked = jobs.is_outranked(connection, self._job_id)
            except (DatabaseUnavailableError, sa.exc.SQLAlchemyError) as error:
                self._on_silence(error)  # the next beat tries again; every write is guarded anyway
                if time.monotonic() - heard > self._lease.seconds:
                    self.lost.set()
                    return
                continue
            heard = time.monotonic()
            if pulse.cancel_requested:
                self.cancel_requested.set()
            if pulse.pause_requested:
                self.pause_requested.set()
            if is_outranked:
                self.outranked.set()
            else:
                self.outranked.clear()
            if not pulse.held:
                self.lost.set()
                return
