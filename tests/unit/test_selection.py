"""Choosing among candidates: the lazy walk gives what looking at everything gives."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maskloop.actors import selection
from maskloop.actors.candidates import NOTHING, Candidates
from maskloop.actors.crops import Crop, touches_inner_edge
from maskloop.actors.sam.transforms import resized_hw, upscale
from maskloop.actors.selection import Found, box_of, select
from maskloop.actors.suppression import suppress
from maskloop.actors.upscaling import upscaling
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import Rle

Floats = npt.NDArray[np.float32]
Record = tuple[Rle, tuple[int, ...], float, float, tuple[float, float]]
"""Mask, box, stability, predicted IoU, point."""
_CLEAR = 2e-4
"""How far from a threshold full-size values stay: the official float32 rounds by up to 1e-4."""


@dataclass(frozen=True)
class Answers:
    """What a decoder might have answered to points of a crop: (B, M, 256, 256) and (B, M)."""

    logits: Floats
    predicted_iou: Floats
    points_xy: npt.NDArray[np.float64]
    crop: Crop
    size_hw: tuple[int, int]

    def lazily(self, parameters: GenerationParameters) -> list[Record]:
        made = upscaling(resized_hw(self.crop.size_hw), self.crop.size_hw)
        candidates = Candidates(
            self.crop, made, offset := parameters.stability_score_offset, max(2, offset)
        )
        for some in np.array_split(np.arange(len(self.logits)), 2):
            of_some = self.logits[some], self.predicted_iou[some], self.points_xy[some]
            thresh = parameters.pred_iou_thresh
            candidates.add(*of_some, above=thresh, look_above=thresh)
        return [self._record(found) for found in select(candidates, parameters, self.size_hw)]

    def _record(self, found: Found) -> Record:
        assert found.crop == self.crop
        scores = found.stability_score, found.predicted_iou
        return found.rle, found.box_xyxy, *scores, found.point_xy

    def eagerly(self, parameters: GenerationParameters) -> list[Record]:
        """The official order: everything at full size, filters, and then box NMS."""
        left, top = self.crop.box_xyxy[:2]
        hw, offset = self.crop.size_hw, parameters.stability_score_offset
        planes = torch.from_numpy(self.logits).flatten(0, 1)
        records: list[Record] = []
        boxes, scores = [], []
        for index, plane in enumerate(planes):
            point, mask = divmod(index, self.logits.shape[1])
            iou = self.predicted_iou[point, mask]
            if parameters.pred_iou_thresh > 0 and not iou > np.float32(parameters.pred_iou_thresh):
                continue
            full = upscale(plane, resized_hw(hw), hw).numpy()
            for level in (0.0, offset, -offset):
                assert np.abs(full - level).min() > _CLEAR / 2
            inside, outside = (full > offset).sum(), (full > -offset).sum()
            stability = np.float32(inside / max(outside, 1))
            if not stability >= np.float32(parameters.stability_score_thresh):
                continue
            box = np.add(box_of(full > 0), (left, top, left, top)).astype(np.float64)
            if touches_inner_edge(box[None], self.crop, self.size_hw)[0]:
                continue
            whole = np.zeros(self.size_hw, dtype=bool)
            whole[top : top + hw[0], left : left + hw[1]] = full > 0
            x, y = self.points_xy[point]
            corners = tuple(int(side) for side in box)
            found = (Rle.encode(whole), corners, float(stability), float(iou), (x + left, y + top))
            records.append(found)
            boxes.append(box)
            scores.append(float(iou))
        if not records:
            return []
        order = suppress(np.stack(boxes), np.array(scores), parameters.box_nms_thresh)
        return [records[index] for index in order]


def cleared(logits: Floats, size_hw: tuple[int, int], offset: float) -> Floats | None:
    """Logits moved by a constant, as little as may be, so that no full-size value is near a
    threshold, where rounding would decide; None when there is no such constant nearby.
    """
    full = upscale(torch.from_numpy(logits).double(), resized_hw(size_hw), size_hw).numpy()
    near = np.concatenate([full.ravel() + level for level in (0.0, offset, -offset)])
    places = np.sort(np.append(near[np.abs(near) < 0.5], [-0.5, 0.5]))
    gaps = np.diff(places)
    wide = np.flatnonzero(gaps > 2 * _CLEAR)
    middles = places[wide] + gaps[wide] / 2
    if not len(middles):
        return None
    return logits - np.float32(middles[np.abs(middles).argmin()])


def drawn(random: np.random.Generator, shown_hw: tuple[int, int], earlier: list[Floats]) -> Floats:
    """One mask's logits: what a decoder gives, and what it hopefully never does."""
    y, x = np.mgrid[0:256, 0:256]
    height, width = shown_hw
    kind = random.choice(
        ["blob", "blobs", "twin", "moved", "line", "speck", "checks", "border", "empty", "full"],
        p=[0.2, 0.1, 0.15, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05],
    )
    if kind in ("twin", "moved") and earlier:
        logits = earlier[int(random.integers(len(earlier)))]
        shift = random.integers(-3, 4, 2) if kind == "moved" else (0, 0)
        return np.roll(logits, shift, (0, 1)) + np.float32(random.choice([0, 0, 0.25]))
    logits = np.full((256, 256), -random.uniform(1, 6))
    if kind in ("blob", "blobs", "twin", "moved"):
        for _ in range(1 if kind == "blob" else 4):
            cy, cx = random.uniform(0, height), random.uniform(0, width)
            sy, sx = random.uniform(0.5, 0.5 + height / 3), random.uniform(0.5, 0.5 + width / 3)
            bump = np.exp(-(((y - cy) / sy) ** 2 + ((x - cx) / sx) ** 2))
            logits += random.uniform(3, 14) * bump
    elif kind in ("line", "border", "speck", "checks"):
        top, left = int(random.integers(height)), int(random.integers(width))
        tall, wide = random.integers(1, [1 + height, 1 + width])
        if kind == "line":
            tall, wide = (1, wide) if random.random() < 0.5 else (tall, 1)
        elif kind == "speck":
            tall, wide = 1, 1
        elif kind == "checks":
            tall, wide = min(tall, 12), min(wide, 12)
        else:
            top, left = (0, left) if random.random() < 0.5 else (height - tall, width - wide)
        block = random.uniform(0.5, 8) * np.ones((tall, wide))
        if kind == "checks":
            block[::2, ::2] = block[1::2, 1::2] = -4
        cut = logits[top : top + tall, left : left + wide]
        cut[:] = block[: cut.shape[0], : cut.shape[1]]
    elif kind == "full":
        logits += 9
    return (np.round(8 * logits) / 8).astype(np.float32)


def answers(
    seed: int, size_hw: tuple[int, int], offset: float, *, points: int = 6, inner: bool = False
) -> Answers:
    """Of `points` points with two masks each. An inner crop has image around it."""
    random = np.random.default_rng(seed)
    around = random.integers(0, 60, 4).tolist() if inner else [0, 0, 0, 0]
    left, top, right, bottom = around
    height, width = size_hw
    shown_hw = upscaling(resized_hw(size_hw), size_hw).shown_hw
    planes: list[Floats] = []
    while len(planes) < 2 * points:
        found = cleared(drawn(random, shown_hw, planes), size_hw, offset)
        if found is not None:
            planes.append(found)
    iou = random.choice([0.0, 0.3, 0.5, 0.88, 0.9, 0.9, 0.95, 0.99], (points, 2))
    return Answers(
        logits=np.stack(planes).reshape(points, 2, 256, 256),
        predicted_iou=iou.astype(np.float32),
        points_xy=random.uniform(0, 1, (points, 2)) * [width, height],
        crop=Crop((left, top, left + width, top + height), 1 if inner else 0),
        size_hw=(top + height + bottom, left + width + right),
    )


def assert_same(found: list[Record], expected: list[Record]) -> None:
    """Masks, boxes, predicted IoU, points and their order; stability to rounding."""
    stability = [record[2] for record in expected]
    assert [record[2] for record in found] == pytest.approx(stability, abs=1e-6)
    without = [[record[:2] + record[3:] for record in records] for records in (found, expected)]
    assert without[0] == without[1]


parameters = st.builds(
    GenerationParameters,
    pred_iou_thresh=st.sampled_from([0.0, 0.5, 0.88, 1.0]),
    stability_score_thresh=st.sampled_from([0.0, 0.3, 0.7, 0.95, 1.0]),
    stability_score_offset=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    box_nms_thresh=st.sampled_from([0.0, 0.2, 0.5, 0.7, 0.9, 1.0]),
)
SIZES = [(20, 30), (1, 400), (400, 1), (1, 1), (64, 64), (300, 451), (256, 256), (3, 2000)]


@settings(max_examples=70, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size_hw=st.sampled_from(SIZES),
    parameters=parameters,
    inner=st.booleans(),
)
def test_the_lazy_walk_finds_what_the_official_order_finds(
    seed: int, size_hw: tuple[int, int], parameters: GenerationParameters, inner: bool
) -> None:
    given_ = answers(seed, size_hw, parameters.stability_score_offset, inner=inner)
    assert_same(given_.lazily(parameters), given_.eagerly(parameters))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size_hw", [(1200, 1800), (1024, 1000), (700, 1100)])
def test_the_lazy_walk_finds_it_on_photograph_sizes(seed: int, size_hw: tuple[int, int]) -> None:
    given_ = answers(seed, size_hw, 1.0, points=5, inner=seed % 2 == 1)
    kept = 0
    for stability, box in ((0.0, 1.0), (0.5, 0.7), (0.9, 0.3)):
        parameters = GenerationParameters(
            pred_iou_thresh=0.0, stability_score_thresh=stability, box_nms_thresh=box
        )
        found = given_.lazily(parameters)
        assert_same(found, given_.eagerly(parameters))
        kept += len(found)
    assert kept > 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size_hw=st.sampled_from(SIZES))
def test_a_box_found_in_strips_is_the_box_at_full_size(seed: int, size_hw: tuple[int, int]) -> None:
    given_ = answers(seed, size_hw, 1.0, points=3)
    made = upscaling(resized_hw(size_hw), size_hw)
    candidates = Candidates(given_.crop, made, 1.0, 2.0)
    asked = given_.logits, given_.predicted_iou, given_.points_xy
    candidates.add(*asked, above=0.0, look_above=0.0)
    planes = given_.logits.reshape(-1, 256, 256)
    assert len(candidates.found) == len(planes)
    for number, plane in enumerate(planes):
        found = candidates.bounds(number)
        full = upscale(torch.from_numpy(plane), resized_hw(size_hw), size_hw).numpy()
        if found.inner_box != NOTHING:
            assert selection._exact_box(made, found) == box_of(full > 0)


def of_rectangles(*rectangles: tuple[int, int, int, int], size: int = 256) -> Answers:
    """Sure masks of exactly these pixels (top, left, height, width) on a square of 256."""
    planes = np.full((len(rectangles), 1, size, size), -10, np.float32)
    for plane, (top, left, height, width) in zip(planes[:, 0], rectangles, strict=True):
        plane[top : top + height, left : left + width] = 10
    iou = np.linspace(0.99, 0.9, len(rectangles), dtype=np.float32)[:, None]
    points = np.zeros((len(rectangles), 2))
    return Answers(planes, iou, points, Crop((0, 0, size, size), 0), (size, size))


@pytest.mark.parametrize("order", [1, -1], ids=["large first", "small first"])
def test_a_box_iou_at_the_threshold_suppresses_nothing(order: int) -> None:
    # Areas 9 * 10 and 9 * 7: an IoU of 0.7, though 0.7 * 90 is rounded below 63.
    given_ = of_rectangles(*[(20, 30, 10, 11), (20, 30, 10, 8)][::order])
    assert len(given_.eagerly(GenerationParameters())) == 2
    assert_same(given_.lazily(GenerationParameters()), given_.eagerly(GenerationParameters()))
    smaller = GenerationParameters(box_nms_thresh=0.699)
    assert len(given_.lazily(smaller)) == 1


def test_a_stability_at_the_threshold_is_enough() -> None:
    given_ = of_rectangles((20, 30, 1, 20))
    given_.logits[0, 0, 20, 49] = 1.6  # the last of 20 pixels, between the two offsets
    given_.logits[0, 0, 20, 30] = 12
    ((_, _, stability, _, _),) = given_.eagerly(GenerationParameters())
    assert stability == pytest.approx(19 / 20)
    assert_same(given_.lazily(GenerationParameters()), given_.eagerly(GenerationParameters()))
    assert given_.lazily(GenerationParameters(stability_score_thresh=0.951)) == []


def test_no_candidates_give_no_masks() -> None:
    given_ = of_rectangles((20, 30, 10, 10))
    assert given_.lazily(GenerationParameters(pred_iou_thresh=1.0)) == []


def test_a_box_names_the_outermost_pixels() -> None:
    mask = np.zeros((6, 8), dtype=bool)
    mask[0, 7] = mask[5, 2] = True
    assert box_of(mask) == (2, 0, 7, 5)
    assert box_of(mask, top=10, left=20) == (22, 10, 27, 15)


def test_the_box_of_an_empty_mask_is_zeros() -> None:
    assert box_of(np.zeros((3, 6), dtype=bool), top=10, left=20) == (0, 0, 0, 0)
    assert box_of(np.zeros((0, 0), dtype=bool)) == (0, 0, 0, 0)


@given(arrays(np.bool_, (5, 7)))
def test_a_box_is_least_and_greatest_coordinates(mask: npt.NDArray[np.bool_]) -> None:
    ys, xs = np.nonzero(mask)
    expected = (xs.min(), ys.min(), xs.max(), ys.max()) if len(xs) else (0, 0, 0, 0)
    assert box_of(mask) == expected
