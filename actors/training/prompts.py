"""Prompts as people would give them, and as people gave them; all in pixels of the 1024² input.

Source: Segment Anything (arXiv 2304.02643, appendix A). Every choice comes from the caller's
generator, so that a step asks the same whenever it is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from maskloop.actors.sam.transforms import INPUT_SIDE, resized_hw, to_input_xy
from maskloop.actors.training.truth import Mask
from maskloop.platform.prompts import MASK_SIDE, NEGATIVE, POSITIVE

BOX_NOISE_SHARE: Final = 0.1
"""Standard deviation of a box corner's noise, of the box's side."""
BOX_NOISE_MOST: Final = 20.0
_CELL: Final = INPUT_SIDE // MASK_SIDE
_CONTRADICTION: Final = 2
"""Pixels of the original that a positive click may lie beside the mask and still mean it."""

Xy = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Asked:
    """One object's prompts, in order."""

    points_xy: tuple[Xy, ...] = ()
    labels: tuple[int, ...] = ()
    box_xyxy: Box | None = None

    @property
    def shape(self) -> tuple[int, bool]:
        """Prompts of one shape are decoded together: padding would make other prompts of them."""
        return len(self.points_xy), self.box_xyxy is not None

    @property
    def ambiguous(self) -> bool:
        """Whether three masks answer: for a single point or a box alone, as the official decoder
        decides."""
        return len(self.points_xy) + (self.box_xyxy is not None) == 1

    def and_point(self, xy: Xy, label: int) -> "Asked":
        return replace(self, points_xy=(*self.points_xy, xy), labels=(*self.labels, label))


def first_prompt(mask: Mask, rng: np.random.Generator) -> Asked:
    """A point of the mask, (H, W) of the original, or its box with noise, equally often."""
    if rng.random() < 0.5:
        return Asked((_random_point(mask, rng),), (POSITIVE,))
    return Asked(box_xyxy=noisy_box(mask_box(mask), resized_hw(_size(mask)), rng))


def mask_box(mask: Mask) -> Box:
    """Outer edges of the mask's outermost pixels, in the input."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    corners = [(columns[0], rows[0]), (columns[-1] + 1, rows[-1] + 1)]
    return _box(_to_input(corners, _size(mask)))


def noisy_box(box: Box, resized: tuple[int, int], rng: np.random.Generator) -> Box:
    """Each corner moves by noise of a tenth of the side, at most 20 pixels, and stays inside."""
    low, high = np.array(box[:2]), np.array(box[2:])
    side = high - low
    noise = rng.normal(size=(2, 2)) * BOX_NOISE_SHARE * side
    noise = noise.clip(-BOX_NOISE_MOST, BOX_NOISE_MOST)
    most = np.array([resized[1], resized[0]], dtype=np.float64)
    moved = np.sort(np.stack([low, high]) + noise, axis=0).clip(0, most)
    return _box(moved)


def error_prompt(answered: Mask, inside: Mask, rng: np.random.Generator) -> tuple[Xy, int]:
    """A point of what is wrong between two masks on the decoder's grid, and its label.

    Where nothing is wrong it is a positive point of the object. Neither mask reaches into the
    padding.
    """
    wrong = np.flatnonzero(answered != inside)
    places = wrong if len(wrong) else np.flatnonzero(inside)
    place = int(places[rng.integers(len(places))]) if len(places) else 0
    row, column = divmod(place, inside.shape[1])
    x, y = (_CELL * (cell + rng.random()) - 0.5 for cell in (column, row))
    label = POSITIVE if inside[row, column] or not len(places) else NEGATIVE
    return (max(0.0, float(x)), max(0.0, float(y))), label


def recorded_prompt(prompts: Sequence[Mapping[str, Any]], mask: Mask) -> Asked | None:
    """The first question that a person asked for this mask; None where there is none that fits.

    A positive click that lies off the mask asked for something else.
    """
    for prompt in prompts:
        points, box = prompt.get("points") or [], prompt.get("box")
        if (points or box) and all(_means(mask, *point) for point in points):
            size_hw = _size(mask)
            return Asked(
                tuple(_xy(at) for at in _to_input([p[:2] for p in points], size_hw)),
                tuple(int(label) for _, _, label in points),
                None if box is None else _box(_to_input(np.reshape(box, (2, 2)), size_hw)),
            )
    return None


def _means(mask: Mask, x: float, y: float, label: int) -> bool:
    if label != POSITIVE:
        return True
    reach = _CONTRADICTION
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    return bool(mask[top : int(y) + reach + 1, left : int(x) + reach + 1].any())


def _random_point(mask: Mask, rng: np.random.Generator) -> Xy:
    places = np.flatnonzero(mask)
    row, column = divmod(int(places[rng.integers(len(places))]), mask.shape[1])
    return _xy(_to_input([(column, row)], _size(mask))[0])


def _to_input(points_xy: npt.ArrayLike, size_hw: tuple[int, int]) -> npt.NDArray[np.float32]:
    points = np.reshape(np.asarray(points_xy, dtype=np.float64), (-1, 2))
    return to_input_xy(points, size_hw, resized_hw(size_hw))


def _size(mask: Mask) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]


def _xy(place: npt.NDArray[np.floating]) -> Xy:
    return float(place[0]), float(place[1])


def _box(corners: npt.NDArray[np.floating]) -> Box:
    (x1, y1), (x2, y2) = corners.tolist()
    return float(x1), float(y1), float(x2), float(y2)
