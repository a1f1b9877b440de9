"""Memory is bounded, and nothing is answered from it that was not read or was forgotten."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from maskloop.platform.errors import DatabaseUnavailableError, NotSignedInError
from maskloop.services.access_cache import AccessCache


class Source:
    """Counts how often it is read, and can be away."""

    def __init__(self) -> None:
        self.reads = 0
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.reads


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def cache(now: list[float]) -> AccessCache[str, int]:
    return AccessCache(5.0, most=3, clock=lambda: now[0])


def test_what_is_fresh_is_not_read_again(cache: AccessCache[str, int], now: list[float]) -> None:
    source = Source()
    assert [cache.get("a", source), cache.get("a", source)] == [1, 1]
    now[0] += 5
    assert cache.get("a", source) == 2


def test_zero_seconds_read_every_time() -> None:
    source = Source()
    cache: AccessCache[str, int] = AccessCache(0.0, most=3, clock=lambda: 100.0)
    assert [cache.get("a", source), cache.get("a", source)] == [1, 2]


def test_the_least_used_makes_room(cache: AccessCache[str, int]) -> None:
    source = Source()
    for key in "abcad":
        cache.get(key, source)
    assert source.reads == 4
    cache.get("a", source)
    assert source.reads == 4
    cache.get("b", source)
    assert source.reads == 5


def test_while_it_is_away_the_database_is_asked_once_a_second(
    cache: AccessCache[str, int], now: list[float]
) -> None:
    source = Source()
    cache.get("a", source)
    source.error = DatabaseUnavailableError("there", "gone")
    now[0] += 6
    assert [cache.get("a", source) for _ in range(5)] == [1] * 5
    assert source.reads == 2
    now[0] += 1
    assert cache.get("a", source) == 1
    assert source.reads == 3
    source.error = None
    now[0] += 1
    assert cache.get("a", source) == 4


def test_a_refusal_is_kept_by_nobody(cache: AccessCache[str, int], now: list[float]) -> None:
    source = Source()
    cache.get("a", source)
    now[0] += 5
    source.error = NotSignedInError("it ended")
    with pytest.raises(NotSignedInError):
        cache.get("a", source)
    source.error = DatabaseUnavailableError("there", "gone")
    with pytest.raises(DatabaseUnavailableError):
        cache.get("a", source)


def test_what_is_forgotten_while_it_is_read_is_read_again(cache: AccessCache[str, int]) -> None:
    def read() -> int:
        cache.forget()
        return 1

    assert cache.get("a", read) == 1
    assert cache.get("a", lambda: 2) == 2


def test_many_threads_never_see_what_was_not_read(cache: AccessCache[str, int]) -> None:
    together = threading.Barrier(4)

    def value_of(key: str) -> Callable[[], int]:
        return lambda: ord(key)

    def ask(_: int) -> None:
        together.wait(timeout=30)
        for _ in range(300):
            for key in "abcdef":
                assert cache.get(key, value_of(key)) == ord(key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
