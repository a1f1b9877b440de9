"""Photographs and masks made small enough to stand inside a page.

A mask becomes an SVG path: its outline at the photograph's size on the page, holes included, in
whole units, so that a browser draws it crisp at any size. This is a view; results keep the pixels.
"""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.measure import approximate_polygon, find_contours

from maskloop.platform.images import Pixels
from maskloop.platform.masks import GeneratedMask

LONG_SIDE = 1024
"""Pixels of a photograph on the page, at most."""
MAX_MASKS = 1000
"""Masks drawn on one photograph, at most: the largest."""
UNITS = 4
"""Path units in one pixel of the photograph on the page."""
_TOLERANCE = 0.35
"""How far an outline may run beside the mask's edge, in pixels on the page."""

Ring = npt.NDArray[np.float64]
"""(N, 2), the last point equal to the first."""

COLOURS = (
    *("#3b9dff", "#ff9f1c", "#2ecc8f", "#ff5d73", "#b084ff", "#ffd23f", "#19c8d8", "#ff7ac6"),
    *("#8fd14f", "#5b7cff", "#ff7f50", "#7fdcff", "#00b89c", "#d58cff", "#f06292", "#ffb870"),
)
"""Bright on photographs, and spread in lightness as well as hue for eyes that mix up hues."""


@dataclass(frozen=True)
class DrawnMask:
    """`path` is SVG path data in units of the picture's `view_wh`, `score` the predicted IoU and
    `share` the mask's part of the image, 0 to 1."""

    path: str
    colour: str
    score: float
    share: float


@dataclass(frozen=True)
class Picture:
    """`data_uri` holds the photograph as WebP; paths are drawn over `view_wh`."""

    data_uri: str
    view_wh: tuple[int, int]


def draw_photograph(pixels: Pixels) -> Picture:
    photograph = Image.fromarray(pixels)
    width, height = page_size((photograph.width, photograph.height))
    if (width, height) != photograph.size:
        photograph = photograph.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
    data = io.BytesIO()
    photograph.save(data, "WEBP", quality=80, method=3)
    encoded = base64.b64encode(data.getvalue()).decode("ascii")
    return Picture(f"data:image/webp;base64,{encoded}", view_size((width, height)))


def page_size(size_wh: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a photograph on the page: never enlarged."""
    scale = min(1.0, LONG_SIDE / max(size_wh))
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def view_size(page_wh: tuple[int, int]) -> tuple[int, int]:
    return page_wh[0] * UNITS, page_wh[1] * UNITS


def draw_masks(masks: Sequence[GeneratedMask]) -> list[DrawnMask]:
    """The largest first, so that smaller ones are drawn over it."""
    by_area = sorted(masks, key=lambda mask: mask.area, reverse=True)
    return [_drawn(mask) for mask in by_area[:MAX_MASKS]]


def _drawn(mask: GeneratedMask) -> DrawnMask:
    height, width = mask.rle.size_hw
    share = round(mask.area / (height * width), 4)
    return DrawnMask(outline(mask), colour_of(mask), round(mask.predicted_iou, 4), share)


def colour_of(mask: GeneratedMask) -> str:
    """The same mask has the same colour on every page."""
    return COLOURS[mask.rle.digest[0] % len(COLOURS)]


def outline(mask: GeneratedMask) -> str:
    """SVG path data, to be filled by the even-odd rule; a box where a mask is too thin to see."""
    coverage, corner_xy = _coverage(mask)
    contours: list[Ring] = find_contours(np.asarray(coverage), 127.5)  # type: ignore[no-untyped-call]
    if not contours:
        height, width = coverage.shape
        box_yx = [(1, 1), (1, width - 1), (height - 1, width - 1), (height - 1, 1), (1, 1)]
        contours = [np.array(box_yx) - 0.5]
    return "".join(_subpath(contour[:, ::-1] + 0.5 + corner_xy) for contour in contours)


def _coverage(mask: GeneratedMask) -> tuple[Pixels, tuple[int, int]]:
    """How much of each pixel of the page the mask covers (0 to 255), around the mask's box with a
    margin of one, and the (x, y) of this piece's corner on the page."""
    height, width = mask.rle.size_hw
    page_width, page_height = page_size((width, height))
    x, y, across, down = mask.bbox_xywh
    left, right, from_x, to_x = _piece(x, x + across + 1, width / page_width)
    top, bottom, from_y, to_y = _piece(y, y + down + 1, height / page_height)
    x0, y0, x1, y1 = map(math.floor, (from_x, from_y, to_x + 1, to_y + 1))
    source = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    inside = mask.rle.decode()[y : y + down + 1, x : x + across + 1]
    source[y - y0 : y - y0 + inside.shape[0], x - x0 : x - x0 + inside.shape[1]] = inside * 255
    small = Image.fromarray(source).resize(
        (right - left, bottom - top),
        Image.Resampling.BOX,
        box=(from_x - x0, from_y - y0, to_x - x0, to_y - y0),
    )
    return np.asarray(small), (left, top)


def _piece(start: int, stop: int, scale: float) -> tuple[int, int, float, float]:
    """One axis: first and last pixel on the page with a margin, and the same in the image."""
    first, last = math.floor(start / scale) - 1, math.ceil(stop / scale) + 1
    return first, last, first * scale, last * scale


def _subpath(contour_xy: Ring) -> str:
    """A closed ring, written as its first point and steps from point to point."""
    few = approximate_polygon(contour_xy, _TOLERANCE)  # type: ignore[no-untyped-call]
    points = np.rint(few * UNITS).astype(int)
    steps = " ".join(f"{x} {y}" for x, y in np.diff(points[:-1], axis=0))
    return f"M{points[0, 0]} {points[0, 1]}l{steps}z".replace(" -", "-")
