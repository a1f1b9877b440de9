"""From an image's pixels to the encoder's input, and from low-resolution logits back.

Follows the official code (`ResizeLongestSide`, `Sam.preprocess`, `Sam.postprocess_masks`) to the
pixel: PIL's antialiased bilinear resize on bytes, normalising, and only then padding with zeros.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from maskloop.platform.images import Pixels

PREPROCESSING_VERSION: Final = 1
"""Part of an embedding's key: raise it whenever the same pixels give another input tensor."""
INPUT_SIDE: Final = 1024

_MEAN_RGB = (123.675, 116.28, 103.53)
_STD_RGB = (58.395, 57.12, 57.375)


def resized_hw(size_hw: tuple[int, int]) -> tuple[int, int]:
    """(height, width) with the longest side at 1024, rounded half up, at least 1."""
    scale = INPUT_SIDE / max(size_hw)
    height, width = (max(1, int(side * scale + 0.5)) for side in size_hw)
    return height, width


def input_tensor(pixels: Pixels) -> Tensor:
    """(1, 3, 1024, 1024) float32: resized, normalised RGB, zeros to the right and below."""
    height, width = resized_hw((pixels.shape[0], pixels.shape[1]))
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    rgb = torch.from_numpy(np.array(resized, dtype=np.float32)).permute(2, 0, 1)
    normalised = (rgb - _per_channel(_MEAN_RGB)) / _per_channel(_STD_RGB)
    return nn.functional.pad(normalised, (0, INPUT_SIDE - width, 0, INPUT_SIDE - height))[None]


def to_input_xy(
    points_xy: npt.ArrayLike, size_hw: tuple[int, int], resized_hw: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """(..., 2) pixels of the original image to pixels of the input, each axis by its own scale."""
    scale_xy = np.array([resized_hw[1] / size_hw[1], resized_hw[0] / size_hw[0]])
    return np.asarray(np.asarray(points_xy, dtype=np.float64) * scale_xy, dtype=np.float32)


def upscale(
    low_res_logits: Tensor, resized_hw: tuple[int, int], size_hw: tuple[int, int]
) -> Tensor:
    """(..., 256, 256) logits to (..., H, W) of the original image, in the two official steps.

    A single step, though cheaper, gives other pixels along the borders.
    """
    leading = low_res_logits.shape[:-2]
    planes = low_res_logits.reshape(1, -1, *low_res_logits.shape[-2:])
    planes = _bilinear(planes, (INPUT_SIDE, INPUT_SIDE))
    planes = _bilinear(planes[..., : resized_hw[0], : resized_hw[1]], size_hw)
    return planes.reshape(*leading, *size_hw)


def _bilinear(planes: Tensor, size_hw: tuple[int, int]) -> Tensor:
    return nn.functional.interpolate(planes, size_hw, mode="bilinear", align_corners=False)


def _per_channel(values: tuple[float, float, float]) -> Tensor:
    return torch.tensor(values).view(3, 1, 1)
