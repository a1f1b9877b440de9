"""Which points of a grid are worth asking about: those where the embedding says something new.

Most points of a grid get an answer that a neighbour has given already. What a point will get is
written in the embedding at that point: two points with nearly the same vector lie on the same
thing. So the grid is thinned before anything is decoded, by farthest point sampling: first a coarse
grid everywhere, every fourth point; then again and again the point that differs most from all asked
points near it, until none differs by more than a threshold.

A small thing shows in the vector of the one point that lies on it, and that point is asked; a wall,
a sky or a road needs few. docs/decisions/0007 compares this with other rules: local contrast, the
size of the masks that have answered, chance.

Farthest point sampling: Eldar et al., IEEE Transactions on Image Processing 6 (9), 1997.
"""

import numpy as np
import numpy.typing as npt
import torch

from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.transforms import INPUT_SIDE, to_input_xy

_COARSE_STEP = 4
"""Every fourth point of every fourth row is asked in any case."""
_NEAR = 6
"""Points a side that count as near: the same pattern far away may be another thing."""


def distinct_points(
    embedding: Embedding, grid: npt.NDArray[np.float64], distance_thresh: float
) -> npt.NDArray[np.intp]:
    """Indices, ascending, of the points to ask among a square `grid` (N, 2), row by row.

    `grid` is in pixels of the embedding's image. Two points differ by 1 - cosine of their vectors,
    from 0 to 2; at a threshold of 0 every point is asked whose vector is not another's.
    """
    side = round(len(grid) ** 0.5)
    vectors = vectors_at(embedding, grid).reshape(side, side, -1)
    rest = np.full((side, side), np.inf)
    asked = np.zeros((side, side), dtype=bool)
    start = min(_COARSE_STEP, side) // 2
    for row in range(start, side, _COARSE_STEP):
        for column in range(start, side, _COARSE_STEP):
            _ask(row, column, vectors, rest, asked)
    while not asked.all():
        row, column = divmod(int(np.where(asked, -1.0, rest).argmax()), side)
        if rest[row, column] <= distance_thresh:
            break
        _ask(row, column, vectors, rest, asked)
    return np.flatnonzero(asked)


def _ask(
    row: int,
    column: int,
    vectors: npt.NDArray[np.float32],
    rest: npt.NDArray[np.float64],
    asked: npt.NDArray[np.bool_],
) -> None:
    """`rest`: how much each point differs from the asked points near it."""
    asked[row, column] = True
    near = (
        slice(max(0, row - _NEAR), row + _NEAR + 1),
        slice(max(0, column - _NEAR), column + _NEAR + 1),
    )
    rest[near] = np.minimum(rest[near], 1 - vectors[near] @ vectors[row, column])


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
