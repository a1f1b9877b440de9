"""Reading ahead: the next steps' data are made ready in a thread while this one computes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final, TypeVar

_Asked = TypeVar("_Asked")
_Ready = TypeVar("_Ready")

DEPTH: Final = 3


def ahead(
    asked: Iterable[_Asked], prepare: Callable[[_Asked], _Ready], *, depth: int = DEPTH
) -> Generator[_Ready, None, None]:
    """`prepare` of each, in order, up to `depth` before they are wanted. Its errors come here."""
    waiting: deque[Future[_Ready]] = deque()
    rest = iter(asked)
    pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
    try:
        waiting.extend(pool.submit(prepare, one) for one in islice(rest, depth))
        while waiting:
            ready = waiting.popleft().result()
            waiting.extend(pool.submit(prepare, one) for one in islice(rest, 1))
            yield ready
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
