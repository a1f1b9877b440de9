"""How early an order brings bad masks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from maskloop.platform.bootstrap import figure_of
from maskloop.platform.doubt import TRUST, DoubtReason, doubt_of
from maskloop.platform.evaluation import Figure
from review.planting import Entry

Order = Callable[[Entry], float]
"""The smallest first."""


def by_score(entry: Entry) -> float:
    """The least confident first."""
    return entry.predicted_iou


def by_doubt(trust: Mapping[DoubtReason, float] = TRUST) -> Order:
    return lambda entry: -doubt_of(entry.signals, dict(trust)).score


@dataclass(frozen=True)
class Caught:
    """Of every bad entry whether it came in time."""

    entries: list[Entry]
    in_time: list[float]

    def figure(self) -> Figure:
        """Recall, with an interval that draws photographs."""
        images = [entry.photograph for entry in self.entries]
        return figure_of(np.array(self.in_time), images)

    def minus(self, other: "Caught") -> Figure:
        images = [entry.photograph for entry in self.entries]
        return figure_of(np.array(self.in_time) - np.array(other.in_time), images)


def caught(
    queues: Sequence[Sequence[Entry]], order: Order, share: float, bad: Callable[[Entry], bool]
) -> Caught:
    """What of the bad entries of each queue is in its first `share`, rounded up."""
    entries, in_time = [], []
    for queue in queues:
        ranked = sorted(queue, key=lambda entry: (order(entry), entry.id))
        last = ceil(share * len(ranked))
        for place, entry in enumerate(ranked):
            if bad(entry):
                entries.append(entry)
                in_time.append(float(place < last))
    pairs = sorted(zip(entries, in_time, strict=True), key=lambda pair: pair[0].id)
    return Caught([entry for entry, _ in pairs], [found for _, found in pairs])
