"""A person's mask on the decoder's grid."""

import numpy as np
import pytest

from maskloop.actors.training.truth import Truth, coverage, inside, valid_cells


def test_a_cell_holds_the_share_of_it_that_is_covered() -> None:
    """1024 wide: a cell is 4 by 4 pixels of the original."""
    mask = np.zeros((512, 1024), dtype=np.bool_)
    mask[8:12, 20:22] = True  # half of the cell in row 2, column 5
    mask[12:14, 20:24] = True

    covered = coverage(mask)

    assert covered.shape == (256, 256)
    assert covered[2, 5] == pytest.approx(0.5)
    assert covered[3, 5] == pytest.approx(0.5)
    assert covered.sum() == pytest.approx(1.0)


def test_no_area_is_lost_whatever_the_scale() -> None:
    rng = np.random.default_rng(1)
    for height, width in ((700, 900), (37, 50), (3000, 1999)):
        mask = rng.random((height, width)) < 0.3

        covered = coverage(mask)

        cells = np.array([height, width]) * 256 / max(height, width)
        share = covered[valid_cells((height, width))].sum() / np.ceil(cells).prod()
        assert share == pytest.approx(mask.mean(), rel=0.02)


def test_a_pixel_in_a_large_picture_is_still_there() -> None:
    mask = np.zeros((4096, 4096), dtype=np.bool_)
    mask[100, 200] = True

    covered = coverage(mask)

    assert covered[6, 12] == pytest.approx(1 / 256)
    assert np.argwhere(inside(covered)).tolist() == [[6, 12]]


def test_the_last_cell_is_averaged_over_the_part_that_is_image() -> None:
    """1024 by 766: the last valid row of cells has two rows of pixels."""
    mask = np.ones((766, 1024), dtype=np.bool_)

    covered = coverage(mask)
    valid = valid_cells((766, 1024))

    assert valid.sum() == 192 * 256
    assert covered[valid].min() == pytest.approx(1.0)
    assert covered[~valid].max() == 0.0


def test_half_a_cell_is_inside_and_less_is_not_where_others_are() -> None:
    covered = np.array([[0.5, 0.49], [1.0, 0.0]], dtype=np.float32)

    assert inside(covered).tolist() == [[True, False], [True, False]]
    assert Truth(covered[None], np.ones((2, 2), np.bool_)).inside.shape == (1, 2, 2)


def test_nothing_is_inside_of_an_empty_mask() -> None:
    covered = coverage(np.zeros((5, 9), dtype=np.bool_))

    assert covered.sum() == 0
    assert not inside(covered).any()


def test_a_finer_grid_is_the_same_picture() -> None:
    mask = np.zeros((512, 512), dtype=np.bool_)
    mask[64:128, 32:256] = True

    fine = coverage(mask, 512)

    assert fine.tolist() == mask.astype(np.float32).tolist()
