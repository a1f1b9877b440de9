"""Masks as values: run-length encodings and what a model says of a mask."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from maskloop.platform.errors import BadMaskError

MOST_RLE_BYTES: Final = 4 * 1024 * 1024
"""Of a mask from outside; the noisiest mask of a 12-megapixel photograph stays below it."""
SAME_IOU: Final = 0.9
"""From here on two masks show the same object."""
_LONGEST_RUN: Final = 7
"""Characters of 5 bits: more than any run of an image that is let in, and far from overflow."""

Shown = TypeVar("Shown")


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
    def columns(self) -> tuple[int, int]:
        """The first column with a pixel inside, and the one behind the last; equal without any."""
        left, _, width, _ = coco.toBbox(self._coco())
        return int(left), int(left + width)

    def decode_columns(self, left: int, right: int) -> npt.NDArray[np.bool_]:
        """(H, right - left): the columns from `left` to the one before `right`, at their cost and
        not the image's."""
        height = self.size_hw[0]
        ends = np.clip(np.cumsum(_runs(self.counts)), left * height, right * height)
        lengths = np.diff(ends, prepend=left * height)
        inside = np.arange(len(lengths)) % 2 == 1
        return np.repeat(inside, lengths).reshape(right - left, height).T

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


@dataclass(frozen=True)
class MeasuredMask:
    """A mask with its extent; `bbox_xywh` as in `GeneratedMask`."""

    rle: Rle
    bbox_xywh: tuple[int, int, int, int]
    area: int


def read_mask(counts: bytes, size_hw: tuple[int, int]) -> MeasuredMask:
    """A mask from outside, checked and measured; equal pixels give equal counts, and so digests.

    Nothing of it reaches pycocotools unchecked: its C code believes whatever the string says.
    Raises `BadMaskError`.
    """
    height, width = size_hw
    runs = _runs(counts)
    if runs.min() < 0 or int(runs.sum()) != height * width:
        reason = f"its runs do not cover the image of {width}×{height} pixels exactly"
        raise BadMaskError(reason)
    places = _changes(runs)
    starts, ends = places[::2], places[1::2]
    if len(ends) < len(starts):
        ends = np.append(ends, height * width)
    if not len(starts):
        raise BadMaskError("it has no pixel inside")
    tidy = np.diff(places, prepend=0, append=height * width).tolist()
    packed = coco.frPyObjects({"size": list(size_hw), "counts": tidy}, *size_hw)
    return MeasuredMask(
        Rle(size_hw, bytes(packed["counts"])),
        _box_of_runs(starts, ends - 1, height),
        int((ends - starts).sum()),
    )


def _runs(counts: bytes) -> npt.NDArray[np.int64]:
    """The run lengths of a compressed string; from the fourth on each is told as the difference to
    the one before the last. (rleToString in COCO's maskApi.c.)"""
    if not 1 <= len(counts) <= MOST_RLE_BYTES:
        raise BadMaskError(f"its counts have {len(counts)} bytes, not 1 to {MOST_RLE_BYTES}")
    digits = np.frombuffer(counts, dtype=np.uint8).astype(np.int64) - 48
    if digits.min() < 0 or digits.max() > 63:
        raise BadMaskError("its counts hold a character that COCO's compressed form has not")
    last = np.flatnonzero(digits & 0x20 == 0)
    if not len(last) or last[-1] != len(digits) - 1:
        raise BadMaskError("its counts end in the middle of a run")
    first = np.append(0, last[:-1] + 1)
    lengths = last - first + 1
    if lengths.max() > _LONGEST_RUN:
        raise BadMaskError("its counts hold a run longer than any image")
    place = np.arange(len(digits)) - np.repeat(first, lengths)
    runs: npt.NDArray[np.int64] = np.add.reduceat((digits & 0x1F) << (5 * place), first)
    runs -= (digits[last] >> 4 & 1) << (5 * lengths)
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs


def _changes(runs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where inside and outside change, without the changes of empty runs, which undo each other."""
    places, times = np.unique(np.cumsum(runs[:-1]), return_counts=True)
    changes: npt.NDArray[np.int64] = places[(times % 2 == 1) & (places < runs.sum())]
    return changes


def _box_of_runs(
    starts: npt.NDArray[np.int64], lasts: npt.NDArray[np.int64], height: int
) -> tuple[int, int, int, int]:
    """Of runs by their first and last place; one that goes over a column's end has every row."""
    left, right = int(starts[0] // height), int(lasts[-1] // height)
    top, bottom = int((starts % height).min()), int((lasts % height).max())
    if np.any(starts // height != lasts // height):
        top, bottom = 0, height - 1
    return left, top, right - left, bottom - top


def iou_matrix(ours: list[Rle], theirs: list[Rle]) -> npt.NDArray[np.float64]:
    """Intersection over union of every pair, (len(ours), len(theirs))."""
    return _overlaps(ours, theirs, crowd=False)


def mask_iou(ours: Rle, theirs: Rle) -> float:
    """Intersection over union; 1 for equal masks, without decoding them."""
    return 1.0 if ours == theirs else float(iou_matrix([ours], [theirs])[0, 0])


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


def unlike(
    masks: Sequence[Shown], judged: Sequence[Rle], *, of: Callable[[Shown], Rle]
) -> list[Shown]:
    """Those whose mask is not, but for a few pixels, one that people judged already."""
    if not masks or not judged:
        return list(masks)
    nearest = iou_matrix([of(mask) for mask in masks], list(judged)).max(axis=1)
    return [mask for mask, iou in zip(masks, nearest, strict=True) if iou < SAME_IOU]


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
