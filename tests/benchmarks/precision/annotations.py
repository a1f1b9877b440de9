"""Annotated photographs, and the prompts that a person would give for what is annotated."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from maskloop.platform.images import Pixels, read_image
from maskloop.platform.masks import Rle
from maskloop.platform.prompts import POSITIVE, Prompts


@dataclass(frozen=True)
class Annotated:
    """A photograph and the objects on it that have any pixels."""

    name: str
    pixels: Pixels
    objects: list[Rle]


def annotated(folder: Path) -> Iterator[Annotated]:
    """Of `instances.json` (COCO, compressed RLE) and the photographs beside it, in its order."""
    content = json.loads((folder / "instances.json").read_text())
    objects: dict[int, list[Rle]] = {image["id"]: [] for image in content["images"]}
    for annotation in content["annotations"]:
        shape = annotation["segmentation"]
        height, width = shape["size"]
        rle = Rle((height, width), shape["counts"].encode())
        if rle.area and not annotation.get("iscrowd"):
            objects[annotation["image_id"]].append(rle)
    for image in content["images"]:
        name = image["file_name"]
        pixels, _ = read_image((folder / name).read_bytes(), name)
        if pixels.shape[:2] != (image["height"], image["width"]):
            raise SystemExit(f"{folder / name} has another size than its annotations say")
        yield Annotated(name, pixels, objects[image["id"]])


def centre_click(mask: npt.NDArray[np.bool_]) -> Prompts:
    """The middle of the pixel farthest from the mask's border, the first of several row by row.

    The image's edge counts as border; distances are Euclidean.
    """
    padded = np.pad(mask.astype(np.uint8), 1)
    distances = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(int(distances.argmax()), mask.shape)
    return Prompts(((float(x) + 0.5, float(y) + 0.5),), (POSITIVE,))


def box(mask: npt.NDArray[np.bool_]) -> Prompts:
    """Around the outermost pixels, their far edges included."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    corners = (float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1))
    return Prompts(box_xyxy=corners)
