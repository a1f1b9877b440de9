"""Seconds per stage."""

import time

import pytest

from maskloop.platform.stages import Stages


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock says next, in order."""
    readings: list[float] = []
    monkeypatch.setattr(time, "perf_counter", lambda: readings.pop(0))
    return readings


def test_seconds_add_up_by_name(clock: list[float]) -> None:
    clock += [10.0, 10.5, 20.0, 22.0, 30.0, 30.25]
    stages = Stages()
    with stages("decode"):
        pass
    with stages("encode"):
        pass
    with stages("decode"):
        pass
    assert stages.seconds == {"decode": 0.75, "encode": 2.0}


def test_a_stage_that_breaks_is_counted_and_its_error_goes_on(clock: list[float]) -> None:
    clock += [1.0, 4.0]
    stages = Stages()
    with pytest.raises(ZeroDivisionError), stages("decode"):
        _ = 1 / 0
    assert stages.seconds == {"decode": 3.0}


def test_nothing_done_is_nothing_counted() -> None:
    assert Stages().seconds == {}
