"""Writes fixtures/*.json: what pycocotools and NumPy say of masks, to check the page's code by."""

import json
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

Raster = NDArray[np.bool_]
FOLDER = Path(__file__).parent / "fixtures"
EDGES = ((-1, 0), (1, 0), (0, -1), (0, 1))
CORNERS = (*EDGES, (-1, -1), (-1, 1), (1, -1), (1, 1))


def counts(raster: Raster) -> str:
    packed: bytes = coco.encode(np.asfortranarray(raster, dtype=np.uint8))["counts"]
    return packed.decode("ascii")


def rows(raster: Raster) -> list[str]:
    return ["".join("#" if inside else "." for inside in row) for row in raster]


def blobs(rng: np.random.Generator, height: int, width: int, number: int) -> Raster:
    """Discs added and taken away in turns: pieces, holes and islands in holes."""
    y, x = np.mgrid[0:height, 0:width]
    raster = np.zeros((height, width), dtype=bool)
    for turn in range(number):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        radius = rng.uniform(0.05, 0.3) * max(height, width)
        raster[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = turn % 3 != 2
    return raster


def pieces(raster: Raster, steps: tuple[tuple[int, int], ...]) -> list[Raster]:
    """The connected pieces, the largest first, equals by their first pixels."""
    left = raster.copy()
    found = []
    for start in sorted(zip(*np.nonzero(raster), strict=True), key=lambda at: (at[1], at[0])):
        if not left[start]:
            continue
        piece = np.zeros_like(raster)
        left[start], piece[start] = False, True
        queue = deque([start])
        while queue:
            y, x = queue.popleft()
            for dy, dx in steps:
                at = (y + dy, x + dx)
                if 0 <= at[0] < raster.shape[0] and 0 <= at[1] < raster.shape[1] and left[at]:
                    left[at], piece[at] = False, True
                    queue.append(at)
        found.append(piece)
    return sorted(found, key=lambda piece: -int(piece.sum()))


def holes(raster: Raster) -> list[Raster]:
    ys, xs = np.nonzero(raster)
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    found = []
    for piece in pieces(~raster[top:bottom, left:right], EDGES):
        if not (piece[0].any() or piece[-1].any() or piece[:, 0].any() or piece[:, -1].any()):
            hole = np.zeros_like(raster)
            hole[top:bottom, left:right] = piece
            found.append(hole)
    return found


def even_odd(points_xy: NDArray[np.float64], height: int, width: int) -> Raster:
    """Count the edges that a ray to the right crosses from each pixel's centre."""
    cy, cx = np.mgrid[0:height, 0:width] + 0.5
    inside = np.zeros((height, width), dtype=bool)
    for (x0, y0), (x1, y1) in zip(points_xy, np.roll(points_xy, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        spans = (y0 <= cy) != (y1 <= cy)
        inside ^= spans & (cx < x0 + (cy - y0) * (x1 - x0) / (y1 - y0))
    return inside


def distance(height: int, width: int, segment: list[float]) -> NDArray[np.float64]:
    x0, y0, x1, y1 = segment
    cy, cx = np.mgrid[0:height, 0:width] + 0.5
    squared = (x1 - x0) ** 2 + (y1 - y0) ** 2
    along = np.zeros((height, width))
    if squared > 0:
        along = np.clip(((cx - x0) * (x1 - x0) + (cy - y0) * (y1 - y0)) / squared, 0, 1)
    away: NDArray[np.float64] = np.hypot(cx - x0 - along * (x1 - x0), cy - y0 - along * (y1 - y0))
    return away


def named_masks(rng: np.random.Generator) -> dict[str, Raster]:
    frame = np.ones((9, 7), dtype=bool)
    frame[1:-1, 1:-1] = False
    corner = np.zeros((6, 8), dtype=bool)
    corner[5, 7] = True
    return {
        "nothing": np.zeros((5, 4), dtype=bool),
        "everything": np.ones((5, 4), dtype=bool),
        "one pixel image": np.ones((1, 1), dtype=bool),
        "last pixel": corner,
        "first pixel": corner[::-1, ::-1],
        "all four borders": frame,
        "one row": rng.random((1, 40)) < 0.5,
        "one column": rng.random((40, 1)) < 0.5,
        "two full columns": np.tile(np.array([0, 1, 1, 0, 1], dtype=bool), (6, 1)),
        "chessboard": np.indices((12, 11)).sum(axis=0) % 2 == 0,
        "noise": rng.random((23, 31)) < 0.5,
        "blobs": blobs(rng, 60, 80, 7),
    }


def of_mask(name: str, raster: Raster) -> dict[str, Any]:
    packed = coco.encode(np.asfortranarray(raster, dtype=np.uint8))
    return {
        "name": name,
        "size_hw": list(raster.shape),
        "counts": counts(raster),
        "rows": rows(raster),
        "area": int(coco.area(packed)),
        "bbox_xywh": [int(value) for value in coco.toBbox(packed)],
    }


def of_large(rng: np.random.Generator) -> dict[str, Any]:
    raster = blobs(rng, 3000, 4000, 4)
    packed = coco.encode(np.asfortranarray(raster, dtype=np.uint8))
    points = [[int(rng.integers(4000)), int(rng.integers(3000))] for _ in range(200)]
    return {
        "size_hw": [3000, 4000],
        "counts": counts(raster),
        "area": int(coco.area(packed)),
        "bbox_xywh": [int(value) for value in coco.toBbox(packed)],
        "points_xy": points,
        "inside": [bool(raster[y, x]) for x, y in points],
    }


def of_pair(rng: np.random.Generator, turn: int) -> dict[str, Any]:
    height, width = (int(value) for value in rng.integers(1, 40, 2))
    a = blobs(rng, height, width, 5) if turn % 2 else rng.random((height, width)) < 0.5
    b = blobs(rng, height, width, 5) if turn % 3 else rng.random((height, width)) < 0.3
    packed = [coco.encode(np.asfortranarray(raster, dtype=np.uint8)) for raster in (a, b)]
    overlap = float(coco.iou([packed[0]], [packed[1]], [0])[0, 0]) if (a | b).any() else 0.0
    return {
        "size_hw": [height, width],
        "a": counts(a),
        "b": counts(b),
        "union": counts(a | b),
        "subtract": counts(a & ~b),
        "intersect": counts(a & b),
        "iou": overlap,
    }


def of_stamp(rng: np.random.Generator, turn: int) -> dict[str, Any]:
    """A stamp whose edge passes through no pixel's centre: rounding decides nothing."""
    height, width = (int(value) for value in rng.integers(4, 30, 2))
    while True:
        segment = [round(float(value), 3) for value in rng.uniform(-4, 32, 4)]
        if turn % 4 == 0:
            segment[2:] = segment[:2]
        elif turn % 4 == 1:
            segment[2] = segment[0]
        elif turn % 4 == 2:
            segment[3] = segment[1]
        radius = round(float(rng.uniform(0.5, 9)), 3)
        away = distance(height, width, segment)
        if np.abs(away - radius).min() > 1e-6:
            break
    return {"segment": segment, "radius": radius, "rows": rows(away <= radius)}


def of_polygon(rng: np.random.Generator) -> dict[str, Any]:
    height, width = (int(value) for value in rng.integers(1, 50, 2))
    number = int(rng.integers(3, 9))
    points = np.round(rng.uniform((-5, -5), (width + 5, height + 5), (number, 2)), 3)
    raster = even_odd(points, height, width)
    return {"size_hw": [height, width], "points_xy": points.tolist(), "counts": counts(raster)}


def of_shape(rng: np.random.Generator, turn: int) -> dict[str, Any]:
    height, width = (int(value) for value in rng.integers(8, 40, 2))
    raster = blobs(rng, height, width, 8) if turn % 2 else rng.random((height, width)) < 0.6
    raster[height // 2, width // 2] = True
    gaps = holes(raster)
    filled = np.logical_or.reduce([raster, *gaps])
    partly = np.logical_or.reduce([raster, *(gap for gap in gaps if gap.sum() <= 3)])
    parts = pieces(raster, CORNERS)
    kept = np.logical_or.reduce([part for part in parts if part.sum() >= 4] or parts[:1])
    return {
        "size_hw": [height, width],
        "counts": counts(raster),
        "components": [counts(part) for part in parts],
        "components_by_edges": [counts(part) for part in pieces(raster, EDGES)],
        "filled": counts(filled),
        "filled_to_3": counts(partly),
        "without_islands_below_4": counts(kept),
    }


def write(name: str, value: object) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=True)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    rng = np.random.default_rng(5)
    FOLDER.mkdir(exist_ok=True)
    masks = [of_mask(name, raster) for name, raster in named_masks(rng).items()]
    pairs = [of_pair(rng, turn) for turn in range(24)]
    write("rle", {"masks": masks, "large": of_large(rng), "pairs": pairs})
    write("bitmap", {"stamps": [of_stamp(rng, turn) for turn in range(24)]})
    polygons = [of_polygon(rng) for _ in range(24)]
    write("shapes", {"polygons": polygons, "shapes": [of_shape(rng, turn) for turn in range(10)]})


if __name__ == "__main__":
    main()
