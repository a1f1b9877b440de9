"""SA-1B: one JSON document per image, `<stem>.json`, beside the picture as in the data set."""

import json
from pathlib import Path
from typing import Any

from maskloop.platform import sa1b
from maskloop.services.export.content import ExportedImage, ExportedMask


class Sa1bWriter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def pictures(self) -> Path:
        return self._folder

    def add(self, item: ExportedImage) -> None:
        document = sa1b.document_of(
            [_record(number, one) for number, one in enumerate(item.masks, start=1)],
            image_id=item.image.id,
            file_name=item.file_name,
            size_hw=(item.image.height, item.image.width),
        )
        (self._folder / f"{item.stem}.json").write_text(json.dumps(document), encoding="ascii")

    def close(self) -> None:
        """Every document is complete already."""


def _record(number: int, one: ExportedMask) -> dict[str, Any]:
    return sa1b.record(
        number,
        one.rle,
        bbox_xywh=one.bbox_xywh,
        area=one.area,
        predicted_iou=one.predicted_iou,
        stability_score=one.stability_score,
        crop_box_xywh=one.crop_box_xywh,
        points_xy=one.points_xy,
    )
