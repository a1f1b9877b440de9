"""How much longer a click takes with one version than with another, on this machine and now.

What each took on its own day tells nothing: the machine was another, or did something else. Here
both decode the same clicks in turn, in one process, so that whatever slows one slows the other too.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Final

from maskloop.actors.evaluation.centre import centre_of
from maskloop.actors.evaluation.choosing import ChosenImage
from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.actors.evaluation.scoring import decode_click
from maskloop.actors.evaluation.worker import Measurer
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.prompts import POSITIVE, Prompts

IMAGES: Final = 8
OBJECTS: Final = 8
"""Of an image."""
ROUNDS: Final = 4
"""Even, so that each version goes first as often as the other."""

Click = Callable[[Prompts], object]
"""Decodes it, and comes back when the masks are there."""
Laps = tuple[list[float], list[float]]
"""Seconds a click, of the champion and of the challenger."""


def track_of(images: Sequence[ChosenImage]) -> list[ChosenImage]:
    """What is raced on: few enough for seconds."""
    return [replace(image, items=image.items[:OBJECTS]) for image in images[:IMAGES]]


def slowdown_of(laps: Sequence[Laps]) -> float:
    """The challenger's median over the champion's, over all images."""
    champion = [seconds for before, _ in laps for seconds in before]
    challenger = [seconds for _, after in laps for seconds in after]
    return median(challenger) / median(champion)


def race_on_image(
    champion: Click,
    challenger: Click,
    clicks: Sequence[Prompts],
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Laps:
    """Each click by both, one right after the other; who goes first alternates from click to click
    and from round to round. A first round is not timed."""
    runners: tuple[Click, Click] = champion, challenger
    laps: Laps = [], []
    for click in clicks:
        for runner in runners:
            runner(click)
    for turn in range(ROUNDS):
        for place, click in enumerate(clicks):
            first = (turn + place) % 2
            for lane in (first, 1 - first):
                started = clock()
                runners[lane](click)
                laps[lane].append(clock() - started)
    return laps


class Racer:
    """Both versions in one process."""

    def __init__(self, champion: EvaluationPlan, challenger: EvaluationPlan) -> None:
        self._runners = Measurer(champion), Measurer(challenger)

    def race(self, image: ChosenImage) -> Laps:
        """Raises the errors of weights, images and the object store as they are."""
        clicks = [_click_of(item) for item in image.items]
        champion, challenger = (_clicker(runner, image.first) for runner in self._runners)
        return race_on_image(champion, challenger, clicks)


def _click_of(item: ManifestItem) -> Prompts:
    centre = centre_of(item.rle.decode())
    assert centre is not None, "both versions were measured on it, and an empty mask ends that"
    return Prompts((centre.xy,), (POSITIVE,))


def _clicker(runner: Measurer, item: ManifestItem) -> Click:
    return partial(decode_click, runner.decoder, runner.embedding(item))
