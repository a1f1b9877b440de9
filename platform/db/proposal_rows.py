"""Masks as rows of PostgreSQL's binary COPY, the whole buffer at once: the driver's own row writer
takes longer for an image than the server does.

The format: PostgreSQL's manual, COPY, "Binary Format"; arrays as `array_send` writes them.
"""

import struct
from collections.abc import Sequence
from typing import Final

from maskloop.platform.masks import GeneratedMask

COLUMNS: Final = (
    "project_id",
    "image_id",
    "job_id",
    "model_version_id",
    "mask_digest",
    "bbox_xywh",
    "area",
    "predicted_iou",
    "stability_score",
    "point_xy",
    "crop_box_xywh",
    "rle_counts",
)
"""In this order; the one of no fixed length is the last, so that one `struct` packs the others."""

_INT4, _FLOAT4 = 23, 700
"""Type ids of PostgreSQL."""
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END: Final = struct.pack(">h", -1)


def _array(letter: str, length: int) -> str:
    """Length in bytes, dimensions, whether there are NULLs, type, length, first index, then each
    element behind its own length."""
    return "i" + "iii" + "ii" + f"i{letter}" * length


def _array_head(type_id: int, length: int) -> tuple[int, ...]:
    return (20 + 8 * length, 1, 0, type_id, length, 1)


_ROW: Final = struct.Struct(
    ">h"
    + "iq" * 4
    + "i32s"
    + _array("i", 4)
    + "ii"
    + "if" * 2
    + _array("f", 2)
    + _array("i", 4)
    + "i"
)
_BOX: Final = _array_head(_INT4, 4)
_POINT: Final = _array_head(_FLOAT4, 2)


def packed(
    masks: Sequence[GeneratedMask],
    digests: Sequence[bytes],
    *,
    project_id: int,
    image_id: int,
    job_id: int,
    model_version_id: int,
) -> bytes:
    """A whole COPY of `COLUMNS`; `digests`: of the masks, in their order."""
    whose = (8, project_id, 8, image_id, 8, job_id, 8, model_version_id)
    parts = [_HEAD]
    for mask, digest in zip(masks, digests, strict=True):
        left, top, width, height = mask.bbox_xywh
        x, y = mask.point_xy
        crop_left, crop_top, crop_width, crop_height = mask.crop_box_xywh
        counts = mask.rle.counts
        # fmt: off
        parts += (
            _ROW.pack(
                len(COLUMNS), *whose, 32, digest,
                *_BOX, 4, left, 4, top, 4, width, 4, height,
                4, mask.area, 4, mask.predicted_iou, 4, mask.stability_score,
                *_POINT, 4, x, 4, y,
                *_BOX, 4, crop_left, 4, crop_top, 4, crop_width, 4, crop_height,
                len(counts),
            ),
            counts,
        )
        # fmt: on
    parts.append(_END)
    return b"".join(parts)
