"""A training from its parent to the weights that are kept; goes on from a checkpoint."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from statistics import fmean
from typing import Final

import torch
from torch import Tensor

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.training.ahead import ahead
from maskloop.actors.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    Progress,
    moments,
    restore_moments,
)
from maskloop.actors.training.data import Schedule, labeled_images
from maskloop.actors.training.finishing import finish
from maskloop.actors.training.group import Alone, Group
from maskloop.actors.training.images import Images, KnownImage, known_image
from maskloop.actors.training.lessons import Lessons, Read
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan, TrainingPoint
from maskloop.actors.training.steps import Learned, Learner, Lesson
from maskloop.actors.training.student import frozen, load_student
from maskloop.actors.training.validate import Figures, Validator
from maskloop.platform.manifests import read_manifest
from maskloop.platform.states import Split
from maskloop.platform.storage import open_store

CHECKPOINT_SECONDS: Final = 60.0
"""What a machine that dies may cost; a checkpoint costs a fraction of a second."""
MOST_POINTS: Final = 400
"""Of a training's curve."""
MOST_REPLAY_IMAGES: Final = 16
"""On which agreement is measured; the others are learned from."""

PACE_STEPS: Final = 12
"""After which it is known how long one takes."""
OPTIMISM_STEPS: Final = 12
MOST_OPTIMISM: Final = 0.3
_SURE: Final = 0.95
"""Of the time that is left: steps differ."""

_LEAST_PACE: Final = 1e-3
"""Seconds; no step is quicker."""

_GO_ON, _STOP, _BUDGET = range(3)


class StoppedError(Exception):
    """Somebody wants this training to end; where it was is in its checkpoint."""


class Training:
    """One worker's part. `on_point` is called by the first of a group only; `wanted` says whether
    anybody still wants it."""

    def __init__(
        self,
        plan: TrainingPlan,
        *,
        on_point: Callable[[TrainingPoint], None],
        wanted: Callable[[], bool],
        group: Group | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._plan = plan
        self._on_point = on_point
        self._wanted = wanted
        self._group = group or Alone()
        self._clock = clock
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        self._folder = WeightsFolder(plan.weights)
        self._checkpoints = Checkpoints(self._objects, plan)
        self._images = Images(
            self._objects,
            EmbeddingStore(self._objects, plan.encode.precision),
            encoder_digest=plan.encoder_digest,
            limits=plan.limits,
        )
        self._progress = Progress()
        self._best: dict[str, Tensor] = {}
        self._unsaid: list[Learned] = []
        self._kept_at = 0.0

    def run(self) -> TrainingOutcome | None:
        """The outcome for the first of a group, None for the others.

        Raises `StoppedError`, `TrainingDivergedError`, `EmptyTrainingSetError`, and what is wrong
        with images, weights and store.
        """
        known = self._checkpoints.outcome()
        if known is not None:
            return known if self._group.rank == 0 else None
        self._prepare()
        self._resume()
        if not self._progress.stopped:
            self._learn()
        outcome = None
        if self._group.rank == 0:
            outcome = self._finish()
            self._checkpoints.close(outcome)
        self._group.decide(_GO_ON)  # nobody leaves before the first has finished
        return outcome

    def _prepare(self) -> None:
        plan, recipe = self._plan, self._plan.recipe
        for digest in (plan.encoder_digest, plan.decoder_digest):
            fetch(self._folder, digest, self._objects)
        items = read_manifest(self._objects, plan.manifest_key)
        train = labeled_images(items, Split.TRAIN)
        validation = labeled_images(items, Split.VALIDATION)
        replayed, agreed = self._replayed({bytes.fromhex(item.image_sha256) for item in items})
        self._schedule = Schedule(train, replayed, recipe, workers=plan.workers)
        self._parent = frozen(self._folder, plan.decoder_digest, plan.train)
        self._student = load_student(
            self._folder,
            encoder_digest=plan.encoder_digest,
            decoder_digest=plan.decoder_digest,
            recipe=recipe,
            compute=plan.train,
        )
        # An encoder that is trained has no use for embeddings, but its parent's replays have.
        labeled = [] if recipe.lora_rank else [each.image for each in (*train, *validation)]
        self._encode([*labeled, *replayed, *agreed])
        self._learner = Learner(self._student, recipe, self._group)
        self._lessons = Lessons(self._images, self._parent, recipe)
        self._validator = Validator(
            self._images,
            validation,
            agreed,
            parent=self._parent,
            pixels=recipe.lora_rank > 0,
        )

    def _replayed(self, labeled: set[bytes]) -> tuple[list[KnownImage], list[KnownImage]]:
        """Images to replay, and others to measure agreement on: every fourth of them. None is
        `labeled`, on whatever side."""
        known: dict[bytes, KnownImage] = {}
        for key in sorted(self._plan.replay_keys):
            self._check_wanted()
            image = known_image(self._objects, key)
            known[image.sha256] = image
        images = [known[digest] for digest in sorted(known.keys() - labeled)]
        agreed = images[3::4][:MOST_REPLAY_IMAGES]
        return [image for image in images if image not in agreed], agreed

    def _encode(self, images: list[KnownImage]) -> None:
        started = self._clock()
        own = images[self._group.rank :: self._group.size]
        calls = self._images.encode_missing(
            own, self._folder, self._plan.encode, self._check_wanted
        )
        every = self._group.mean(torch.tensor([float(calls)], device=self._plan.train.device))
        self._progress.encoder_calls = round(float(every) * self._group.size)
        self._progress.preparing = self._clock() - started

    def _resume(self) -> None:
        """From the newest checkpoint; without one, from the parent, which is measured first."""
        found = self._checkpoints.newest() if self._group.rank == 0 else None
        self._group.decide(_GO_ON)
        if found is None and self._group.rank != 0:
            found = self._checkpoints.newest()
        if found is None:
            self._begin()
            return
        before = self._progress
        self._progress = found.progress
        self._progress.encoder_calls += before.encoder_calls
        self._progress.preparing += before.preparing
        named = self._student.trainable()
        with torch.no_grad():
            for name, parameter in named.items():
                parameter.copy_(found.tensors[f"weights/{name}"])
                self._learner.average[name].copy_(found.tensors[f"average/{name}"])
        self._best = _part(found.tensors, "best/")
        self._learner.optimism = self._progress.optimism
        restore_moments(self._learner.optimizer, named, found.tensors)
        self._kept_at = self._progress.seconds

    def _begin(self) -> None:
        self._best = self._weights()
        self._progress.optimism = self._learner.optimism = self._parents_optimism()
        if self._group.rank != 0:
            return
        started = self._clock()
        self._validator.prepare(self._check_wanted)
        prepared = self._clock()
        figures = self._validator.figures(self._student, self._check_wanted)
        self._progress.parent = asdict(figures)
        self._progress.validating = self._clock() - prepared
        self._progress.begun = self._clock() - started
        self._progress.seconds += self._progress.begun
        self._tell(0, figures.named("validation"))
        self._keep()

    def _parents_optimism(self) -> float:
        """Over the first lessons. It is kept, so that thresholds on scores mean what they meant: on
        what it does not know a model is too sure of itself, and thresholds were chosen by that."""
        found: list[float] = []
        tasks = (task for task in self._schedule.tasks(0) if task.items)
        for task in islice(tasks, OPTIMISM_STEPS):
            self._check_wanted()
            lesson = self._lessons.lesson(self._lessons.read(task))
            if isinstance(lesson, Lesson):
                found += self._learner.optimism_of(lesson)
        return min(MOST_OPTIMISM, max(0.0, fmean(found))) if found else 0.0

    def _learn(self) -> None:
        tasks = self._schedule.tasks(self._progress.step, rank=self._group.rank)
        with closing(ahead(tasks, self._lessons.read)) as lessons:
            while not self._progress.stopped:
                step = self._progress.step
                if step == PACE_STEPS and not self._progress.planned:
                    self._plan_by_pace()
                marks = _marks(self._steps, self._plan.recipe.validations)
                if step in marks and self._progress.validated < step:
                    self._validate()
                elif step >= self._steps:
                    whole = self._steps == self._schedule.steps
                    self._progress.stopped = "planned" if whole else "budget"
                else:
                    self._decide()
                    if not self._progress.stopped:
                        self._step(step, lessons)
        self._keep()

    @property
    def _steps(self) -> int:
        """Planned in all."""
        return self._progress.planned or self._schedule.steps

    def _plan_by_pace(self) -> None:
        """No more steps than the budget has room for, so that the learning rate comes to its end
        with it. Where all of them fit, which they are does not depend on any clock."""
        recipe, progress = self._plan.recipe, self._progress
        pace = (progress.seconds - progress.begun) / progress.step
        left = 60 * recipe.budget_minutes - progress.seconds
        left -= (recipe.validations + 1) * progress.validating
        room = progress.step + max(1, int(_SURE * left / max(pace, _LEAST_PACE)))
        progress.planned = self._group.decide(min(self._schedule.steps, room))

    def _step(self, step: int, lessons: Iterator[Read]) -> None:
        started = self._clock()
        learned = self._learner.learn(self._lessons.lesson(next(lessons)), step, self._steps)
        self._progress.step += 1
        self._progress.seconds += self._clock() - started
        self._say(learned)
        if self._progress.seconds - self._kept_at >= CHECKPOINT_SECONDS:
            self._keep()

    def _decide(self) -> None:
        code = _GO_ON
        if self._group.rank == 0:
            if not self._wanted():
                code = _STOP
            elif self._progress.seconds >= 60 * self._plan.recipe.budget_minutes:
                code = _BUDGET
        code = self._group.decide(code)
        if code == _STOP:
            self._keep()
            raise StoppedError
        if code == _BUDGET:
            if self._progress.validated < self._progress.step:
                self._validate()
            self._progress.stopped = "budget"

    def _validate(self) -> None:
        progress = self._progress
        code = _GO_ON
        if self._group.rank == 0:
            started = self._clock()
            try:
                with self._learner.averaged():
                    figures = self._validator.figures(self._student, self._check_wanted)
            except StoppedError:
                code = _STOP
            else:
                self._judge(figures)
                progress.seconds += self._clock() - started
                self._tell(progress.step, figures.named("validation"))
        if self._group.decide(code) == _STOP:
            self._keep()
            raise StoppedError
        progress.validated = progress.step
        if self._group.decide(progress.worse) >= self._plan.recipe.patience:
            progress.stopped = "patience"
        self._keep()

    def _judge(self, figures: Figures) -> None:
        """Without a validation side the newest weights are the best."""
        progress, score = self._progress, figures.score
        if score is None or progress.best_score is None or score > progress.best_score:
            self._best = self._weights()
            progress.best_step, progress.best_score = progress.step, score
            progress.best, progress.worse = asdict(figures), 0
        else:
            progress.worse += 1

    def _say(self, learned: Learned) -> None:
        self._unsaid.append(learned)
        every = -(-self._steps // MOST_POINTS)
        if self._progress.step % every == 0:
            self._tell(self._progress.step, {})

    def _tell(self, step: int, figures: dict[str, float]) -> None:
        if self._group.rank != 0:
            return
        if self._unsaid:
            count = len(self._unsaid)
            figures = {
                "train/loss": sum(each.loss for each in self._unsaid) / count,
                "train/iou": sum(each.iou for each in self._unsaid) / count,
                "learning_rate": self._unsaid[-1].learning_rate,
                **figures,
            }
            self._unsaid.clear()
        self._progress.curve.append((step, figures))
        self._on_point(TrainingPoint(step, self._steps, figures))

    def _keep(self) -> None:
        self._kept_at = self._progress.seconds
        if self._group.rank != 0:
            return
        named = self._student.trainable()
        tensors: dict[str, Tensor] = {
            f"weights/{name}": parameter for name, parameter in named.items()
        }
        tensors |= {f"best/{name}": value for name, value in self._best.items()}
        tensors |= {f"average/{name}": value for name, value in self._learner.average.items()}
        tensors |= moments(self._learner.optimizer, named)
        self._checkpoints.keep(Checkpoint(self._progress, tensors))

    def _weights(self) -> dict[str, Tensor]:
        """A copy of what was trained so far."""
        return {name: value.cpu().clone() for name, value in self._learner.average.items()}

    def _finish(self) -> TrainingOutcome:
        with torch.no_grad():
            for name, parameter in self._student.trainable().items():
                parameter.copy_(self._best[name])
        return finish(
            self._plan,
            self._progress,
            self._student.plain(),
            objects=self._objects,
            figures_of=lambda model: self._validator.figures(model, self._check_wanted),
        )

    def _check_wanted(self) -> None:
        """Raises `StoppedError`."""
        if not self._wanted():
            raise StoppedError


def _marks(steps: int, validations: int) -> frozenset[int]:
    """The steps after which it is validated, evenly spread, the last of them at the end."""
    return frozenset(
        max(1, round(steps * part / validations)) for part in range(1, validations + 1)
    )


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
