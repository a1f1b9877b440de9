"""How good a model is on the validation side, and how far it still agrees with its parent.

Prompts are fixed: a click at the maximum of the distance transform, and the object's box, as in the
evaluation (SAM's protocol, arXiv 2304.02643, section 7). Masks are compared on a grid of 512 cells,
which tells boundaries apart better than the decoder's own grid and costs far less than all pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor

from maskloop.actors.sam.transforms import resized_hw, to_input_xy
from maskloop.actors.training.ahead import ahead
from maskloop.actors.training.data import LabeledImage, generator
from maskloop.actors.training.images import Images, KnownImage
from maskloop.actors.training.lessons import see
from maskloop.actors.training.losses import iou
from maskloop.actors.training.prompts import Asked, Box, Xy, mask_box
from maskloop.actors.training.replay import confident_answers
from maskloop.actors.training.student import Seen, Student
from maskloop.actors.training.truth import Mask, coverage, inside, valid_cells
from maskloop.platform.prompts import POSITIVE

SIDE: Final = 512
LEAST_PREDICTED_IOU: Final = 0.8
"""Of agreement: below, the parent itself does not think much of its mask."""
MOST_OBJECTS: Final = 256
"""A fixed choice of them, the same at every validation."""
_POINTS_A_SIDE: Final = 3
"""Of the grid on which agreement is asked."""


@dataclass(frozen=True)
class Figures:
    """Means from 0 to 1; None where there is nothing to measure on."""

    one_click: float | None = None
    best_of_three: float | None = None
    box: float | None = None
    replay: float | None = None
    """IoU with the parent's mask, where the parent is sure of it."""

    @property
    def score(self) -> float | None:
        """What is made as large as possible."""
        if self.one_click is None or self.best_of_three is None or self.box is None:
            return None
        return fmean((self.one_click, self.best_of_three, self.box))

    def named(self, prefix: str) -> dict[str, float]:
        """`prefix`/one_click and so on; without what was not measured."""
        return {f"{prefix}/{name}": v for name, v in asdict(self).items() if v is not None}


@dataclass(frozen=True, eq=False)
class _Questions:
    """Of one image, made once. `packed`: bits of (B, SIDE, SIDE)."""

    clicks: tuple[Xy, ...]
    boxes: tuple[Box, ...]
    packed: np.ndarray
    valid: Mask

    @property
    def truth(self) -> Mask:
        bits = np.unpackbits(self.packed, axis=-1, count=SIDE)
        return bits.astype(np.bool_)


class Validator:
    """Over the same objects and images each time."""

    def __init__(
        self,
        images: Images,
        labeled: Sequence[LabeledImage],
        replayed: Sequence[KnownImage],
        *,
        parent: Student,
        pixels: bool,
    ) -> None:
        self._images = images
        self._labeled = _some(labeled)
        self._replayed = replayed
        self._parent = parent
        self._pixels = pixels
        self._questions: dict[bytes, _Questions] = {}
        self._agreed: dict[bytes, tuple[list[Xy], Mask]] = {}

    def prepare(self, between: Callable[[], None] = lambda: None) -> None:
        """Make what is the same at every validation; `between` as for `figures`."""
        for labeled in self._labeled:
            between()
            self._asked(labeled)
        for image in self._replayed:
            between()
            self._parents(image)

    def figures(self, model: Student, between: Callable[[], None] = lambda: None) -> Figures:
        """`between` is called between two images, and may raise."""
        found: list[tuple[float, float, float]] = []
        read = ahead(self._labeled, lambda each: (self._asked(each), self._see(each.image)))
        for questions, seen in read:
            between()
            if questions.clicks:
                with torch.inference_mode():
                    found += _scores(model, model.features(seen), questions)
        replay: list[float] = []
        for image, seen in ahead(self._replayed, lambda each: (each, self._see(each))):
            between()
            replay += self._agreement(model, image, seen)
        one, three, box = (
            tuple(map(fmean, zip(*found, strict=True))) if found else (None, None, None)
        )
        return Figures(one, three, box, fmean(replay) if replay else None)

    def _see(self, image: KnownImage) -> Seen:
        return see(self._images, image, pixels=self._pixels)

    def _asked(self, labeled: LabeledImage) -> _Questions:
        known = self._questions.get(labeled.image.sha256)
        if known is None:
            known = _questions([item.rle.decode() for item in labeled.items])
            self._questions[labeled.image.sha256] = known
        return known

    def _agreement(self, model: Student, image: KnownImage, seen: Seen) -> list[float]:
        points, masks = self._parents(image)
        if not points:
            return []
        with torch.inference_mode():
            answered, _ = confident_answers(model, model.features(seen), points)
        both = (answered & masks).sum(axis=(1, 2))
        either = (answered | masks).sum(axis=(1, 2))
        return [float(value) for value in both / np.maximum(either, 1)]

    def _parents(self, image: KnownImage) -> tuple[list[Xy], Mask]:
        known = self._agreed.get(image.sha256)
        if known is None:
            embedding = self._images.embedding(image)
            height, width = resized_hw(embedding.size_hw)
            shares = (np.arange(_POINTS_A_SIDE) + 0.5) / _POINTS_A_SIDE
            points = [(float(x * width), float(y * height)) for y in shares for x in shares]
            features = embedding.features.to(self._parent.device)[None]
            masks, scores = confident_answers(self._parent, features, points)
            sure = (scores >= LEAST_PREDICTED_IOU) & masks.any(axis=(1, 2))
            known = [xy for xy, is_sure in zip(points, sure, strict=True) if is_sure], masks[sure]
            self._agreed[image.sha256] = known
        return known


def centre(mask: Mask) -> Xy:
    """(x, y) in pixels of the mask: farthest from its boundary; the image's edge is one."""
    padded = np.pad(mask, 1).astype(np.uint8)
    distances = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    row, column = divmod(int(distances.argmax()), mask.shape[1])
    return float(column), float(row)


def _some(labeled: Sequence[LabeledImage]) -> list[LabeledImage]:
    """At most `MOST_OBJECTS`, by what has nothing to do with the model."""
    items = [item for image in labeled for item in image.items]
    rank = {i.annotation_id: generator(0, "validation", i.annotation_id).random() for i in items}
    kept = set(sorted(rank, key=rank.__getitem__)[:MOST_OBJECTS])
    found = [
        LabeledImage(each.image, tuple(i for i in each.items if i.annotation_id in kept))
        for each in labeled
    ]
    return [each for each in found if each.items]


def _questions(masks: Sequence[Mask]) -> _Questions:
    masks = [mask for mask in masks if mask.any()]
    if not masks:
        return _Questions((), (), np.zeros((0, SIDE, SIDE // 8), np.uint8), np.zeros(0, np.bool_))
    size_hw = masks[0].shape[0], masks[0].shape[1]
    centres = to_input_xy([centre(mask) for mask in masks], size_hw, resized_hw(size_hw))
    truth = np.stack([inside(coverage(mask, SIDE)) for mask in masks])
    return _Questions(
        tuple((float(x), float(y)) for x, y in centres),
        tuple(mask_box(mask) for mask in masks),
        np.packbits(truth, axis=-1),
        valid_cells(size_hw, SIDE),
    )


def _scores(
    model: Student, features: Tensor, questions: _Questions
) -> list[tuple[float, float, float]]:
    """one_click, best_of_three and box of each object."""
    truth = torch.from_numpy(questions.truth).to(model.device)
    valid = torch.from_numpy(questions.valid).to(model.device)
    clicks = [Asked((xy,), (POSITIVE,)) for xy in questions.clicks]
    of_click, best_click = _ious(model, features, clicks, truth, valid)
    boxes = [Asked(box_xyxy=box) for box in questions.boxes]
    of_box, best_box = _ious(model, features, boxes, truth, valid)
    rows = torch.arange(len(truth), device=model.device)
    columns = (of_click[rows, best_click], of_click.max(dim=1).values, of_box[rows, best_box])
    return [tuple(row) for row in torch.stack(columns, dim=1).tolist()]


def _ious(
    model: Student, features: Tensor, asked: list[Asked], truth: Tensor, valid: Tensor
) -> tuple[Tensor, Tensor]:
    """(B, 3) of the three masks, and which the model thinks best, (B,)."""
    logits, predicted = model.answer(features, asked)
    rows = [
        iou(_finer(each[None, 1:]), inside[None, None], valid)
        for each, inside in zip(logits, truth, strict=True)
    ]
    return torch.cat(rows), predicted[:, 1:].argmax(dim=1)


def _finer(logits: Tensor) -> Tensor:
    return torch.nn.functional.interpolate(
        logits, (SIDE, SIDE), mode="bilinear", align_corners=False
    )
