"""Which proposals of an image contradict each other: masks that cross.

Things lie beside each other or in each other; a mask that takes half of another one in is usually
wrong, or the other one is.
"""

from collections.abc import Sequence

import numpy as np

from maskloop.platform.masks import Rle, containment_matrix


def conflicts(masks: Sequence[Rle]) -> list[float]:
    """For each the worst conflict with another, 0 to 1.

    Of two masks the smaller lies in the larger by its share s, the larger in the smaller by l: they
    conflict by 4 · l · (1 - s). That is 0 side by side and one in the other, 1 where two of a size
    share half, and little where a small one stands on the border of a large one.
    """
    inside = containment_matrix(list(masks), list(masks))
    larger, smaller = np.minimum(inside, inside.T), np.maximum(inside, inside.T)
    return [float(worst) for worst in (4 * larger * (1 - smaller)).max(axis=1, initial=0.0)]
