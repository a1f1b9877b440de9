"""Masks of the sizes that everything-mode finds, made up: what the database stores, not what a
model drew."""

from typing import Final

import numpy as np

from maskloop.platform.masks import GeneratedMask, Rle

SIZE_HW: Final = (1536, 2048)
LETTERS: Final = np.frombuffer(bytes(range(48, 112)), dtype=np.uint8)


def made_up(number: int, *, seed: int) -> list[GeneratedMask]:
    """Counts of 120 to 900 bytes; no two are equal."""
    random = np.random.default_rng(seed)
    lengths = random.integers(120, 901, number)
    return [_mask(random, int(length)) for length in lengths]


def _mask(random: np.random.Generator, length: int) -> GeneratedMask:
    height, width = SIZE_HW
    left, top = int(random.integers(0, width - 200)), int(random.integers(0, height - 200))
    counts = LETTERS[random.integers(0, len(LETTERS), length)].tobytes()
    return GeneratedMask(
        rle=Rle(SIZE_HW, counts),
        bbox_xywh=(left, top, 199, 199),
        area=int(random.integers(1, 40_001)),
        predicted_iou=float(random.uniform(0.88, 1.0)),
        stability_score=float(random.uniform(0.95, 1.0)),
        point_xy=(left + 100.5, top + 100.5),
        crop_box_xywh=(0, 0, width, height),
    )
