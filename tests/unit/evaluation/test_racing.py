"""Two versions are timed on the same clicks, in turn."""

import pytest

from maskloop.actors.evaluation.racing import ROUNDS, race_on_image, slowdown_of
from maskloop.platform.prompts import POSITIVE, Prompts

CLICKS = [Prompts(((float(place), 0.0),), (POSITIVE,)) for place in range(3)]


class Track:
    """A clock that runs only while somebody decodes, and who did, in order."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[tuple[str, float]] = []

    def runner(self, name: str, seconds: float) -> "Runner":
        return Runner(self, name, seconds)

    def clock(self) -> float:
        return self.now


class Runner:
    """Takes so long for each click, and ten times that for its very first."""

    def __init__(self, track: Track, name: str, seconds: float) -> None:
        self.track, self.name, self.seconds = track, name, seconds
        self.cold = True

    def __call__(self, click: Prompts) -> None:
        self.track.order.append((self.name, click.points_xy[0][0]))
        self.track.now += self.seconds * (10 if self.cold else 1)
        self.cold = False


def test_the_ratio_is_of_medians_and_the_first_click_of_all_is_not_timed() -> None:
    track = Track()
    laps = race_on_image(
        track.runner("old", 0.5), track.runner("new", 0.75), CLICKS, clock=track.clock
    )
    assert laps == ([0.5] * 3 * ROUNDS, [0.75] * 3 * ROUNDS)
    assert slowdown_of([laps]) == 1.5


def test_who_goes_first_alternates() -> None:
    track = Track()
    race_on_image(track.runner("old", 1), track.runner("new", 1), CLICKS, clock=track.clock)
    timed = track.order[2 * len(CLICKS) :]
    pairs = list(zip(timed[::2], timed[1::2], strict=True))
    assert all(one[1] == other[1] and one[0] != other[0] for one, other in pairs)
    firsts = [one[0] for one, _ in pairs]
    assert firsts[:6] == ["old", "new", "old", "new", "old", "new"]
    assert firsts.count("old") == firsts.count("new") == 6
    # Of each click, too, either is first as often.
    of_first_click = [one[0] for one, _ in pairs if one[1] == 0.0]
    assert of_first_click == ["old", "new", "old", "new"]


def test_one_slow_moment_changes_nothing() -> None:
    laps = [([1.0, 1.0, 9.0], [1.25, 1.25, 1.25]), ([1.0], [40.0])]
    assert slowdown_of(laps) == pytest.approx(1.25)
