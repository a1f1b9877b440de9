"""Recall equals that of COCO's evaluation, where objects do not overlap."""

import contextlib
import io

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from maskloop.actors.evaluation.recall import hits
from maskloop.platform.masks import Rle

Mask = npt.NDArray[np.bool_]
SIDE = 60


def square(row: int, column: int, side: int = 10) -> Mask:
    mask = np.zeros((SIDE, SIDE), dtype=np.bool_)
    mask[row : row + side, column : column + side] = True
    return mask


OBJECTS = [Rle.encode(square(row, column)) for row in (0, 20, 40) for column in (0, 20, 40)]


def proposed(seed: int) -> list[Rle]:
    """Squares about where objects are, some near enough; and some that are anywhere."""
    random = np.random.default_rng(seed)
    near = [
        square(max(0, row + random.integers(-6, 7)), max(0, column + random.integers(-6, 7)))
        for row in (0, 20, 40)
        for column in (0, 20, 40)
    ]
    anywhere = [square(*random.integers(0, 45, 2), side=random.integers(1, 15)) for _ in range(9)]
    return [Rle.encode(mask) for mask in near + anywhere]


def recall_of_coco(objects: list[Rle], masks: list[Rle]) -> float:
    def row(number: int, rle: Rle) -> dict[str, object]:
        packed = {"size": list(rle.size_hw), "counts": rle.counts}
        return {
            "id": number,
            "image_id": 1,
            "category_id": 1,
            "segmentation": packed,
            "area": rle.area,
            "iscrowd": 0,
            "score": 1.0,
        }

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": 1, "height": SIDE, "width": SIDE}],
            "categories": [{"id": 1, "name": "thing"}],
            "annotations": [row(number, rle) for number, rle in enumerate(objects, start=1)],
        }
        truth.createIndex()
        found = COCO()
        found.dataset = {
            **truth.dataset,
            "annotations": [row(number, rle) for number, rle in enumerate(masks, start=1)],
        }
        found.createIndex()
        judged = COCOeval(truth, found, "segm")
        judged.params.iouThrs = np.array([0.5])
        judged.params.maxDets = [1, 10, 1000]
        judged.evaluate()
        judged.accumulate()
    return float(judged.eval["recall"][0, 0, 0, -1])


@pytest.mark.parametrize("seed", range(12))
def test_recall_equals_that_of_pycocotools(seed: int) -> None:
    masks = proposed(seed)
    expected = recall_of_coco(OBJECTS, masks)
    assert 0 < expected < 1
    assert np.mean(hits(OBJECTS, masks)) == pytest.approx(expected)


def test_without_masks_nothing_is_met() -> None:
    assert hits(OBJECTS, []) == [False] * 9
    assert hits([], OBJECTS) == []
