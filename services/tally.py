"""What an autolabel job has done and spent, kept while a worker is at it."""

import threading
from collections.abc import Callable
from dataclasses import replace

from maskloop.actors.work import ItemResult, Outcome
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Job
from maskloop.platform.errors import BudgetSpentError
from maskloop.platform.forecast import Spent
from maskloop.platform.states import ItemState
from maskloop.services.held_jobs import PausedError


class Tally:
    """The ledger's counts, kept while working: asking the database after every image would cost
    more the larger the job is. Writers settle at once: one after the other."""

    def __init__(self, counts: Counts, on_progress: Callable[[Counts], None]) -> None:
        waiting = counts.queued + counts.leased
        self._counts = replace(counts, queued=waiting, leased=0)
        self._on_progress = on_progress
        self._settling = threading.Lock()
        on_progress(self._counts)

    @property
    def left(self) -> int:
        """Images that are not settled."""
        return self._counts.queued

    def put_off(self, items: int) -> None:
        """So many wait for another try now."""
        with self._settling:
            if items != self._counts.put_off:
                self._show(replace(self._counts, put_off=items))

    def settled(self, state: ItemState, masks: int = 0) -> None:
        with self._settling:
            counts = self._counts
            if state is ItemState.QUEUED:
                self._show(replace(counts, put_off=counts.put_off + 1))
                return
            changed = {"queued": counts.queued - 1, "masks": counts.masks + masks}
            changed[state.value] = getattr(counts, state.value) + 1
            self._show(replace(counts, **changed))

    def _show(self, counts: Counts) -> None:
        self._counts = counts
        self._on_progress(counts)


class Purse:
    """What a job has spent of its budget, kept while working as the tally is."""

    def __init__(self, job: Job, spent: Spent) -> None:
        self._job = job
        self._spent = spent

    def pay(self, result: ItemResult) -> None:
        """For one image that came back."""
        if result.outcome is not Outcome.DONE:
            return
        spent = self._spent
        self._spent = Spent(
            spent.seconds + sum(result.seconds.values()),
            spent.masks + result.masks,
            spent.bytes + result.bytes,
        )

    @property
    def is_empty(self) -> bool:
        return self._job.budget.reached(self._spent) is not None

    def check(self) -> None:
        """Raises `PausedError` once the budget is spent."""
        if (reached := self._job.budget.reached(self._spent)) is not None:
            error = BudgetSpentError(self._job.id, reached)
            raise PausedError(error.code, str(error))
