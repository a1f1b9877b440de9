"""What is forecast from a sample, and what a budget is."""

import math
from dataclasses import replace

import numpy as np
import pytest

from maskloop.platform.errors import BadBudgetError
from maskloop.platform.forecast import (
    DRIFT,
    Budget,
    Forecast,
    Measured,
    Spent,
    compared,
    forecast,
    total_of,
)
from maskloop.platform.intervals import Interval

SAMPLE = [Measured(seconds, masks, 1000) for seconds, masks in ((2, 10), (4, 30), (6, 20))]


def made(images: int = 12, **more: float) -> Forecast:
    given = {"workers": 2, "start_seconds": 5.0, "stretch": 1.5} | more
    return forecast(SAMPLE, images=images, **given)  # type: ignore[arg-type]


def test_the_sum_of_what_is_known_is_known() -> None:
    assert total_of([1, 2, 3], 3) == Interval(6, 6, 6)


def test_the_rest_lies_in_student_s_prediction_interval() -> None:
    found = total_of([2, 4, 6], 12)
    half = 4.302652729911275 * 2 * 9 * math.sqrt(1 / 3 + 1 / 9)  # t(2, 0.975) · s · 9 · √(…)
    assert found.mean == 48
    assert found.high == pytest.approx(48 + half)
    assert found.low == 12  # what is done already, at least


def test_of_one_there_is_no_bound_above_and_of_none_no_forecast() -> None:
    assert total_of([2], 3) == Interval(6, 2, math.inf)
    with pytest.raises(ValueError, match="nothing"):
        total_of([], 3)


@pytest.mark.parametrize("spread", [0.3, 0.8])
def test_ninety_five_of_a_hundred_intervals_hold_of_skewed_values_too(spread: float) -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        values = random.lognormal(0, spread, 500)
        found = total_of(list(values[:32]), len(values))
        held += found.low <= values.sum() <= found.high
    assert 0.90 <= held / 400 <= 0.99


def test_time_on_the_clock_is_shared_by_the_workers_and_stretched() -> None:
    found = made()
    assert found.worker_seconds.mean == 48
    assert found.wall_seconds.mean == 5 + 48 * 1.5 / 2
    assert found.wall_seconds.high == pytest.approx(
        (5 + found.worker_seconds.high * 1.5 / 2) * (1 + DRIFT)
    )
    assert (found.masks.mean, found.bytes) == (240, Interval(12_000, 12_000, 12_000))


def test_a_forecast_survives_json() -> None:
    assert Forecast.from_json(made().to_json()) == made()


def test_a_forecast_is_compared_when_the_job_has_ended() -> None:
    assert {line.truth for line in compared(made(), None, None)} == {None}
    assert {line.holds for line in compared(made(), None, None)} == {None}
    lines = compared(made(), Spent(48, 10_000, 12_000), 41)
    assert [(line.quantity, line.holds) for line in lines] == [
        ("wall_seconds", True),
        ("worker_seconds", True),
        ("masks", False),
        ("bytes", True),
    ]


@pytest.mark.parametrize(
    ("given", "budget", "words"),
    [
        ("8h", Budget(seconds=28_800), "8 worker hours"),
        ("90m", Budget(seconds=5400), "1.5 worker hours"),
        ("50GB", Budget(bytes=50 * 10**9), "50 GB written"),
        ("1000000masks", Budget(masks=1_000_000), "1,000,000 masks"),
        (
            "1.5h, 2 tb",
            Budget(seconds=5400, bytes=2 * 10**12),
            "1.5 worker hours, 2,000 GB written",
        ),
    ],
)
def test_budgets_are_read_and_told(given: str, budget: Budget, words: str) -> None:
    assert Budget.parse(given) == budget == Budget.from_json(budget.to_json())
    assert str(budget) == words


@pytest.mark.parametrize("given", ["", "8", "h", "-1h", "0h", "8h,9h", "8 days", "8h;2GB", "1e3h"])
def test_what_is_no_budget_is_refused_with_what_is(given: str) -> None:
    with pytest.raises(BadBudgetError, match="8h, 90m"):
        Budget.parse(given)


def test_a_budget_is_reached_by_the_first_of_its_limits() -> None:
    budget = Budget(seconds=10, masks=100)
    spent = Spent(seconds=9.9, masks=99, bytes=10**15)
    assert budget.reached(spent) is None
    assert budget.reached(replace(spent, masks=100)) == "100 masks"
    assert Budget().reached(replace(spent, masks=10**9)) is None
