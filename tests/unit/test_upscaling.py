"""Upscaling by matrices: the official values, in parts, and what is claimed of supports."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maskloop.actors.sam.transforms import resized_hw, upscale
from maskloop.actors.upscaling import REACH, Axis, upscaling

sides = st.one_of(st.integers(1, 40), st.integers(200, 300), st.integers(1000, 1050))
sizes = st.one_of(
    st.tuples(sides, sides),
    st.sampled_from([(1, 1), (1, 3000), (3000, 1), (3, 2000), (1200, 1800), (1024, 1024)]),
)


def axes(size_hw: tuple[int, int]) -> tuple[Axis, Axis]:
    made = upscaling(resized_hw(size_hw), size_hw)
    return made.rows, made.columns


@settings(max_examples=40, deadline=None)
@given(size_hw=sizes, seed=st.integers(0, 2**32 - 1))
def test_any_window_at_full_size_has_the_official_values(
    size_hw: tuple[int, int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    made = upscaling(resized_hw(size_hw), size_hw)
    logits = torch.from_numpy(random.uniform(-4, 4, (256, 256)).astype(np.float32))
    rows, columns = (tuple(np.sort(random.integers(0, n + 1, 2)).tolist()) for n in size_hw)
    top = left = 0
    if rows[0] < rows[1] and columns[0] < columns[1]:
        top = int(random.integers(0, made.rows.first[rows[0]] + 1))
        left = int(random.integers(0, made.columns.first[columns[0]] + 1))
        bottom = int(random.integers(made.rows.last[rows[1] - 1], 256)) + 1
        right = int(random.integers(made.columns.last[columns[1] - 1], 256)) + 1
        logits[bottom:] = logits[:, right:] = torch.nan  # what no support needs is not looked at
        part = logits[top:bottom, left:right]
    else:
        part = logits[:0, :0]
    # In float32 the official interpolation rounds its places on large images by 1e-4 already.
    expected = upscale(logits.double(), resized_hw(size_hw), size_hw).numpy()
    found = made.full(part, top, left, rows, columns)
    expected = expected[slice(*rows), slice(*columns)]
    assert found.shape == expected.shape
    assert not found.size or np.abs(found - expected).max() < 1e-5


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_a_full_size_row_is_a_mean_of_at_most_three_neighbouring_nodes(
    size_hw: tuple[int, int],
) -> None:
    for axis, size in zip(axes(size_hw), size_hw, strict=True):
        weights = axis.weights.numpy()
        assert weights.shape == (size, 256)
        assert (weights >= 0).all()
        assert np.abs(weights.sum(axis=1) - 1).max() < 1e-6
        for row, first, last in zip(weights, axis.first, axis.last, strict=True):
            assert 0 <= last - first <= REACH
            assert row.nonzero()[0].tolist() == list(range(first, last + 1))


@settings(max_examples=25, deadline=None)
@given(sizes)
def test_the_tables_of_an_axis_are_what_a_search_finds(size_hw: tuple[int, int]) -> None:
    for axis in axes(size_hw):
        supports = [range(a, b + 1) for a, b in zip(axis.first, axis.last, strict=True)]
        for node in range(256):
            behind = [i for i, support in enumerate(supports) if support[-1] >= node]
            before = [i for i, support in enumerate(supports) if support[0] <= node]
            assert axis.begins[node] == (behind[0] if behind else len(supports))
            assert axis.ends[node] == (before[-1] if before else -1)
            inside = [i for i, middle in enumerate(axis.middle) if middle == node]
            assert axis.pixels[node] == len(inside)
            if inside:
                assert (axis.inside_first[node], axis.inside_last[node]) == (inside[0], inside[-1])
        for support, middle in zip(supports, axis.middle, strict=True):
            assert middle - 1 <= support[0] <= middle <= support[-1] <= middle + 1


@settings(max_examples=60, deadline=None)
@given(size_hw=sizes, nodes=st.tuples(st.integers(0, 255), st.integers(0, 255)))
def test_within_are_the_rows_whose_support_lies_in_the_nodes(
    size_hw: tuple[int, int], nodes: tuple[int, int]
) -> None:
    first, last = sorted(nodes)
    for axis in axes(size_hw):
        expected = np.flatnonzero((axis.first >= first) & (axis.last <= last)).tolist()
        assert list(range(*axis.within(first, last))) == expected


@pytest.mark.parametrize("size_hw", [(1200, 1800), (3, 2000), (20, 30), (1, 1), (700, 191)])
def test_values_lie_between_the_extremes_of_their_support(size_hw: tuple[int, int]) -> None:
    made = upscaling(resized_hw(size_hw), size_hw)
    logits = np.random.default_rng(5).uniform(-9, 9, (256, 256)).astype(np.float32)
    full = made.full(torch.from_numpy(logits), 0, 0, (0, size_hw[0]), (0, size_hw[1]))
    spans = [logits[a : b + 1] for a, b in zip(made.rows.first, made.rows.last, strict=True)]
    for find, sign in ((np.min, 1), (np.max, -1)):
        by_rows = np.stack([find(span, axis=0) for span in spans])
        ends = zip(made.columns.first, made.columns.last, strict=True)
        bound = np.stack([find(by_rows[:, a : b + 1], axis=1) for a, b in ends], axis=1)
        assert (sign * (full - bound) >= -1e-5).all()


@pytest.mark.parametrize("size_hw", [(1200, 1800), (100, 3000), (20, 30), (1, 1)])
def test_what_is_shown_is_all_that_any_support_needs(size_hw: tuple[int, int]) -> None:
    height, width = upscaling(resized_hw(size_hw), size_hw).shown_hw
    for axis, shown in zip(axes(size_hw), (height, width), strict=True):
        assert (axis.weights[:, shown:] == 0).all()
        assert (axis.weights[:, shown - 1] > 0).any()
