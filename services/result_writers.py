"""Threads that write results while others are computed: a result's object and transaction are
mostly waited for, and images do not depend on each other."""

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

logger = logging.getLogger(__name__)


class ResultWriters:
    """At the end of the block all that was begun has ended.

    What a write raises is raised by the next call or by the block's end, in the place of an error
    that ended the block; a block that ends by an interrupt keeps that, and the write's is logged.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="result-writer")
        self._under_way: set[Future[None]] = set()

    def __enter__(self) -> Self:
        return self

    def write(self, one: Callable[[], None]) -> None:
        """Begin it, when a thread is free."""
        self._settle([each for each in self._under_way if each.done()])
        while len(self._under_way) >= self._threads:
            self._settle(list(wait(self._under_way, return_when=FIRST_COMPLETED).done))
        self._under_way.add(self._pool.submit(one))

    def _settle(self, ended: list[Future[None]]) -> None:
        for each in ended:
            self._under_way.discard(each)
            each.result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        failures = [found for each in self._under_way if (found := each.exception()) is not None]
        self._under_way.clear()
        raised = None
        if failures and (error is None or isinstance(error, Exception)):
            raised = failures.pop(0)
        for failure in failures:
            logger.warning("result.not_written", exc_info=failure)
        if raised is not None:
            raise raised
