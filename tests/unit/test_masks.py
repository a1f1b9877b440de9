"""Masks as values: run lengths as COCO writes them."""

import hashlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from maskloop.platform.errors import BadMaskError
from maskloop.platform.masks import MOST_RLE_BYTES, MeasuredMask, Rle, iou_matrix, read_mask

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools

Mask = npt.NDArray[np.bool_]

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40))


def uncompressed(size_hw: tuple[int, int], runs: list[int]) -> bytes:
    """What pycocotools makes of hand-written runs: column-major, background first."""
    found = coco.frPyObjects({"size": list(size_hw), "counts": runs}, *size_hw)
    return bytes(found["counts"])


def pixel(size_hw: tuple[int, int], y: int, x: int) -> Mask:
    mask = np.zeros(size_hw, dtype=bool)
    mask[y, x] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "runs", "area"),
    [
        (np.ones((4, 5), dtype=bool), [0, 20], 20),
        (np.zeros((4, 5), dtype=bool), [20], 0),
        (pixel((4, 5), 0, 0), [0, 1, 19], 1),
        (pixel((4, 5), 2, 1), [6, 1, 13], 1),  # the second column, third row: 4 + 2 before it
        (pixel((4, 5), 3, 4), [19, 1], 1),
        (np.ones((1, 1), dtype=bool), [0, 1], 1),
    ],
)
def test_runs_go_down_the_columns_and_begin_with_background(
    mask: Mask, runs: list[int], area: int
) -> None:
    size_hw = (mask.shape[0], mask.shape[1])
    rle = Rle.encode(mask)
    assert rle == Rle(size_hw, uncompressed(size_hw, runs))
    assert rle.area == area
    np.testing.assert_array_equal(rle.decode(), mask)


@given(masks, st.data())
def test_some_columns_come_back_as_they_were(mask: Mask, data: st.DataObject) -> None:
    right = data.draw(st.integers(1, mask.shape[1]))
    left = data.draw(st.integers(0, right))
    rle = Rle.encode(mask)
    np.testing.assert_array_equal(rle.decode_columns(left, right), mask[:, left:right])
    inside = np.flatnonzero(mask.any(axis=0))
    expected = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
    assert rle.columns == expected


@given(masks)
def test_a_mask_comes_back_as_it_was(mask: Mask) -> None:
    rle = Rle.encode(mask)
    assert rle.size_hw == mask.shape
    decoded = rle.decode()
    assert decoded.dtype == np.bool_
    np.testing.assert_array_equal(decoded, mask)
    assert rle.area == mask.sum()


@given(masks)
def test_memory_order_of_the_array_does_not_matter(mask: Mask) -> None:
    assert Rle.encode(np.asfortranarray(mask)) == Rle.encode(np.ascontiguousarray(mask))
    assert Rle.encode(mask.T) == Rle.encode(np.ascontiguousarray(mask.T))


def test_a_decoded_mask_is_the_callers_own() -> None:
    rle = Rle.encode(pixel((4, 5), 2, 1))
    rle.decode()[:] = True
    assert rle.decode().sum() == 1


def test_the_digest_covers_size_and_pixels() -> None:
    rle = Rle.encode(pixel((4, 5), 2, 1))
    assert rle.digest == hashlib.sha256(b"4x5:" + rle.counts).digest()
    assert rle.digest == Rle.encode(pixel((4, 5), 2, 1)).digest
    assert rle.digest != Rle.encode(pixel((4, 5), 1, 1)).digest


def test_equal_runs_on_another_size_have_another_digest() -> None:
    wide, high = Rle.encode(np.ones((4, 5), dtype=bool)), Rle.encode(np.ones((5, 4), dtype=bool))
    assert wide.counts == high.counts
    assert wide.digest != high.digest


def test_iou_of_every_pair() -> None:
    left, right, all_of_it, nothing = (np.zeros((2, 4), dtype=bool) for _ in range(4))
    left[:, :2] = True
    right[:, 1:3] = True
    all_of_it[:] = True
    ours = [Rle.encode(mask) for mask in (left, all_of_it)]
    theirs = [Rle.encode(mask) for mask in (left, right, nothing)]
    np.testing.assert_allclose(iou_matrix(ours, theirs), [[1, 1 / 3, 0], [0.5, 0.5, 0]])


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (0, 3), (2, 0)])
def test_iou_with_no_masks_is_an_empty_matrix(ours: int, theirs: int) -> None:
    rle = Rle.encode(np.ones((2, 2), dtype=bool))
    assert iou_matrix([rle] * ours, [rle] * theirs).shape == (ours, theirs)


@given(st.lists(arrays(np.bool_, (5, 7)), min_size=1, max_size=4))
def test_iou_is_shared_pixels_over_covered_pixels(found: list[Mask]) -> None:
    rles = [Rle.encode(mask) for mask in found]
    expected = [
        [(a & b).sum() / (a | b).sum() if (a & b).any() else 0.0 for b in found] for a in found
    ]
    np.testing.assert_allclose(iou_matrix(rles, rles), expected)


@given(
    part=arrays(np.bool_, st.tuples(st.integers(0, 7), st.integers(0, 7))),
    around=st.tuples(*[st.integers(0, 3)] * 4),
)
def test_a_part_is_encoded_as_the_whole_mask_would_be(
    part: Mask, around: tuple[int, int, int, int]
) -> None:
    above, below, before, behind = around
    whole = np.pad(part, ((above, below), (before, behind)))
    size_hw = whole.shape[0], whole.shape[1]
    if 0 not in size_hw:
        assert Rle.encode_part(part, above, before, size_hw) == Rle.encode(whole)


@pytest.mark.parametrize(
    ("part", "top", "left"),
    [
        (np.ones((4, 5), dtype=bool), 0, 0),  # one run over all columns
        (np.ones((4, 2), dtype=bool), 0, 3),  # to the very end
        (np.ones((3, 2), dtype=bool), 1, 1),  # to the bottom, but not on from the top
        (np.ones((3, 2), dtype=bool), 0, 1),
        (np.eye(4, 5, dtype=bool), 0, 0),
        (np.array([[0, 1], [0, 0], [0, 0], [1, 0]], dtype=bool), 0, 1),  # over a column's border
        (np.zeros((2, 2), dtype=bool), 1, 1),
        (np.zeros((0, 0), dtype=bool), 4, 5),
        (np.zeros((0, 3), dtype=bool), 2, 1),
    ],
)
def test_runs_of_a_part_go_on_over_the_borders_of_columns(part: Mask, top: int, left: int) -> None:
    whole = np.zeros((4, 5), dtype=bool)
    whole[top : top + part.shape[0], left : left + part.shape[1]] = part
    assert Rle.encode_part(part, top, left, (4, 5)) == Rle.encode(whole)


def outcome(counts: bytes, size_hw: tuple[int, int]) -> MeasuredMask | str:
    try:
        return read_mask(counts, size_hw)
    except BadMaskError as error:
        return str(error)


@given(masks.filter(np.any))
def test_a_valid_mask_from_outside_is_read_and_measured(mask: Mask) -> None:
    rle = Rle.encode(mask)
    ys, xs = np.nonzero(mask)
    box = (int(xs.min()), int(ys.min()), int(np.ptp(xs)), int(np.ptp(ys)))
    assert read_mask(rle.counts, rle.size_hw) == MeasuredMask(rle, box, int(mask.sum()))


@given(masks.filter(np.any), st.data())
def test_a_mutated_string_is_refused_or_means_what_pycocotools_reads(
    mask: Mask, data: st.DataObject
) -> None:
    rle = Rle.encode(mask)
    mutated = bytearray(rle.counts)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(mutated)))
        if data.draw(st.booleans()):
            mutated[place:place] = bytes([data.draw(st.integers(40, 120))])
        else:
            mutated[place : place + 1] = data.draw(st.binary(max_size=2))
    found = outcome(bytes(mutated), rle.size_hw)
    if isinstance(found, MeasuredMask):
        theirs = coco.decode({"size": list(rle.size_hw), "counts": bytes(mutated)})
        np.testing.assert_array_equal(found.rle.decode(), theirs)
        assert found.rle == Rle.encode(theirs.astype(bool))


@given(st.binary(max_size=60), st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_garbage_is_an_error_of_ours(counts: bytes, size_hw: tuple[int, int]) -> None:
    found = outcome(counts, size_hw)
    assert isinstance(found, MeasuredMask) or found.startswith("The mask cannot be kept: ")


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (b"", "its counts have 0 bytes"),
        (b"0" * (MOST_RLE_BYTES + 1), "its counts have 4194305 bytes"),
        (b"D\n", "a character that COCO's compressed form has not"),
        ("Ł".encode(), "a character that COCO's compressed form has not"),
        (b"P", "end in the middle of a run"),
        (b"ooooooo0", "a run longer than any image"),
        (uncompressed((4, 5), [6, 1, 12]), "do not cover the image of 5×4 pixels exactly"),
        (uncompressed((4, 5), [6, 1, 14]), "do not cover the image of 5×4 pixels exactly"),
        (uncompressed((4, 5), [20]), "no pixel inside"),
        (b"T1O", "do not cover"),  # a run of -1
    ],
)
def test_a_bad_string_is_refused_with_what_is_wrong_with_it(counts: bytes, reason: str) -> None:
    with pytest.raises(BadMaskError, match=reason):
        read_mask(counts, (4, 5))


@pytest.mark.parametrize(
    "runs", [[5, 0, 1, 1, 13], [6, 0, 0, 1, 13], [6, 1, 13, 0], [6, 1, 9, 0, 4]]
)
def test_empty_runs_do_not_change_the_digest(runs: list[int]) -> None:
    found = read_mask(uncompressed((4, 5), runs), (4, 5))
    assert found.rle == Rle.encode(pixel((4, 5), 2, 1))


def test_a_run_over_the_end_of_a_column_has_every_row() -> None:
    found = read_mask(uncompressed((4, 5), [3, 2, 15]), (4, 5))
    assert (found.bbox_xywh, found.area) == ((0, 0, 1, 3), 2)
