"""Where everything-mode looks: crops of the image, and grids of points inside them."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels


@dataclass(frozen=True)
class Crop:
    """`box_xyxy` in pixels of the image, right and bottom exclusive; layer 0 is the whole image."""

    box_xyxy: tuple[int, int, int, int]
    layer: int

    @property
    def size_hw(self) -> tuple[int, int]:
        x1, y1, x2, y2 = self.box_xyxy
        return y2 - y1, x2 - x1

    @property
    def box_xywh(self) -> tuple[int, int, int, int]:
        height, width = self.size_hw
        return self.box_xyxy[0], self.box_xyxy[1], width, height

    def cut(self, pixels: Pixels) -> Pixels:
        """From the whole image's."""
        x1, y1, x2, y2 = self.box_xyxy
        return pixels[y1:y2, x1:x2]


def crops_of(size_hw: tuple[int, int], parameters: GenerationParameters) -> list[Crop]:
    """The whole image, then layer i's (2^i)^2 overlapping crops, as the official code cuts them."""
    height, width = size_hw
    crops = [Crop((0, 0, width, height), 0)]
    for layer in range(1, parameters.crop_n_layers + 1):
        per_side = 2**layer
        overlap = int(parameters.crop_overlap_ratio * min(height, width) * (2 / per_side))
        across = _side_of_crop(width, per_side, overlap)
        down = _side_of_crop(height, per_side, overlap)
        lefts = [(across - overlap) * i for i in range(per_side)]
        tops = [(down - overlap) * i for i in range(per_side)]
        crops.extend(
            Crop((x, y, min(x + across, width), min(y + down, height)), layer)
            for x, y in product(lefts, tops)
            if x < width and y < height  # images of a few pixels have fewer crops
        )
    return crops


def _side_of_crop(side: int, per_side: int, overlap: int) -> int:
    return math.ceil((overlap * (per_side - 1) + side) / per_side)


def grid_xy(per_side: int, size_hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    """(per_side^2, 2) points in the middle of equal cells, row by row, in pixels of the crop."""
    height, width = size_hw
    middles = (np.arange(per_side) + 0.5) / per_side
    ys, xs = np.meshgrid(middles * height, middles * width, indexing="ij")
    return np.stack([xs.ravel(), ys.ravel()], axis=1)


def touches_inner_edge(
    boxes_xyxy: npt.NDArray[np.float64], crop: Crop, size_hw: tuple[int, int], *, within: float = 20
) -> npt.NDArray[np.bool_]:
    """Which boxes (N, 4), in pixels of the image, end at a crop edge that is not an image edge.

    Such a mask was probably cut by the crop; another crop or the whole image has it whole.
    """
    height, width = size_hw
    at_crop = np.abs(boxes_xyxy - np.array(crop.box_xyxy)) <= within
    at_image = np.abs(boxes_xyxy - np.array([0, 0, width, height])) <= within
    return np.asarray((at_crop & ~at_image).any(axis=1))
