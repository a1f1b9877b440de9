"""Masks of one image as a JSON document of the SA-1B form.

`{"image": {image_id, width, height, file_name}, "annotations": [{id, segmentation {size, counts},
bbox XYWH, area, predicted_iou, stability_score, crop_box XYWH, point_coords [[x, y]]}]}`
"""

import gzip
import json
import zlib
from collections.abc import Sequence
from typing import Any

from maskloop.platform.errors import DocumentDamagedError
from maskloop.platform.masks import GeneratedMask, Rle


def document(
    masks: Sequence[GeneratedMask], *, image_id: int, file_name: str, size_hw: tuple[int, int]
) -> dict[str, Any]:
    """Annotation ids count from 1 within the image."""
    records = [_record(number, mask) for number, mask in enumerate(masks, start=1)]
    return document_of(records, image_id=image_id, file_name=file_name, size_hw=size_hw)


def document_of(
    records: Sequence[dict[str, Any]], *, image_id: int, file_name: str, size_hw: tuple[int, int]
) -> dict[str, Any]:
    """Of what `record` made."""
    height, width = size_hw
    image = {"image_id": image_id, "width": width, "height": height, "file_name": file_name}
    return {"image": image, "annotations": list(records)}


def record(
    number: int,
    rle: Rle,
    *,
    bbox_xywh: tuple[int, int, int, int],
    area: int,
    predicted_iou: float | None,
    stability_score: float | None,
    crop_box_xywh: tuple[int, int, int, int],
    points_xy: Sequence[tuple[float, float]],
) -> dict[str, Any]:
    """A mask that a person drew has null for scores."""
    return {
        "id": number,
        "segmentation": {"size": list(rle.size_hw), "counts": rle.counts.decode("ascii")},
        "bbox": list(bbox_xywh),
        "area": area,
        "predicted_iou": predicted_iou,
        "stability_score": stability_score,
        "crop_box": list(crop_box_xywh),
        "point_coords": [list(point) for point in points_xy],
    }


def _record(number: int, mask: GeneratedMask) -> dict[str, Any]:
    return record(
        number,
        mask.rle,
        bbox_xywh=mask.bbox_xywh,
        area=mask.area,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        crop_box_xywh=mask.crop_box_xywh,
        points_xy=[mask.point_xy],
    )


def masks_of(document: dict[str, Any]) -> list[GeneratedMask]:
    """The masks of a document that `document` made."""
    return [_mask(annotation) for annotation in document["annotations"]]


def _mask(annotation: dict[str, Any]) -> GeneratedMask:
    height, width = annotation["segmentation"]["size"]
    x, y, across, down = annotation["bbox"]
    left, top, crop_width, crop_height = annotation["crop_box"]
    point_x, point_y = annotation["point_coords"][0]
    return GeneratedMask(
        rle=Rle((height, width), annotation["segmentation"]["counts"].encode("ascii")),
        bbox_xywh=(x, y, across, down),
        area=annotation["area"],
        predicted_iou=annotation["predicted_iou"],
        stability_score=annotation["stability_score"],
        point_xy=(point_x, point_y),
        crop_box_xywh=(left, top, crop_width, crop_height),
    )


def pack(document: dict[str, Any]) -> bytes:
    """Gzipped JSON; the same document gives the same bytes."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def unpack(data: bytes, source: str) -> dict[str, Any]:
    """Raises `DocumentDamagedError` that names `source`."""
    try:
        unpacked: dict[str, Any] = json.loads(gzip.decompress(data))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DocumentDamagedError(source, str(error)) from error
    return unpacked
