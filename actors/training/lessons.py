"""A task becomes a lesson: read in a thread, and where it is a replay, asked of the parent."""

from dataclasses import dataclass

import numpy as np

from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.transforms import input_tensor
from maskloop.actors.training.data import Task
from maskloop.actors.training.images import Images, KnownImage
from maskloop.actors.training.prompts import Asked, first_prompt, recorded_prompt
from maskloop.actors.training.replay import remembered
from maskloop.actors.training.steps import Lesson, Rehearsal
from maskloop.actors.training.student import Seen, Student
from maskloop.actors.training.truth import Mask, Truth, coverage, valid_cells
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.training import Recipe


@dataclass(frozen=True, eq=False)
class Read:
    """What the thread found. `embedding` is the parent's view, for replays."""

    task: Task
    seen: Seen
    rng: np.random.Generator
    embedding: Embedding | None = None
    truth: Truth | None = None
    asked: tuple[Asked, ...] = ()


class Lessons:
    """Of one worker. `parent` answers replays."""

    def __init__(self, images: Images, parent: Student, recipe: Recipe) -> None:
        self._images = images
        self._parent = parent
        self._recipe = recipe

    def read(self, task: Task) -> Read:
        """Does not touch the models; fit for another thread."""
        rng = task.generator(self._recipe.seed)
        seen = see(self._images, task.image, pixels=self._recipe.lora_rank > 0)
        if not task.items:
            return Read(task, seen, rng, self._images.embedding(task.image))
        masks = [(item, item.rle.decode()) for item in task.items]
        drawn = [(item, mask) for item, mask in masks if mask.any()]
        covered = [coverage(mask) for _, mask in drawn]
        truth = Truth(np.stack(covered), valid_cells(seen.size_hw)) if covered else None
        return Read(
            task,
            seen,
            rng,
            truth=truth,
            asked=tuple(self._first(item, mask, rng) for item, mask in drawn),
        )

    def _first(self, item: ManifestItem, mask: Mask, rng: np.random.Generator) -> Asked:
        recorded = None
        if rng.random() < self._recipe.recorded_share:
            recorded = recorded_prompt(item.prompts, mask)
        return recorded or first_prompt(mask, rng)

    def lesson(self, read: Read) -> Lesson | Rehearsal | None:
        """None where there is nothing to learn: no mask has a pixel."""
        if read.embedding is not None:
            return self._replay(read, read.embedding)
        if read.truth is None:
            return None
        return Lesson(read.seen, read.truth, read.asked, read.rng)

    def _replay(self, read: Read, embedding: Embedding) -> Rehearsal:
        answers = remembered(
            self._parent,
            embedding.features.to(self._parent.device)[None],
            embedding.size_hw,
            most=self._recipe.objects_per_step,
            rng=read.rng,
        )
        return Rehearsal(read.seen, answers, valid_cells(embedding.size_hw))


def see(images: Images, image: KnownImage, *, pixels: bool) -> Seen:
    """An image's stored embedding; its `pixels` where the encoder is trained."""
    if not pixels:
        embedding = images.embedding(image)
        return Seen(embedding.features, None, embedding.size_hw)
    raw = images.pixels(image)
    return Seen(None, input_tensor(raw), (raw.shape[0], raw.shape[1]))
