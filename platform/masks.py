"""Masks as values: run-length encodings and what a model says of a mask."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco


@dataclass(frozen=True)
class Rle:
    """A binary mask as COCO's compressed run-length string: column-major, background first.

    `size_hw`: the image's (height, width); `counts`: ASCII, as `pycocotools` writes it.
    """

    size_hw: tuple[int, int]
    counts: bytes

    @classmethod
    def encode(cls, mask: npt.NDArray[np.bool_]) -> "Rle":
        """`mask`: (H, W), true inside."""
        found = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
        return cls((int(mask.shape[0]), int(mask.shape[1])), bytes(found["counts"]))

    @classmethod
    def encode_part(
        cls, part: npt.NDArray[np.bool_], top: int, left: int, size_hw: tuple[int, int]
    ) -> "Rle":
        """The same from the (h, w) pixels at row `top` and column `left`; nothing outside them."""
        height, width = size_hw
        columns = np.zeros((part.shape[1], part.shape[0] + 2), dtype=np.bool_)
        columns[:, 1:-1] = part.T
        changes = np.flatnonzero(columns[:, 1:] != columns[:, :-1])
        column, row = np.divmod(changes, part.shape[0] + 1)
        places = (left + column) * height + top + row
        # A run that reaches the bottom goes on at the top of the next column.
        parted = np.diff(places, prepend=-1, append=-1) != 0
        places = places[parted[:-1] & parted[1:]]
        counts = np.diff(places, prepend=0, append=height * width)
        if len(counts) > 1 and counts[-1] == 0:
            counts = counts[:-1]
        packed = coco.frPyObjects({"size": list(size_hw), "counts": counts.tolist()}, *size_hw)
        return cls(size_hw, bytes(packed["counts"]))

    def decode(self) -> npt.NDArray[np.bool_]:
        """(H, W), true inside; a fresh array."""
        decoded: npt.NDArray[np.uint8] = coco.decode(self._coco())
        return decoded.astype(np.bool_)

    @property
    def area(self) -> int:
        return int(coco.area(self._coco()))

    @property
    def digest(self) -> bytes:
        """sha256 of size and pixels: equal for equal masks, whoever drew them."""
        height, width = self.size_hw
        return hashlib.sha256(f"{height}x{width}:".encode() + self.counts).digest()

    def _coco(self) -> dict[str, object]:
        return {"size": list(self.size_hw), "counts": self.counts}


def iou_matrix(ours: list[Rle], theirs: list[Rle]) -> npt.NDArray[np.float64]:
    """Intersection over union of every pair, (len(ours), len(theirs))."""
    return _overlaps(ours, theirs, crowd=False)


def containment_matrix(ours: list[Rle], theirs: list[Rle]) -> npt.NDArray[np.float64]:
    """Which share of ours lies inside theirs, for every pair, (len(ours), len(theirs))."""
    return _overlaps(ours, theirs, crowd=True)


def _overlaps(ours: list[Rle], theirs: list[Rle], *, crowd: bool) -> npt.NDArray[np.float64]:
    if not ours or not theirs:
        return np.zeros((len(ours), len(theirs)))
    # With a "crowd", COCO divides by our area instead of the union.
    pairs = coco.iou(
        [rle._coco() for rle in ours], [rle._coco() for rle in theirs], [crowd] * len(theirs)
    )
    return np.asarray(pairs, dtype=np.float64)


@dataclass(frozen=True)
class GeneratedMask:
    """A mask of everything-mode: the fields of a record of the official generator and of SA-1B.

    `bbox_xywh` is (left, top, right - left, bottom - top) of the outermost pixels, so one pixel has
    width 0 (as in the official code); `crop_box_xywh` the crop whose prompt gave the mask.
    """

    rle: Rle
    bbox_xywh: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    stability_score: float
    point_xy: tuple[float, float]
    crop_box_xywh: tuple[int, int, int, int]
