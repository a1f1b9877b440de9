"""Results are written by a few threads, and no failure of one is lost."""

import logging
import threading

import pytest

from maskloop.platform.errors import LeaseLostError
from maskloop.services.result_writers import ResultWriters

SOON = 30.0


def fail() -> None:
    raise LeaseLostError(7)


def fail_and_raise(error: BaseException) -> None:
    """A block that ends by an error while a write of it fails."""
    with ResultWriters(1) as writers:
        writers.write(fail)
        raise error


def test_as_many_write_at_once_as_there_are_threads_and_the_next_one_waits() -> None:
    together = threading.Barrier(3)  # two writers and the test
    written: list[str] = []

    def meet(name: str) -> None:
        together.wait(SOON)
        written.append(name)

    def third() -> None:
        assert len(written) >= 1, "it began before one of the two had ended"
        written.append("c")

    with ResultWriters(2) as writers:
        writers.write(lambda: meet("a"))
        writers.write(lambda: meet("b"))
        together.wait(SOON)
        writers.write(third)
    assert sorted(written) == ["a", "b", "c"]


def test_at_the_end_all_that_was_begun_has_ended() -> None:
    go = threading.Event()
    written: list[int] = []

    def wait_and_write() -> None:
        assert go.wait(SOON)
        written.append(1)

    with ResultWriters(2) as writers:
        writers.write(wait_and_write)
        assert written == []
        go.set()
    assert written == [1]


def test_what_a_write_raises_ends_the_block() -> None:
    with pytest.raises(LeaseLostError), ResultWriters(2) as writers:
        writers.write(fail)


def test_what_a_write_raised_is_raised_before_more_is_begun() -> None:
    begun: list[int] = []

    def write_behind_a_failure() -> None:
        with ResultWriters(1) as writers:
            writers.write(fail)
            writers.write(lambda: begun.append(1))

    with pytest.raises(LeaseLostError):
        write_behind_a_failure()
    assert begun == []


def test_a_failed_write_counts_more_than_the_error_that_ended_the_block() -> None:
    with pytest.raises(LeaseLostError) as caught:
        fail_and_raise(ValueError("the pipeline broke"))
    assert isinstance(caught.value.__context__, ValueError)


def test_an_interrupt_stays_one_and_the_failed_write_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt):
        fail_and_raise(KeyboardInterrupt())
    assert [record.message for record in caplog.records] == ["result.not_written"]
    assert "LeaseLostError" in caplog.text
