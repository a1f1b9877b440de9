"""Masks of an image as SA-1B writes them."""

import gzip
import json

import numpy as np

from maskloop.platform import sa1b
from maskloop.platform.masks import GeneratedMask, Rle

MASKS = [
    GeneratedMask(
        rle=Rle.encode(np.ones((4, 5), dtype=bool)),
        bbox_xywh=(0, 0, 4, 3),
        area=20,
        predicted_iou=0.9375,
        stability_score=0.96875,
        point_xy=(2.5, 1.5),
        crop_box_xywh=(0, 0, 5, 4),
    ),
    GeneratedMask(
        rle=Rle.encode(np.zeros((4, 5), dtype=bool)),
        bbox_xywh=(0, 0, 0, 0),
        area=0,
        predicted_iou=0.1,
        stability_score=0.0,
        point_xy=(1.0, 3.0),
        crop_box_xywh=(1, 2, 3, 2),
    ),
]


def document() -> dict[str, object]:
    return sa1b.document(MASKS, image_id=7, file_name="a/Gerät.png", size_hw=(4, 5))


def test_the_document_has_the_fields_of_sa1b() -> None:
    assert document() == {
        "image": {"image_id": 7, "width": 5, "height": 4, "file_name": "a/Gerät.png"},
        "annotations": [
            {
                "id": 1,
                "segmentation": {"size": [4, 5], "counts": "0d0"},
                "bbox": [0, 0, 4, 3],
                "area": 20,
                "predicted_iou": 0.9375,
                "stability_score": 0.96875,
                "crop_box": [0, 0, 5, 4],
                "point_coords": [[2.5, 1.5]],
            },
            {
                "id": 2,
                "segmentation": {"size": [4, 5], "counts": "d0"},
                "bbox": [0, 0, 0, 0],
                "area": 0,
                "predicted_iou": 0.1,
                "stability_score": 0.0,
                "crop_box": [1, 2, 3, 2],
                "point_coords": [[1.0, 3.0]],
            },
        ],
    }


def test_masks_come_back_as_they_were() -> None:
    assert sa1b.masks_of(document()) == MASKS
    assert sa1b.masks_of(sa1b.unpack(sa1b.pack(document()), "here")) == MASKS


def test_an_image_without_masks_has_no_annotations() -> None:
    empty = sa1b.document([], image_id=1, file_name="sky.jpg", size_hw=(2, 3))
    assert empty["annotations"] == []
    assert sa1b.masks_of(sa1b.unpack(sa1b.pack(empty), "here")) == []


def test_the_packed_document_is_gzipped_json() -> None:
    assert json.loads(gzip.decompress(sa1b.pack(document()))) == document()


def test_equal_documents_have_equal_bytes() -> None:
    made = document()
    reversed_keys = dict(reversed(made.items()))
    assert sa1b.pack(reversed_keys) == sa1b.pack(made)
