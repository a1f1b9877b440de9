"""Near-duplicates among masks, which suppression by boxes leaves behind.

Two masks of one thing may have quite different boxes (a stray pixel is enough), and a part and its
whole have different boxes by nature. Here the masks themselves are compared.
"""

import numpy as np

from maskloop.actors.selection import Found
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import containment_matrix, iou_matrix


def without_duplicates(found: list[Found], parameters: GenerationParameters) -> list[Found]:
    """The masks, in their order, of which none is a near-duplicate of a surer one.

    Surer means of higher predicted IoU, and of two equal ones the first. Empty masks duplicate
    nothing.
    """
    rles = [mask.rle for mask in found]
    inside = np.nan_to_num(containment_matrix(rles, rles))
    duplicates = iou_matrix(rles, rles) > parameters.dedup_iou_thresh
    duplicates |= np.maximum(inside, inside.T) > parameters.dedup_containment_thresh
    stays = np.zeros(len(found), dtype=bool)
    for i in np.argsort([-mask.predicted_iou for mask in found], kind="stable"):
        stays[i] = not (duplicates[i] & stays).any()
    return [mask for mask, kept in zip(found, stays, strict=True) if kept]
