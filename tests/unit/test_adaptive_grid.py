"""Which points adaptive mode asks."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from maskloop.actors.adaptive_grid import AdaptiveGrid
from maskloop.actors.crops import grid_xy
from maskloop.actors.sam.embedding import Embedding
from maskloop.platform.generation import GenerationParameters

SIZE = (1024, 1024)
GRID = grid_xy(32, SIZE)


def embedding_of(features: torch.Tensor) -> Embedding:
    return Embedding(features, SIZE, SIZE, "none")


def plain() -> torch.Tensor:
    features = torch.zeros(256, 64, 64)
    features[0] = 1
    return features


def adaptive(features: torch.Tensor, thresh: float = 0.08) -> AdaptiveGrid:
    parameters = GenerationParameters(embedding_distance_thresh=thresh)
    return AdaptiveGrid(embedding_of(features), GRID, parameters)


def asked(features: torch.Tensor, thresh: float) -> npt.NDArray[np.bool_]:
    points = np.zeros(1024, dtype=bool)
    points[adaptive(features, thresh).next_points()] = True
    return points.reshape(32, 32)


def test_where_all_is_alike_only_the_coarse_grid_is_asked() -> None:
    points = asked(plain(), 0.08)
    assert points.sum() == 64
    assert points[2::4, 2::4].all()


def test_a_small_thing_off_the_coarse_grid_is_asked() -> None:
    features = plain()
    features[:, 10:12, 18:20] = 0
    features[1, 10:12, 18:20] = 1  # around the point of row 5, column 9
    points = asked(features, 0.08)
    assert points[5, 9]
    assert points.sum() < 64 + 12


def test_two_things_far_apart_are_asked_both_even_if_alike() -> None:
    features = plain()
    for column in (2, 50):
        features[:, 2:4, column : column + 2] = 0
        features[1, 2:4, column : column + 2] = 1
    points = asked(features, 0.08)
    assert points[1, 1]
    assert points[1, 25]


def test_a_higher_threshold_asks_a_part_of_the_points() -> None:
    features = torch.randn(256, 64, 64, generator=torch.Generator().manual_seed(1))
    strict, loose, every = (asked(features, thresh) for thresh in (0.9, 0.5, 0.0))
    assert strict.sum() < loose.sum() <= every.sum() == 1024
    assert not (strict & ~loose).any()


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_a_grid_of_few_points_has_some_asked(side: int) -> None:
    grid = grid_xy(side, (30, 1000))
    embedding = Embedding(plain(), (30, 1000), (31, 1024), "none")
    points = AdaptiveGrid(embedding, grid, GenerationParameters()).next_points()
    assert 1 <= len(points) <= side**2


def hear(grid: AdaptiveGrid, points: npt.NDArray[np.intp], iou: float) -> None:
    """Each of the points gets one mask, which is the left half of the image."""
    logits = np.full((len(points), 1, 256, 256), -9, np.float32)
    logits[..., :128] = 9
    grid.hear(points, logits, np.full((len(points), 1), iou, np.float32))


def test_points_like_an_asked_one_but_outside_its_masks_are_asked_next() -> None:
    grid = adaptive(plain())
    hear(grid, grid.next_points(), 0.9)
    second = np.zeros(1024, dtype=bool)
    second[grid.next_points()] = True
    second = second.reshape(32, 32)
    # In the right half all that the coarse grid left out; in the left half all is explained.
    assert not second[:, :16].any()
    coarse = np.zeros((32, 32), dtype=bool)
    coarse[2::4, 2::4] = True
    assert (second[:, 16:] == ~coarse[:, 16:]).all()
    assert len(grid.next_points()) == 0


def test_a_point_whose_like_got_no_confident_mask_is_not_asked() -> None:
    grid = adaptive(plain())
    hear(grid, grid.next_points(), 0.5)
    assert len(grid.next_points()) == 0


def test_a_point_in_a_large_mask_of_its_like_but_not_in_the_smallest_is_asked() -> None:
    grid = adaptive(plain())
    points = grid.next_points()
    logits = np.full((len(points), 2, 256, 256), -9, np.float32)
    logits[:, 0] = 9
    logits[:, 1, :, :128] = 9
    grid.hear(points, logits, np.full((len(points), 2), 0.9, np.float32))
    columns = grid.next_points() % 32
    assert columns.min() == 16


def test_a_point_is_compared_with_the_like_that_got_a_mask_and_not_with_the_nearest() -> None:
    features = plain()
    features[1, :, 32:] = 0.05  # hardly another thing
    grid = adaptive(features)
    points = grid.next_points()
    left = points % 32 < 16
    hear(grid, points[left], 0.9)
    hear(grid, points[~left], 0.5)
    rows, columns = np.divmod(grid.next_points(), 32)
    # What is within reach of an answered point, whose mask is the left half.
    assert columns.min() == 16
    assert columns.max() == 14 + 6
    assert set(rows) == set(range(32))
