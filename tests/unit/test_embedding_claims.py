"""One of several claimants makes an embedding; a dead one's claim is taken over."""

import threading
from pathlib import Path

import pytest

from maskloop.actors.embedding_claims import STALE_SECONDS, Claims
from maskloop.platform.storage import FolderStore

KEY = "embeddings/e/v1/aa/aabb"


class Clock:
    """Waiting moves it, so that nobody really waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def claims_of(store: FolderStore, clock: Clock) -> Claims:
    return Claims(store, clock=clock, wait=clock.wait)


def keys(store: FolderStore) -> list[str]:
    return [info.key for info in store.list()]


def test_a_claim_stands_until_it_is_given_back(store: FolderStore) -> None:
    claims = claims_of(store, Clock())
    assert claims.take(KEY, lambda: False) is True
    assert keys(store) == [f"claims/{KEY}"]
    claims.give_back(KEY)
    assert keys(store) == []


def test_nothing_is_to_be_made_of_what_is_there(store: FolderStore) -> None:
    assert claims_of(store, Clock()).take(KEY, lambda: True) is False
    assert keys(store) == []


def test_another_process_waits_until_it_is_there(store: FolderStore) -> None:
    clock = Clock()
    claims_of(store, clock).take(KEY, lambda: False)

    assert claims_of(store, clock).take(KEY, lambda: clock.now > 5) is False
    assert 5 < clock.now < 6


def test_a_claim_that_was_given_back_without_a_result_goes_to_who_waits(
    store: FolderStore,
) -> None:
    clock = Clock()
    first, second = claims_of(store, clock), claims_of(store, clock)
    first.take(KEY, lambda: False)

    def look() -> bool:
        if clock.now > 3:
            first.give_back(KEY)
        return False

    assert second.take(KEY, look) is True
    assert clock.now < STALE_SECONDS


def test_the_claim_of_a_dead_process_is_taken_over_when_it_is_stale(store: FolderStore) -> None:
    clock = Clock()
    claims_of(store, clock).take(KEY, lambda: False)

    assert claims_of(store, clock).take(KEY, lambda: False) is True
    assert STALE_SECONDS < clock.now < STALE_SECONDS + 2


def test_a_claim_that_changes_hands_is_not_stale(store: FolderStore) -> None:
    """Each holder has the whole time, counted from when the waiter first saw it."""
    clock = Clock()
    first, second = claims_of(store, clock), claims_of(store, clock)
    first.take(KEY, lambda: False)
    changed: list[float] = []

    def look() -> bool:
        if clock.now > STALE_SECONDS - 1 and not changed:
            first.give_back(KEY)
            second.take(KEY, lambda: False)
            changed.append(clock.now)
        return False

    assert claims_of(store, clock).take(KEY, look) is True
    assert clock.now - changed[0] > STALE_SECONDS


def test_of_many_at_once_one_is_to_make_it(store: FolderStore) -> None:
    made: list[int] = []
    ready = threading.Barrier(8)

    def ask(number: int) -> None:
        claims = Claims(store)
        ready.wait()
        if claims.take(KEY, lambda: store.info(KEY) is not None):
            made.append(number)
            store.put(KEY, b"embedding")
            claims.give_back(KEY)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(made) == 1
    assert keys(store) == [KEY]
