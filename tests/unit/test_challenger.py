"""A challenger is loaded beside what serves; when it cannot be, the status says so."""

import threading
from collections.abc import Callable

import pytest

from maskloop.actors.serving.challenger import Challenger
from maskloop.actors.serving.versions import Current, VersionSpec
from maskloop.platform.errors import WeightsCorruptError
from maskloop.platform.mask_answers import ChallengerStatus, ServedVersion


def spec(number: int) -> VersionSpec:
    return VersionSpec(number=number, name=f"v{number}", encoder_digest="e", decoder_digest="d")


def until(condition: Callable[[], bool]) -> None:
    """The change happens in a thread: wait for it by its effect."""
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("never")


class Loader:
    """Waits for `go`; what is in `fails` ends with that."""

    def __init__(self, fails: dict[int, Exception] | None = None) -> None:
        self.go = threading.Event()
        self.fails = fails or {}
        self.ended = threading.Semaphore(0)

    def __call__(self, wanted: VersionSpec) -> str:
        try:
            assert self.go.wait(10)
            if wanted.number in self.fails:
                raise self.fails[wanted.number]
            return f"loaded {wanted.number}"
        finally:
            self.ended.release()


def test_without_one_there_is_nothing_to_tell() -> None:
    challenger = Challenger(Loader())
    challenger.reconfigure(None)
    assert (challenger.current, challenger.status) == (None, None)


def test_it_is_there_once_it_is_loaded_and_gone_at_once() -> None:
    loader = Loader()
    challenger = Challenger(loader)
    challenger.reconfigure(spec(2))
    assert challenger.current is None
    assert challenger.status == ChallengerStatus(ServedVersion(2, "v2"), False, "")
    loader.go.set()
    until(lambda: challenger.current is not None)
    assert challenger.current == Current(spec(2), "loaded 2")
    assert challenger.status == ChallengerStatus(ServedVersion(2, "v2"), True, "")
    challenger.reconfigure(None)
    assert (challenger.current, challenger.status) == (None, None)


@pytest.mark.parametrize(
    "error",
    [
        WeightsCorruptError("model.safetensors", "d", "another"),
        RuntimeError("size mismatch: another instead of d"),
    ],
)
def test_one_that_cannot_be_loaded_says_why(error: Exception) -> None:
    loader = Loader({2: error})
    loader.go.set()
    challenger = Challenger(loader)
    challenger.reconfigure(spec(2))
    until(lambda: challenger.status is not None and challenger.status.refused != "")
    assert challenger.current is None
    assert challenger.status is not None
    assert "another instead of d" in challenger.status.refused


def test_one_that_was_given_up_while_it_loaded_does_not_come_back() -> None:
    loader = Loader()
    challenger = Challenger(loader)
    challenger.reconfigure(spec(2))
    challenger.reconfigure(spec(3))
    loader.go.set()
    for _ in range(2):
        assert loader.ended.acquire(timeout=10)
    until(lambda: challenger.current is not None)
    assert challenger.current == Current(spec(3), "loaded 3")
