"""Small holes and islands of a mask."""

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def fill_holes(mask: Mask, min_area: int) -> tuple[Mask, bool]:
    """Fill holes of fewer than `min_area` pixels (8-connected); whether anything changed."""
    labels, areas = _components(~mask)
    small = areas < min_area
    small[0] = False
    if not small.any():
        return mask, False
    return mask | small[labels], True


def drop_islands(mask: Mask, min_area: int) -> tuple[Mask, bool]:
    """Drop islands of fewer than `min_area` pixels; the largest stays when all are small."""
    labels, areas = _components(mask)
    stays = areas >= min_area
    stays[0] = False
    if len(areas) == 1 or stays[1:].all():
        return mask, False
    if not stays.any():
        stays[1 + int(areas[1:].argmax())] = True
    return stays[labels], True


def _components(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Labels (H, W), 0 outside the mask, and the area of each label."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels), np.asarray(stats[:, cv2.CC_STAT_AREA])
