"""Where everything-mode looks. Expected boxes are worked out by hand from the official formula."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskloop.actors.crops import Crop, crops_of, grid_xy, touches_inner_edge
from maskloop.platform.generation import GenerationParameters

Box = tuple[int, int, int, int]


def boxes(size_hw: tuple[int, int], layers: int, overlap: float = 512 / 1500) -> list[Box]:
    parameters = GenerationParameters(crop_n_layers=layers, crop_overlap_ratio=overlap)
    return [crop.box_xyxy for crop in crops_of(size_hw, parameters)]


def test_without_layers_the_whole_image_is_the_only_crop() -> None:
    crops = crops_of((1500, 2250), GenerationParameters())
    assert crops == [Crop((0, 0, 2250, 1500), 0)]
    assert crops[0].size_hw == (1500, 2250)
    assert crops[0].box_xywh == (0, 0, 2250, 1500)


def test_one_layer_is_four_crops_that_overlap_by_512_pixels() -> None:
    """Overlap 512: (512 + 2250) / 2 = 1381 wide, (512 + 1500) / 2 = 1006 high; steps 869, 494."""
    assert boxes((1500, 2250), 1) == [
        (0, 0, 2250, 1500),
        (0, 0, 1381, 1006),
        (0, 494, 1381, 1500),
        (869, 0, 2250, 1006),
        (869, 494, 2250, 1500),
    ]


def test_the_second_layer_is_sixteen_crops_that_overlap_by_256_pixels() -> None:
    """(256 * 3 + 2250) / 4 = 754.5, so 755 wide, a step of 499; (768 + 1500) / 4 = 567, 311."""
    found = boxes((1500, 2250), 2)
    assert len(found) == 21
    lefts, tops = [0, 499, 998, 1497], [0, 311, 622, 933]
    expected = [(x, y, min(x + 755, 2250), min(y + 567, 1500)) for x in lefts for y in tops]
    assert found[5:] == expected
    assert found[-1] == (1497, 933, 2250, 1500)  # 753 wide: the last column ends at the image


def test_layers_are_numbered_from_the_whole_image() -> None:
    crops = crops_of((1500, 2250), GenerationParameters(crop_n_layers=2))
    assert [crop.layer for crop in crops] == [0] + [1] * 4 + [2] * 16


def test_without_overlap_crops_share_no_pixel() -> None:
    assert boxes((100, 200), 1, overlap=0.0)[1:] == [
        (0, 0, 100, 50),
        (0, 50, 100, 100),
        (100, 0, 200, 50),
        (100, 50, 200, 100),
    ]


def test_an_odd_side_is_rounded_up_and_cut_at_the_image() -> None:
    """Overlap int(0.25 * 5) = 1: ceil((1 + 7) / 2) = 4 wide, starts 0, 3; (1 + 5) / 2 = 3, 0, 2."""
    assert boxes((5, 7), 1, overlap=0.25)[1:] == [
        (0, 0, 4, 3),
        (0, 2, 4, 5),
        (3, 0, 7, 3),
        (3, 2, 7, 5),
    ]


def test_crops_that_begin_outside_a_tiny_image_are_left_out() -> None:
    """5 pixels in 4 crops of 2: the fourth would begin at 6."""
    assert boxes((5, 5), 2, overlap=0.0)[5:] == [
        (x, y, min(x + 2, 5), min(y + 2, 5)) for x in (0, 2, 4) for y in (0, 2, 4)
    ]
    assert set(boxes((1, 1), 4)) == {(0, 0, 1, 1)}


@given(
    st.tuples(st.integers(1, 400), st.integers(1, 400)),
    st.integers(0, 3),
    st.floats(0, 0.9),
)
def test_crops_lie_inside_the_image_and_every_layer_covers_it(
    size_hw: tuple[int, int], layers: int, overlap: float
) -> None:
    height, width = size_hw
    parameters = GenerationParameters(crop_n_layers=layers, crop_overlap_ratio=overlap)
    covered = np.zeros((layers + 1, height, width), dtype=bool)
    for crop in crops_of(size_hw, parameters):
        x1, y1, x2, y2 = crop.box_xyxy
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        covered[crop.layer, y1:y2, x1:x2] = True
    assert covered.all()


def test_points_stand_in_the_middle_of_cells_row_by_row() -> None:
    expected = [[10.0, 5.0], [30.0, 5.0], [10.0, 15.0], [30.0, 15.0]]
    assert grid_xy(2, (20, 40)).tolist() == expected
    assert grid_xy(1, (20, 40)).tolist() == [[20.0, 10.0]]


def test_the_default_grid_is_the_official_one() -> None:
    """build_point_grid(32) * (width, height): linspace from 1/64 to 63/64, x first."""
    steps = np.linspace(1 / 64, 63 / 64, 32)
    xs, ys = np.tile(steps, (32, 1)), np.tile(steps[:, None], (1, 32))
    official = np.stack([xs, ys], axis=-1).reshape(-1, 2) * np.array([[1800, 1200]])
    np.testing.assert_allclose(grid_xy(32, (1200, 1800)), official, rtol=1e-12)


SIZE_HW = (1000, 1000)
INNER = Crop((300, 300, 700, 700), 1)
CORNER = Crop((0, 0, 600, 600), 1)


def touches(box: Box, crop: Crop) -> bool:
    found: npt.NDArray[np.bool_] = touches_inner_edge(np.array([box], float), crop, SIZE_HW)
    assert found.shape == (1,)
    return bool(found[0])


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((321, 321, 679, 679), False),
        ((320, 400, 600, 600), True),  # 20 pixels from the edge still touch it
        ((400, 320, 600, 600), True),
        ((400, 400, 680, 600), True),
        ((400, 400, 600, 680), True),
        ((279, 400, 600, 600), False),  # as far outside as 21 inside
        ((280, 400, 600, 600), True),
    ],
)
def test_within_20_pixels_of_an_inner_edge_a_box_touches_it(box: Box, expected: bool) -> None:
    assert touches(box, INNER) is expected


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 500, 500), False),  # the image's own edges
        ((20, 20, 500, 500), False),
        ((0, 0, 579, 579), False),
        ((0, 0, 580, 500), True),
        ((0, 0, 500, 600), True),
    ],
)
def test_the_images_own_edges_do_not_count(box: Box, expected: bool) -> None:
    assert touches(box, CORNER) is expected


def test_near_both_the_crops_and_the_images_edge_a_box_was_not_cut() -> None:
    crop = Crop((15, 0, 600, 1000), 1)
    assert not touches((20, 100, 500, 900), crop)
    assert touches((21, 100, 500, 900), crop)


def test_the_whole_image_has_no_inner_edge() -> None:
    whole = Crop((0, 0, 1000, 1000), 0)
    assert not touches((0, 0, 999, 999), whole)


def test_no_boxes_touch_nothing() -> None:
    assert touches_inner_edge(np.zeros((0, 4)), INNER, SIZE_HW).shape == (0,)
