"""COCO instances: `annotations/instances_default.json` beside `images/`, as COCO readers expect.

Format: https://cocodataset.org/#format-data. Written here and not by datumaro for the reasons in
docs/decisions/0004-coco-export.md. Memory holds the image at hand, not the project.
"""

import itertools
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from maskloop.platform.db.projects import Category
from maskloop.services.export.content import ExportedImage, ExportedMask

OBJECT = "object"
"""The category of a mask that nobody has named yet (SA-1B's masks are class-agnostic too)."""
_OBJECT_ID = 1


class CocoWriter:
    """Category 1 is `object`; the project's own follow from 2 in the order they were made, so that
    a category keeps its id when others are added."""

    def __init__(self, folder: Path, project: str, categories: Sequence[Category]) -> None:
        self._ids = {category.id: number for number, category in enumerate(categories, start=2)}
        self._numbers = itertools.count(1)
        self._folder = folder
        self.pictures.mkdir()
        (folder / "annotations").mkdir()
        path = folder / "annotations" / "instances_default.json"
        self._file = path.open("w", encoding="ascii")
        spool = tempfile.TemporaryFile("w+", encoding="ascii", dir=folder)  # noqa: SIM115
        self._annotations = _Rows(spool)
        head = {
            "info": {"description": f"maskloop project {project}", "version": "1.0"},
            "licenses": [],
            "categories": self._categories([category.name for category in categories]),
        }
        self._file.write(json.dumps(head)[:-1] + ',\n"images": [')
        self._images = _Rows(self._file)

    @property
    def pictures(self) -> Path:
        return self._folder / "images"

    def add(self, item: ExportedImage) -> None:
        self._images.write(
            {
                "id": item.image.id,
                "width": item.image.width,
                "height": item.image.height,
                "file_name": item.file_name,
                "source_uri": item.image.source_uri,
                "sha256": item.image.sha256.hex(),
            }
        )
        for one in item.masks:
            self._annotations.write(self._annotation(one, item.image.id))

    def close(self) -> None:
        self._file.write('],\n"annotations": [')
        with self._annotations.file as spool, self._file:
            spool.seek(0)
            shutil.copyfileobj(spool, self._file)
            self._file.write("]}\n")

    def _categories(self, names: Sequence[str]) -> list[dict[str, object]]:
        unnamed = OBJECT
        while unnamed in names:  # readers refuse a name twice
            unnamed += "_"
        return [
            {"id": number, "name": name, "supercategory": ""}
            for number, name in enumerate([unnamed, *names], start=_OBJECT_ID)
        ]

    def _annotation(self, one: ExportedMask, image_id: int) -> dict[str, object]:
        """Numbered as it comes: an annotation and a proposal of ours may have one id."""
        category = _OBJECT_ID if one.category_id is None else self._ids[one.category_id]
        scored = {} if one.predicted_iou is None else {"score": one.predicted_iou}
        return {
            "id": next(self._numbers),
            "image_id": image_id,
            "category_id": category,
            "segmentation": {
                "size": list(one.rle.size_hw),
                "counts": one.rle.counts.decode("ascii"),
            },
            "area": one.area,
            "bbox": _bbox(one.bbox_xywh, one.area),
            "iscrowd": 0,
            **scored,
            "attributes": _attributes(one),
        }


def _attributes(one: ExportedMask) -> dict[str, object]:
    """Without those that nobody knows: readers take what is there for a value."""
    known = {
        "predicted_iou": one.predicted_iou,
        "stability_score": one.stability_score,
        "point_coords": [list(point) for point in one.points_xy],
        "crop_box": list(one.crop_box_xywh),
    }
    return {**one.origin, **{name: value for name, value in known.items() if value is not None}}


def _bbox(bbox_xywh: tuple[int, int, int, int], area: int) -> list[int]:
    """COCO counts the pixels across, where SA-1B takes right - left: one more each way."""
    x, y, width, height = bbox_xywh
    return [x, y, width + 1, height + 1] if area else [0, 0, 0, 0]


class _Rows:
    """Comma-separated JSON values, a line each."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self._separator = "\n"

    def write(self, row: dict[str, object]) -> None:
        self.file.write(self._separator + json.dumps(row))
        self._separator = ",\n"
