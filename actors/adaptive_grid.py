"""Which points of a grid are worth asking about: those where something new is to be expected.

Most points of a grid get an answer that a neighbour has given already. What a point will get is
written in the embedding at that point: two points with nearly the same vector lie on the same
thing, or on two of a kind. So points are asked in passes:

1. A coarse grid everywhere, every fourth point; then, by farthest point sampling, again and again
   the point that differs most from all asked points near it, until none differs by more than a
   threshold. This is settled before anything is decoded.
2. The points that were passed over although they are another of a kind: of the asked points near
   them that got a confident mask they resemble one, but do not lie in the smallest mask that it
   got. Repeated until there are none.

A small thing shows in the vector of the one point that lies on it, and that point is asked; a wall,
a sky or a road needs few. Of many alike things side by side, pebbles or coins, the first pass asks
a few and the second the others.
docs/decisions/0007 compares this with other rules: local contrast, the size of the masks that have
answered, chance.

Farthest point sampling: Eldar et al., IEEE Transactions on Image Processing 6 (9), 1997.
"""

import numpy as np
import numpy.typing as npt
import torch

from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.transforms import INPUT_SIDE, to_input_xy
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.prompts import MASK_SIDE

_COARSE_STEP = 4
"""Every fourth point of every fourth row is asked in any case."""
_NEAR = 6
"""Points a side that count as near: the same pattern far away may be another thing."""
_OF_A_KIND = 0.08
"""How much a point may differ from one that got a mask, and be another of its kind."""


class AdaptiveGrid:
    """The passes over a square `grid` (N, 2), row by row, in pixels of the embedding's image.

    Two points differ by 1 - cosine of their vectors, from 0 to 2.
    """

    def __init__(
        self,
        embedding: Embedding,
        grid: npt.NDArray[np.float64],
        parameters: GenerationParameters,
    ) -> None:
        side = round(len(grid) ** 0.5)
        self._parameters = parameters
        self._vectors = vectors_at(embedding, grid).reshape(side, side, -1)
        places = to_input_xy(grid, embedding.size_hw, embedding.resized_hw)
        nodes = (places * (MASK_SIDE / INPUT_SIDE)).astype(np.int64)
        self._columns, self._rows = nodes[:, 0], nodes[:, 1]
        self._asked = np.zeros((side, side), dtype=bool)
        self._from_asked = _Nearest(self._vectors)
        self._from_answered = _Nearest(self._vectors)
        """Those asked points that have a confident mask."""
        self._inside: dict[int, npt.NDArray[np.bool_]] = {}
        """Which points of the grid lie in the smallest confident mask of an answered point."""
        self._begun = False

    def next_points(self) -> npt.NDArray[np.intp]:
        """Indices, ascending, of the points of the next pass; none when all is asked."""
        before = self._asked.ravel().copy()
        if self._begun:
            for point in self._of_a_kind():
                self._ask(*divmod(int(point), len(self._asked)))
        else:
            self._begun = True
            self._ask_distinct()
        return np.flatnonzero(self._asked.ravel() & ~before)

    def hear(
        self,
        points: npt.NDArray[np.intp],
        logits: npt.NDArray[np.float32],
        predicted_iou: npt.NDArray[np.float32],
    ) -> None:
        """What asked `points` (B,) got: logits (B, M, 256, 256) and predicted IoU (B, M)."""
        confident = predicted_iou > self._parameters.pred_iou_thresh
        offset = self._parameters.stability_score_offset
        for row in np.flatnonzero(confident.any(axis=1)):
            masks = logits[row, confident[row]]
            inner = (masks > offset).sum(axis=(1, 2))
            outer = (masks > -offset).sum(axis=(1, 2))
            stable = inner >= self._parameters.stability_score_thresh * outer
            if stable.any():
                smallest = min(masks[stable], key=lambda mask: int((mask > 0).sum()))
                point = int(points[row])
                self._inside[point] = smallest[self._rows, self._columns] > 0
                self._from_answered.add(*divmod(point, len(self._asked)))

    def _ask_distinct(self) -> None:
        side = len(self._asked)
        start = min(_COARSE_STEP, side) // 2
        for row in range(start, side, _COARSE_STEP):
            for column in range(start, side, _COARSE_STEP):
                self._ask(row, column)
        while not self._asked.all():
            differs = np.where(self._asked, -1.0, self._from_asked.differs)
            row, column = divmod(int(differs.argmax()), side)
            if differs[row, column] <= self._parameters.embedding_distance_thresh:
                return
            self._ask(row, column)

    def _of_a_kind(self) -> list[int]:
        nearest = self._from_answered
        resembling = ~self._asked & (nearest.differs <= _OF_A_KIND)
        return [
            int(point)
            for point in np.flatnonzero(resembling)
            if not self._inside[int(nearest.which.flat[point])][point]
        ]

    def _ask(self, row: int, column: int) -> None:
        self._asked[row, column] = True
        self._from_asked.add(row, column)


class _Nearest:
    """For each point of a grid, the added point near it that it differs least from."""

    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        """`vectors`: (side, side, 256), of length 1."""
        self._vectors = vectors
        self.differs = np.full(vectors.shape[:2], np.inf)
        self.which = np.full(vectors.shape[:2], -1)

    def add(self, row: int, column: int) -> None:
        near = (
            slice(max(0, row - _NEAR), row + _NEAR + 1),
            slice(max(0, column - _NEAR), column + _NEAR + 1),
        )
        differs = 1 - self._vectors[near] @ self._vectors[row, column]
        less = differs < self.differs[near]
        self.differs[near][less] = differs[less]
        self.which[near][less] = row * len(self.which) + column


def vectors_at(embedding: Embedding, grid: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """(N, 256): the embedding at each point, interpolated, of length 1."""
    places = to_input_xy(grid, embedding.size_hw, embedding.resized_hw) * (2 / INPUT_SIDE) - 1
    features = embedding.features.float().cpu()[None]
    at = torch.nn.functional.grid_sample(
        features,
        torch.from_numpy(places)[None, None],
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    vectors: npt.NDArray[np.float32] = torch.nn.functional.normalize(at[0, :, 0], dim=0).T.numpy()
    return vectors
