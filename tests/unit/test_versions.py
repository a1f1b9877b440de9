"""A replica serves the newest version that it can load, and changes without a gap."""

import threading

import pytest

from maskloop.actors.serving.versions import PromotedVersions, Versions, VersionSpec
from maskloop.platform.errors import NoVersionServesError, WeightsCorruptError
from maskloop.platform.mask_answers import ServedVersion


def spec(number: int) -> VersionSpec:
    return VersionSpec(number=number, name=f"v{number}", encoder_digest="e", decoder_digest="d")


def promoted(*numbers: int) -> PromotedVersions:
    return PromotedVersions(versions=tuple(spec(number) for number in numbers))


class Loader:
    """Loads what is not `broken`; a version in `held` waits until it is let go."""

    def __init__(self, *broken: int) -> None:
        self.broken = set(broken)
        self.held: dict[int, threading.Event] = {}
        self.loaded: list[int] = []
        self.finished = threading.Semaphore(0)

    def __call__(self, wanted: VersionSpec) -> str:
        try:
            if wanted.number in self.held:
                assert self.held[wanted.number].wait(10)
            if wanted.number in self.broken:
                raise WeightsCorruptError("model.safetensors", "d", "another")
            self.loaded.append(wanted.number)
            return f"loaded {wanted.number}"
        finally:
            self.finished.release()


def until(versions: Versions[str], number: int) -> None:
    """The change happens in a thread: wait for it by its effect."""
    deadline = threading.Event()
    for _ in range(1000):
        if versions.current().spec.number == number:
            return
        deadline.wait(0.01)
    raise AssertionError(f"version {number} never served")


def test_the_first_time_it_returns_with_a_version_loaded() -> None:
    versions = Versions(Loader())
    versions.reconfigure(promoted(3, 2))
    assert versions.current().spec == spec(3)
    assert versions.current().loaded == "loaded 3"
    assert versions.refused == {}


def test_a_fresh_replica_falls_back_to_the_version_before() -> None:
    versions = Versions(Loader(3))
    versions.reconfigure(promoted(3, 2))
    assert versions.current().spec == spec(2)
    assert list(versions.refused) == [ServedVersion(3, "v3")]
    assert "another instead of d" in versions.refused[ServedVersion(3, "v3")]


def test_a_replica_that_can_load_none_says_why() -> None:
    versions = Versions(Loader(3, 2))
    with pytest.raises(NoVersionServesError, match="another instead of d"):
        versions.reconfigure(promoted(3, 2))


def test_before_anything_is_configured_nothing_serves() -> None:
    with pytest.raises(NoVersionServesError):
        Versions(Loader()).current()


def test_the_old_version_serves_until_the_new_one_is_loaded() -> None:
    loader = Loader()
    versions = Versions(loader)
    versions.reconfigure(promoted(1))
    begun = versions.current()
    loader.held[2] = threading.Event()

    versions.reconfigure(promoted(2, 1))
    assert versions.current().spec == spec(1)
    loader.held[2].set()
    until(versions, 2)

    assert begun.loaded == "loaded 1"  # who began with it ends with it
    assert loader.loaded == [1, 2]


def test_a_version_that_cannot_be_loaded_is_refused_and_the_old_one_goes_on() -> None:
    loader = Loader(2)
    versions = Versions(loader)
    versions.reconfigure(promoted(1))
    versions.reconfigure(promoted(2, 1))
    assert loader.finished.acquire(timeout=10)
    assert loader.finished.acquire(timeout=10)
    versions.reconfigure(promoted(3, 2, 1))
    until(versions, 3)
    assert loader.loaded == [1, 3]


def test_the_latest_wish_counts_even_when_an_earlier_one_is_slower() -> None:
    loader = Loader()
    versions = Versions(loader)
    versions.reconfigure(promoted(1))
    loader.held[2] = threading.Event()
    versions.reconfigure(promoted(2, 1))
    versions.reconfigure(promoted(3, 2, 1))
    until(versions, 3)
    for _ in range(2):
        assert loader.finished.acquire(timeout=10)

    loader.held[2].set()
    assert loader.finished.acquire(timeout=10)

    assert versions.current().spec == spec(3)


def test_going_back_to_a_version_loads_it_again() -> None:
    loader = Loader()
    versions = Versions(loader)
    versions.reconfigure(promoted(1))
    versions.reconfigure(promoted(2, 1))
    until(versions, 2)
    versions.reconfigure(promoted(1, 2))
    until(versions, 1)
    assert loader.loaded == [1, 2, 1]
