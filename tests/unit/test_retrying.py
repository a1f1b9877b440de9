"""How long an image waits for its next try."""

import pytest

from maskloop.services.retrying import MOST_SECONDS, Backoff, seconds_to_wait


def waits(tries: int, first: float, chance: float = 0.0) -> list[float]:
    backoff, found = Backoff(tries), list[float]()
    while (seconds := backoff.wait(len(found), first, chance)) is not None:
        found.append(seconds)
    return found


def test_each_wait_is_twice_the_one_before_and_none_is_longer_than_the_most() -> None:
    assert waits(4, 3.0) == [3, 6, 12]
    assert waits(10, 3.0)[-2:] == [384, MOST_SECONDS]
    assert waits(1, 3.0) == []


def test_chance_takes_a_quarter_off_at_most() -> None:
    assert waits(3, 8.0, chance=1.0) == [6, 12]
    assert waits(3, 8.0, chance=0.5) == [7, 14]


@pytest.mark.parametrize(
    ("code", "tries"),
    [("store_unavailable", 10), ("store_denied", 1), ("candidates_missing", 1), ("internal", 3)],
)
def test_what_was_wrong_decides_how_often_it_is_tried(code: str, tries: int) -> None:
    retries = 0
    while seconds_to_wait(code, retries, 3.0) is not None:
        retries += 1
    assert retries + 1 == tries


def test_a_store_that_is_away_is_waited_for_some_twenty_minutes() -> None:
    assert 20 * 60 < sum(waits(10, 3.0)) < 25 * 60
