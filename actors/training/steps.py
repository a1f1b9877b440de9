"""One optimizer step: an image's objects are asked for in rounds, as a person would ask.

Source: Segment Anything (arXiv 2304.02643, appendix A). Each round's graph is freed before the next
one, which only sees logits without a history; memory is that of a single round.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from maskloop.actors.training.group import Group, average_gradients
from maskloop.actors.training.losses import iou, losses, unlike
from maskloop.actors.training.prompts import Asked, error_prompt
from maskloop.actors.training.replay import Answers
from maskloop.actors.training.student import Seen, Student
from maskloop.actors.training.truth import Mask, Truth
from maskloop.platform.errors import TrainingDivergedError
from maskloop.platform.training import Recipe

BETAS: Final = (0.9, 0.999)
LARGEST_GRADIENT: Final = 0.1
"""Norm, as in the training of SAM 2 (arXiv 2408.00714): steps of few objects vary much."""


AVERAGE_DECAY: Final = 0.98
"""Some fifty steps count."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """An image, the truth of its objects, their first prompts, and randomness for the next ones."""

    seen: Seen
    truth: Truth
    asked: Sequence[Asked]
    rng: np.random.Generator


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """An image, and what the parent answers on it; `valid` (256, 256)."""

    seen: Seen
    answers: Sequence[Answers]
    valid: Mask


@dataclass(frozen=True)
class Learned:
    """Means over rounds and objects; `iou` of the masks that a person would have been shown, with
    the truth or, in a rehearsal, with the parent's."""

    loss: float
    iou: float
    learning_rate: float


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine down to zero."""
    warm = min(recipe.warmup_steps, steps // 2)
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


class Learner:
    """A student with its optimizer."""

    def __init__(self, student: Student, recipe: Recipe, group: Group) -> None:
        self.student = student
        self._recipe = recipe
        self._group = group
        self._parameters = list(student.trainable().values())
        self.optimism = 0.0
        """What the parent's scores are above the actual IoU on what is learned from."""
        self.average = {k: p.detach().clone() for k, p in student.trainable().items()}
        """Of the weights after the latest steps: a step of few objects goes to and fro, the mean of
        many does not (arXiv 1803.05407)."""
        self.optimizer = torch.optim.AdamW(
            self._parameters,
            lr=recipe.learning_rate,
            betas=BETAS,
            weight_decay=recipe.weight_decay,
            foreach=False,
        )

    def learn(self, lesson: Lesson | Rehearsal | None, step: int, steps: int) -> Learned:
        """`steps` are planned in all. Of a group each member has its own lesson, or none.

        Raises `TrainingDivergedError`.
        """
        rate = learning_rate(self._recipe, step, steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss, iou = self._gradients(lesson)
        told = self._group.mean(torch.tensor([loss, iou], device=self.student.device)).tolist()
        if not math.isfinite(told[0]):
            raise TrainingDivergedError(step + 1, rate)
        average_gradients(self._group, self._parameters)
        torch.nn.utils.clip_grad_norm_(self._parameters, LARGEST_GRADIENT, foreach=False)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = rate
        self.optimizer.step()
        self._follow(step)
        return Learned(told[0], told[1], rate)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside the block the student has the average weights."""
        named = self.student.trainable()
        kept = {name: parameter.detach().clone() for name, parameter in named.items()}
        self._put(self.average)
        try:
            yield
        finally:
            self._put(kept)

    def _put(self, weights: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.student.trainable().items():
                parameter.copy_(weights[name])

    def _follow(self, step: int) -> None:
        """At first the plain mean of the steps so far."""
        newest = max(1 - AVERAGE_DECAY, 1 / (step + 1))
        with torch.no_grad():
            for name, parameter in self.student.trainable().items():
                self.average[name].lerp_(parameter, newest)

    def _gradients(self, lesson: Lesson | Rehearsal | None) -> tuple[float, float]:
        if lesson is None:
            return 0.0, 0.0
        encoded = self.student.features(lesson.seen)
        adapted = encoded.requires_grad
        # All rounds share the encoder's work: their gradients meet here.
        features = encoded.detach().requires_grad_(adapted)
        if isinstance(lesson, Rehearsal):
            told = self._rehearsed(features, lesson)
        else:
            told = self._taught(features, lesson)
        if adapted:
            torch.autograd.backward(encoded, features.grad)
        return told

    def _taught(self, features: Tensor, lesson: Lesson) -> tuple[float, float]:
        loss = iou = 0.0
        for alike in _alike(lesson.asked):
            told = self._rounds(features, lesson, alike)
            loss, iou = loss + told[0], iou + told[1]
        count = len(lesson.asked) * self._recipe.rounds
        return loss / count, iou / count

    def optimism_of(self, lesson: Lesson) -> list[float]:
        """How far the best score of each object's first answers lies above that mask's IoU."""
        valid = torch.from_numpy(lesson.truth.valid).to(self.student.device)
        found: list[float] = []
        with torch.no_grad():
            features = self.student.features(lesson.seen)
            for alike in _alike(lesson.asked):
                asked = [lesson.asked[i] for i in alike]
                logits, predicted = self.student.answer(features, asked)
                inside = torch.from_numpy(lesson.truth.inside[alike]).to(self.student.device)
                in_play = slice(1, None) if asked[0].ambiguous else slice(0, 1)
                scores, best = predicted[:, in_play].max(dim=1, keepdim=True)
                actual = iou(logits[:, in_play], inside[:, None], valid).gather(1, best)
                found += (scores - actual)[:, 0].tolist()
        return found

    def _rehearsed(self, features: Tensor, rehearsal: Rehearsal) -> tuple[float, float]:
        valid = torch.from_numpy(rehearsal.valid).to(self.student.device)
        count = sum(len(answers.asked) for answers in rehearsal.answers)
        loss = agreement = 0.0
        for answers in rehearsal.answers:
            logits, predicted = self.student.answer(features, list(answers.asked))
            total = unlike(
                logits,
                predicted,
                of=answers.logits,
                scores=answers.predicted_iou,
                valid=valid,
            ).sum()
            torch.autograd.backward(total / count)
            best = answers.predicted_iou[:, 1:].argmax(dim=1, keepdim=True)
            found = iou(logits.detach()[:, 1:], answers.logits[:, 1:] > 0, valid)
            loss, agreement = (
                loss + float(total.detach()),
                agreement + float(found.gather(1, best).sum()),
            )
        return loss / count, agreement / count

    def _rounds(self, features: Tensor, lesson: Lesson, of: list[int]) -> tuple[float, float]:
        """Sums over rounds and the objects `of`, whose prompts have one shape."""
        covered = torch.from_numpy(lesson.truth.covered[of]).to(self.student.device)
        inside_there = lesson.truth.inside[of]
        inside = torch.from_numpy(inside_there).to(self.student.device)
        valid = torch.from_numpy(lesson.truth.valid).to(self.student.device)
        asked, fed_back = [lesson.asked[i] for i in of], None
        loss = iou = 0.0
        last_with_point = self._recipe.rounds - self._recipe.rounds_without_point
        for number in range(self._recipe.rounds):
            if fed_back is not None and number < last_with_point:
                answered = ((fed_back > 0) & valid).cpu().numpy()
                asked = [
                    each.and_point(*error_prompt(a, t, lesson.rng))
                    for each, a, t in zip(asked, answered, inside_there, strict=True)
                ]
            logits, predicted = self.student.answer(features, asked, fed_back)
            found = losses(
                logits,
                predicted,
                covered=covered,
                inside=inside,
                valid=valid,
                ambiguous=asked[0].ambiguous,
                optimism=self.optimism,
            )
            total = found.total.sum()
            torch.autograd.backward(total / (len(lesson.asked) * self._recipe.rounds))
            loss, iou = loss + float(total.detach()), iou + float(found.iou.sum())
            fed_back = logits.detach()[torch.arange(len(of), device=logits.device), found.chosen]
        return loss, iou


def _alike(asked: Sequence[Asked]) -> list[list[int]]:
    """Indices of prompts of one shape; they stay alike, since each gets one point a round."""
    found: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for i, each in enumerate(asked):
        found[each.shape].append(i)
    return list(found.values())
