"""The evaluator: one version's figures on the hold-out of a manifest, and how fast two versions are
beside each other, through Ray.

What goes through Ray is small: a portion of work names an image and its masks, the answer is a row
of figures per object. Pixels and embeddings stay inside the actor that reads them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray

from maskloop.actors.evaluation.choosing import ChosenImage, choose
from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.actors.evaluation.racing import Laps, Racer, slowdown_of, track_of
from maskloop.actors.evaluation.worker import Measurer, Portion, portions_of
from maskloop.actors.ray_errors import translated
from maskloop.platform.errors import EmptyTrainingSetError
from maskloop.platform.evaluation import ObjectScore
from maskloop.platform.manifests import read_manifest
from maskloop.platform.states import Split
from maskloop.platform.storage import open_store

_LOOK_SECONDS = 0.5
"""How long a cancellation may go unseen."""


def evaluate(
    plan: EvaluationPlan,
    *,
    on_progress: Callable[[int, int], None],
    check_stop: Callable[[], None],
) -> list[ObjectScore]:
    """Figures by annotation id. Runs in the Ray session of the caller.

    `on_progress`: objects done and in all; the first call comes before any is. `check_stop` is
    asked all the time; what it raises ends the work at once and comes out of here. So do errors of
    ours, and nothing is skipped: an image that cannot be read ends the evaluation. Raises
    `EmptyTrainingSetError` where nothing is held out and `PipelineBrokenError` when a process died
    or raised what is no error of ours.
    """
    images = _images(plan)
    total = sum(len(image.items) for image in images)
    on_progress(0, total)
    scores: list[ObjectScore] = []
    with translated(), _crew(plan, images) as crew:
        while crew.busy:
            check_stop()
            for found in crew.done(within=_LOOK_SECONDS):
                scores.extend(found)
                on_progress(len(scores), total)
    return sorted(scores, key=lambda score: score.annotation_id)


def race(
    champion: EvaluationPlan, challenger: EvaluationPlan, *, check_stop: Callable[[], None]
) -> float:
    """How many times as long a click takes with the challenger: both in one process, in turn, on a
    few images of the champion's hold-out. Runs and raises as `evaluate` does; takes seconds."""
    gpus = 1 if champion.compute.device == "cuda" else 0
    remote: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(Racer)
    track = track_of(_images(champion))
    laps: list[Laps] = []
    with translated():
        racer = remote.remote(champion, challenger)
        try:
            for image in track:
                running = racer.race.remote(image)
                while not ray.wait([running], timeout=_LOOK_SECONDS)[0]:
                    check_stop()
                laps.append(ray.get(running))
        finally:
            ray.kill(racer)
    return slowdown_of(laps)


def _images(plan: EvaluationPlan) -> list[ChosenImage]:
    """What is measured, of at least one image."""
    objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
    items = read_manifest(objects, plan.manifest_key)
    images = choose([item for item in items if item.split is Split.HOLDOUT], plan.protocol)
    if not images:
        raise EmptyTrainingSetError("evaluate", "no image of the set is held out")
    return images


@contextmanager
def _crew(plan: EvaluationPlan, images: Sequence[ChosenImage]) -> Iterator["_Crew"]:
    crew = _Crew(plan, images)
    try:
        yield crew
    finally:
        crew.dismiss()


class _Crew:
    """The actors and what each is at. An image is one actor's alone, so that it is read once."""

    def __init__(self, plan: EvaluationPlan, images: Sequence[ChosenImage]) -> None:
        gpus = 1 if plan.compute.device == "cuda" else 0
        # What killed one is likely to kill the next: the caller decides about another try.
        remote: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(Measurer)
        self._waiting = deque(images)
        self._actors = [remote.remote(plan) for _ in range(min(plan.workers, len(images)))]
        self._left: list[deque[Portion]] = [deque() for _ in self._actors]
        self._running: dict[Any, int] = {}
        """Which actor owes which result."""
        for place in range(len(self._actors)):
            self._go_on(place)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def done(self, within: float) -> Iterator[list[ObjectScore]]:
        """What is done now or in as many seconds; waits no longer than for the first."""
        ready, _ = ray.wait(list(self._running), timeout=within)
        for result in ready:
            self._go_on(self._running.pop(result))
            yield ray.get(result)

    def _go_on(self, place: int) -> None:
        """Give an actor its next portion, where there is one."""
        left = self._left[place]
        if not left and self._waiting:
            left.extend(portions_of(self._waiting.popleft()))
        if left:
            result = self._actors[place].measure.remote(left.popleft())
            self._running[result] = place

    def dismiss(self) -> None:
        """At once, whatever they are at."""
        for actor in self._actors:
            ray.kill(actor)
