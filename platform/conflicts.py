"""Which proposals of an image contradict each other: masks that cross.

Things lie beside each other or in each other; a mask that takes half of another one in is usually
wrong, or the other one is.
"""

from collections.abc import Sequence

import numpy as np

from maskloop.platform.masks import Rle, containment_matrix


def conflicts(masks: Sequence[Rle]) -> list[float]:
    """For each the worst conflict with another, 0 to 1: of the smaller of the two, c lies in the
    larger; 0 for c = 0 (side by side) and c = 1 (one in the other), 1 for c = 1/2."""
    inside = containment_matrix(list(masks), list(masks))
    smaller_inside = np.maximum(inside, inside.T)
    conflict = 2 * np.minimum(smaller_inside, 1 - smaller_inside)
    return [float(worst) for worst in conflict.max(axis=1, initial=0.0)]
