"""Masks in the decoder's resolution."""

import numpy as np
import torch

from maskloop.actors.doubt.low_res import ious, low_res
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.transforms import resized_hw


def embedding(size_hw: tuple[int, int]) -> Embedding:
    return Embedding(torch.zeros(1), size_hw, resized_hw(size_hw), "x")


def test_a_cell_is_of_the_mask_when_more_than_half_of_it_is() -> None:
    mask = np.zeros((1024, 1024), dtype=np.bool_)  # a cell is 4 by 4 pixels
    mask[8:16, 4:15] = True  # the last column of cells is covered by three quarters
    mask[16:18, 4:16] = True  # the last row by half
    found = low_res(mask, embedding((1024, 1024)))
    expected = np.zeros((256, 256), dtype=np.bool_)
    expected[2:4, 1:4] = True
    np.testing.assert_array_equal(found, expected)


def test_a_picture_smaller_than_the_grid_and_not_square_is_spread_over_its_part() -> None:
    mask = np.zeros((64, 128), dtype=np.bool_)  # a pixel is 2 by 2 cells
    mask[10, 20] = True
    found = low_res(mask, embedding((64, 128)))
    expected = np.zeros((256, 256), dtype=np.bool_)
    expected[20:22, 40:42] = True
    np.testing.assert_array_equal(found, expected)


def test_a_mask_too_thin_for_any_cell_keeps_the_cells_that_it_covers_most() -> None:
    mask = np.zeros((1024, 1024), dtype=np.bool_)
    mask[8:13, 5] = True  # a whole column of a cell, and a quarter of the next one's
    found = low_res(mask, embedding((1024, 1024)))
    assert np.argwhere(found).tolist() == [[2, 1]]


def test_ious_are_exact_and_nothing_shares_nothing_with_nothing() -> None:
    mask = np.zeros((256, 256), dtype=np.bool_)
    mask[:2, :3] = True
    drawn = np.zeros((3, 256, 256), dtype=np.bool_)
    drawn[0] = mask
    drawn[1, :2, 1:5] = True
    assert ious(drawn, mask).tolist() == [1.0, 4 / 10, 0.0]
    assert ious(drawn[2:], drawn[2]).tolist() == [0.0]
