"""Seconds per stage of a piece of work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Adds up wall seconds by stage name; stages do not nest, so they sum to at most the whole."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed
