"""A project whose annotations are frozen as training sets, and anna who draws them."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
from PIL import Image as Pil

from maskloop.platform.db import never_trained, training_sets
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.images import Image
from maskloop.platform.db.training_sets import SetItem, TrainingSet
from maskloop.platform.masks import Rle
from maskloop.platform.states import NeverTrained, Split
from maskloop.platform.training import SetRule
from maskloop.services import annotations
from maskloop.services import training_sets as sets
from maskloop.services.annotations import Editor, Submitted
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

TRAIN_ALL = SetRule(holdout_share=0, validation_share=0)
VAL_HELD_OUT = SetRule(holdout_sources=("*/val/*",), holdout_share=0, validation_share=0)


def picture(seed: int, side: int = 48) -> Pil.Image:
    """Soft stains, as no other seed has them; twice as wide as high."""
    coarse = np.random.default_rng(seed).integers(0, 255, (5, 10, 3), dtype=np.uint8)
    return Pil.fromarray(coarse).resize((2 * side, side), Pil.Resampling.BICUBIC)


def encoded(shown: Pil.Image, form: str = "PNG", **options: int) -> bytes:
    data = io.BytesIO()
    shown.save(data, form, **options)
    return data.getvalue()


def rectangle(size_hw: tuple[int, int], side: int) -> Rle:
    pixels = np.zeros(size_hw, dtype=np.bool_)
    pixels[2 : 2 + side, 3 : 3 + side] = True
    return Rle.encode(pixels)


@dataclass
class Room:
    """A project with the categories cat and dog, and anna who draws."""

    runtime: Runtime
    bench: "Bench"
    project_id: int
    anna: int
    cat: int
    dog: int

    def image(self, seed: int, source: str | None = None) -> Image:
        return self.file(encoded(picture(seed)), source or f"/train/{seed}.png")

    def file(self, data: bytes, source: str) -> Image:
        return self.bench.add_image(self.project_id, data, source)

    def draw(self, image: Image, *, side: int = 9, category: int | None = None) -> Annotation:
        return annotations.create(
            self.runtime,
            self.project_id,
            image.id,
            self.mask(image, side=side, category=category),
            author_id=self.anna,
        )

    def mask(self, image: Image, *, side: int = 9, category: int | None = None) -> Submitted:
        rle = rectangle((image.height, image.width), side)
        prompts = ({"points": [[5, 5, 1]]},)
        return Submitted(category or self.cat, rle.counts, prompts=prompts)

    def change(self, before: Annotation, submitted: Submitted) -> Annotation:
        return annotations.update(
            self.runtime,
            self.project_id,
            before.id,
            submitted,
            expected=before.revision,
            editor=Editor(self.anna, of_others=False),
        )

    def delete(self, before: Annotation) -> None:
        editor = Editor(self.anna, of_others=False)
        annotations.delete(
            self.runtime, self.project_id, before.id, expected=before.revision, editor=editor
        )

    def freeze(self, rule: SetRule = TRAIN_ALL, name: str | None = None) -> TrainingSet:
        return sets.freeze(self.runtime, self.project_id, rule, name=name, by=self.anna)

    def items(self, frozen: TrainingSet, *splits: Split) -> list[SetItem]:
        with self.runtime.engine.connect() as connection:
            wanted = splits or tuple(Split)
            return training_sets.items(connection, self.project_id, frozen.id, wanted)

    def chosen(self, rule: SetRule) -> list[int]:
        return [item.annotation_id for item in self.items(self.freeze(rule))]

    def mark(self, reason: NeverTrained, *marked: Annotation) -> None:
        with self.runtime.engine.begin() as connection:
            never_trained.mark(connection, self.project_id, [one.id for one in marked], reason)

    def execute(self, statement: str, **values: object) -> None:
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.text(statement), values)
