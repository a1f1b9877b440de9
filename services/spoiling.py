"""One planted error after the other, made of annotations that are right."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from maskloop.platform.db.check_sources import Truth
from maskloop.platform.db.checks import NewCheck
from maskloop.platform.defects import spoil
from maskloop.platform.masks import Rle, iou_matrix, read_mask
from maskloop.platform.states import CheckKind, Defect

MOST_OF_ONE: Final = 5
"""Planted errors of one annotation; whoever meets it more often knows it."""
STILL_RIGHT: Final = 0.9
"""No planted mask is as near to the truth as this, but for a wrong category."""
ANOTHERS: Final = 0.7
"""Nor as near as this to a neighbour: it might be right, only of something else."""

_NEAREST: Final = 4
"""Neighbours that a merge is tried with."""

Box = tuple[int, int, int, int]
Shown = tuple[int, int, bytes]


class Spoiler:
    """Makes errors that differ from each other, and from those that are planted already.

    `neighbours`: the other objects of an annotation's image. `categories`: of the project, by id.
    `iou`: of a spoiled mask with the truth, as `platform.defects.spoil` has it.
    """

    def __init__(
        self,
        *,
        defects: Sequence[Defect],
        categories: Sequence[int],
        neighbours: Callable[[Truth], list[Rle]],
        iou: float,
        rng: np.random.Generator,
        planted: Sequence[NewCheck],
    ) -> None:
        self._defects = defects
        self._categories = categories
        self._neighbours = neighbours
        self._iou = iou
        self._rng = rng
        self._seen = {_shown(one) for one in planted}
        self._of_annotation = Counter(one.truth[0] for one in planted)
        self._of_defect: Counter[Defect] = Counter()

    def errors(self, truths: Sequence[Truth]) -> Iterator[NewCheck]:
        """One of each, then another of each, for as long as there are new ones."""
        left = list(truths)
        while left:
            fruitful = []
            for truth in left:
                found = self._error(truth)
                if found is not None:
                    fruitful.append(truth)
                    yield found
            left = fruitful

    def _error(self, truth: Truth) -> NewCheck | None:
        """With the defect that is rarest so far, of those that can be made of it."""
        if self._of_annotation[truth.annotation_id] >= MOST_OF_ONE:
            return None
        neighbours = self._neighbours(truth)
        for defect in sorted(self._defects, key=lambda one: self._of_defect[one]):
            found = self._spoiled(truth, neighbours, defect)
            if found is not None and _shown(found) not in self._seen:
                self._seen.add(_shown(found))
                self._of_annotation[truth.annotation_id] += 1
                self._of_defect[defect] += 1
                return found
        return None

    def _spoiled(self, truth: Truth, neighbours: list[Rle], defect: Defect) -> NewCheck | None:
        near = _nearest(truth.rle, neighbours) if defect is Defect.MERGED else []
        others = [rle.decode() for rle in near]
        mask = spoil(defect, truth.rle.decode(), others, iou=self._iou, rng=self._rng)
        if mask is None:
            return None
        rle = Rle.encode(mask)
        iou = float(iou_matrix([rle], [truth.rle])[0, 0])
        if defect is not Defect.WRONG_CATEGORY and not _is_wrong(rle, iou, neighbours):
            return None
        return NewCheck(
            kind=CheckKind.PLANTED,
            defect=defect,
            image_id=truth.image_id,
            truth=(truth.annotation_id, truth.revision),
            category_id=self._category(truth, defect),
            mask=read_mask(rle.counts, rle.size_hw),
            iou=iou,
            score=None,
        )

    def _category(self, truth: Truth, defect: Defect) -> int:
        if defect is not Defect.WRONG_CATEGORY:
            return truth.category_id
        others = [one for one in self._categories if one != truth.category_id]
        return others[self._rng.integers(len(others))]


def _nearest(truth: Rle, neighbours: list[Rle]) -> list[Rle]:
    """Those whose boxes are nearest: a merge takes one of them, and photographs are large."""
    box = _box(truth)
    return sorted(neighbours, key=lambda rle: _gap(box, _box(rle)))[:_NEAREST]


def _box(rle: Rle) -> Box:
    return read_mask(rle.counts, rle.size_hw).bbox_xywh


def _gap(one: Box, other: Box) -> int:
    """Pixels between two boxes, along the axis where they are farther apart."""
    return max(
        one[0] - other[0] - other[2],
        other[0] - one[0] - one[2],
        one[1] - other[1] - other[3],
        other[1] - one[1] - one[3],
    )


def _is_wrong(rle: Rle, iou: float, neighbours: list[Rle]) -> bool:
    return iou < STILL_RIGHT and not (iou_matrix([rle], neighbours) >= ANOTHERS).any()


def _shown(check: NewCheck) -> Shown:
    return check.truth[0], check.category_id, check.mask.rle.digest
