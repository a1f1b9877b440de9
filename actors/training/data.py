"""The steps of a training: which image, which of its objects, in which order.

Everything random is a pure function of the recipe's seed and of what it is for, so that a step is
the same whether it comes first or after a resumption, and no generator's state needs keeping.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from maskloop.actors.training.images import KnownImage
from maskloop.platform.errors import EmptyTrainingSetError
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.states import Split
from maskloop.platform.training import Recipe


@dataclass(frozen=True)
class LabeledImage:
    """An image and what people drew on it, in the manifest's order."""

    image: KnownImage
    items: tuple[ManifestItem, ...]


@dataclass(frozen=True)
class Task:
    """One step's work for one worker. Without `items` it is a replay of the parent's answers."""

    number: int
    """Of the step, from 0."""
    epoch: int
    image: KnownImage
    items: tuple[ManifestItem, ...] = ()

    def generator(self, seed: int) -> np.random.Generator:
        ids = ",".join(str(item.annotation_id) for item in self.items)
        return generator(seed, self.epoch, self.number, self.image.sha256.hex(), ids)


def generator(seed: int, *purpose: object) -> np.random.Generator:
    """Random numbers for one purpose, independent of those for any other."""
    told = "\n".join(map(str, (seed, *purpose))).encode()
    return np.random.default_rng(np.frombuffer(hashlib.sha256(told).digest(), dtype=np.uint32))


def labeled_images(items: Sequence[ManifestItem], split: Split) -> list[LabeledImage]:
    """By the images' digests, so that the manifest's order decides nothing between images."""
    found: dict[str, list[ManifestItem]] = defaultdict(list)
    for item in items:
        if item.split is split:
            found[item.image_sha256].append(item)
    return [
        LabeledImage(_image_of(found[digest][0]), tuple(found[digest])) for digest in sorted(found)
    ]


def _image_of(item: ManifestItem) -> KnownImage:
    return KnownImage(bytes.fromhex(item.image_sha256), item.image_key, item.source)


class Schedule:
    """All steps of a training, `workers` tasks a step. Raises `EmptyTrainingSetError`."""

    def __init__(
        self,
        images: Sequence[LabeledImage],
        replayed: Sequence[KnownImage],
        recipe: Recipe,
        *,
        workers: int = 1,
    ) -> None:
        if not images:
            raise EmptyTrainingSetError("train on", "none of its annotations is on the train side")
        self._images = images
        self._replayed = replayed
        self._recipe = recipe
        self._workers = workers
        most = recipe.objects_per_step
        self._learned = sum(-(-len(image.items) // most) for image in images)
        share = min(recipe.replay_share, 0.95) if replayed else 0.0
        self._kept = round(self._learned * share / (1 - share))
        self.steps_per_epoch = -(-(self._learned + self._kept) // workers)

    @property
    def steps(self) -> int:
        return self.steps_per_epoch * self._recipe.epochs

    def tasks(self, start: int, *, rank: int = 0) -> Iterator[Task]:
        """The worker's tasks from step `start` to the end."""
        for epoch in range(start // self.steps_per_epoch, self._recipe.epochs):
            begin = epoch * self.steps_per_epoch
            order = self._order(epoch)
            for step in range(max(0, start - begin), self.steps_per_epoch):
                # The last step of an epoch takes from its beginning what it lacks.
                image, items = order[(step * self._workers + rank) % len(order)]
                yield Task(begin + step, epoch, image, items)

    def _order(self, epoch: int) -> list[tuple[KnownImage, tuple[ManifestItem, ...]]]:
        """Every object once, and the replays among them."""
        rng = generator(self._recipe.seed, "order", epoch)
        work = [part for image in self._images for part in self._parts(image, epoch)]
        # Replayed images go round from epoch to epoch.
        first = epoch * self._kept
        again = [self._replayed[(first + i) % len(self._replayed)] for i in range(self._kept)]
        work += [(image, ()) for image in again]
        return [work[i] for i in rng.permutation(len(work))]

    def _parts(
        self, labeled: LabeledImage, epoch: int
    ) -> list[tuple[KnownImage, tuple[ManifestItem, ...]]]:
        rng = generator(self._recipe.seed, "parts", epoch, labeled.image.sha256.hex())
        mixed = [labeled.items[i] for i in rng.permutation(len(labeled.items))]
        most = self._recipe.objects_per_step
        starts = range(0, len(mixed), most)
        return [(labeled.image, tuple(mixed[at : at + most])) for at in starts]
