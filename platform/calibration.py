"""How often a predicted IoU is right, learned from what reviewers said of it.

A model's predicted IoU orders its masks, but 0.9 of one version is not 0.9 of another, nor of
another kind of image. Isotonic regression (Barlow et al., Statistical Inference under Order
Restrictions, 1972; Zadrozny and Elkan, KDD 2002) keeps the order and replaces the number by the
share of accepted masks around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import isotonic_regression

FEWEST: Final = 50
"""Reviewed proposals below which nothing is learned; each outcome must be among them, too."""


@dataclass(frozen=True)
class Calibration:
    """Steps through `predicted_iou` (rising) with their `correctness`; between two of them
    straight, beyond the ends flat. Without steps a predicted IoU stands for itself."""

    predicted_iou: tuple[float, ...] = ()
    correctness: tuple[float, ...] = ()
    reviews: int = 0
    """From how many it was learned."""

    def probability(self, predicted_iou: float) -> float:
        """That a mask with this predicted IoU is right, 0 to 1."""
        if not self.predicted_iou:
            return min(1.0, max(0.0, predicted_iou))
        return float(np.interp(predicted_iou, self.predicted_iou, self.correctness))


RAW: Final = Calibration()
"""Where too little was reviewed."""


def calibrate(reviewed: Sequence[tuple[float, bool]]) -> Calibration:
    """From (predicted IoU, was it right) of each; `RAW` for fewer than `FEWEST` or of one kind.

    A step's share is shrunk towards the middle as by one review more of either outcome, so that
    three accepted masks at the top promise no certainty.
    """
    rights = sum(right for _, right in reviewed)
    if len(reviewed) < FEWEST or rights in (0, len(reviewed)):
        return RAW
    values, places = np.unique([iou for iou, _ in reviewed], return_inverse=True)
    counts = np.bincount(places)
    shares = np.bincount(places, weights=[right for _, right in reviewed]) / counts
    found = isotonic_regression(shares, weights=counts)
    starts = found.blocks[:-1]
    reviews = np.add.reduceat(counts, starts)
    middles = np.add.reduceat(values * counts, starts) / reviews
    shrunk = (found.x[starts] * reviews + 1) / (reviews + 2)
    # Shrinking pulls small steps further than large ones, which may turn two of them round.
    rising = np.maximum.accumulate(shrunk)
    return Calibration(tuple(middles.tolist()), tuple(rising.tolist()), len(reviewed))
