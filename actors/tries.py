"""How often an image was begun, kept outside the processes that it may kill.

Ray repeats what a lost process had in hand for as long as it takes, so that a node may die. An
image that takes its process with it every time would then be repeated for ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import ray

MOST: Final = 3
"""Times that an image is begun; a node that dies takes one of them from what it had in hand."""


@dataclass
class _Begun:
    """The actor."""

    times: dict[int, int] = field(default_factory=dict)

    def begin(self, item_id: int) -> int:
        """How often it was begun before."""
        before = self.times.get(item_id, 0)
        self.times[item_id] = before + 1
        return before


class Tries:
    """Of one pool; travels to its actors by pickle, so Ray never learns that nobody needs it any
    more: `counted_tries` ends it."""

    def __init__(self) -> None:
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        self._begun: Any = ray.remote(_Begun).options(**options).remote()

    def end(self) -> None:
        """Without a session there is nothing left to end, and asking would begin another one."""
        if ray.is_initialized():
            ray.kill(self._begun)

    def begin(self, item_id: int) -> bool:
        """Whether it may be tried: it was begun less often than `MOST` times."""
        before: int = ray.get(self._begun.begin.remote(item_id))
        return before < MOST


@contextmanager
def counted_tries() -> Iterator[Tries]:
    """For the pools that live no longer than the block; a process of its own less when it ends."""
    tries = Tries()
    try:
        yield tries
    finally:
        tries.end()
