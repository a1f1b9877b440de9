"""Greedy non-maximum suppression of boxes."""

import numpy as np
import numpy.typing as npt


def suppress(
    boxes_xyxy: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], iou_thresh: float
) -> npt.NDArray[np.intp]:
    """Indices of the boxes that stay, best score first; ties keep their order.

    A box goes when its IoU with a better one that stays is above `iou_thresh`. Boxes (N, 4) of no
    area overlap nothing, themselves included.
    """
    order = np.argsort(-scores, kind="stable")
    corners = boxes_xyxy[order].astype(np.float64)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    alive = np.ones(len(order), dtype=bool)
    for i in range(len(order)):
        if alive[i]:
            rest = slice(i + 1, None)
            alive[rest] &= _iou(corners[i], areas[i], corners[rest], areas[rest]) <= iou_thresh
    return np.asarray(order[alive])


def _iou(
    corner: npt.NDArray[np.float64],
    area: float,
    corners: npt.NDArray[np.float64],
    areas: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    low = np.maximum(corner[:2], corners[:, :2])
    high = np.minimum(corner[2:], corners[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = area + areas - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
