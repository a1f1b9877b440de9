"""Ten queues out of the proposals of a data set: each proposal is spoiled in one of them.

So each queue has a planted error for every nine right masks, and each right mask is planted once.
Nothing but the mask changes: the predicted IoU stays that of the proposal it was made from.
"""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from maskloop.actors.doubting import Doubted, Version, signals_of
from maskloop.actors.sam.decoder import Decoder
from maskloop.platform.conflicts import conflicts
from maskloop.platform.defects import spoil
from maskloop.platform.doubt import DoubtReason
from maskloop.platform.masks import Rle
from maskloop.platform.states import Defect
from review.material import RIGHT, Photograph

QUEUES: Final = 10
DEFECTS: Final = (Defect.ERODED, Defect.SHIFTED, Defect.MERGED, Defect.MISSING_PART)
Signals = dict[DoubtReason, float]


@dataclass(frozen=True)
class Entry:
    """An item of a queue. `id` decides nothing but ties. `iou`: of the proposal, before it was
    spoiled; `defect`: what was planted."""

    id: int
    photograph: str
    iou: float
    predicted_iou: float
    signals: Signals
    defect: Defect | None


@dataclass(frozen=True)
class Measured:
    """`queues`: by the IoU that planted errors keep, right masks with such errors among them;
    `as_it_is`: right and wrong attempts, nothing planted. `seconds`: of the unspoiled proposals."""

    queues: dict[float, list[list[Entry]]]
    as_it_is: list[Entry]
    proposals: int
    seconds: float


def measured(
    photographs: Iterable[Photograph], decoder: Decoder, kept_ious: Sequence[float]
) -> Measured:
    queues: dict[float, list[list[Entry]]] = {iou: [[] for _ in range(QUEUES)] for iou in kept_ious}
    as_it_is: list[Entry] = []
    proposals, seconds = 0, 0.0
    for photograph in photographs:
        version = Version(decoder, photograph.embedding)
        clean = [
            Doubted(_id(photograph, number), each.rle, each.predicted_iou)
            for number, each in enumerate(photograph.proposals)
        ]
        attempted = list(photograph.attempts)
        began = time.perf_counter()
        found = signals_of(version, [clean[number] for number in attempted])
        seconds += time.perf_counter() - began
        proposals += len(attempted)
        # Nothing ranks the other proposals of the image, but they take part in conflicts.
        of_clean = dict(zip(attempted, found, strict=True))
        crossed = conflicts([each.rle for each in clean])
        for number, (_, iou) in photograph.attempts.items():
            signals = of_clean[number] | {DoubtReason.CONFLICT: crossed[number]}
            as_it_is.append(_entry(photograph, clean[number], iou, signals, None))
        for kept_iou, with_such in queues.items():
            spoiled = _spoiled(photograph, clean, kept_iou)
            of_spoiled = signals_of(version, [spoiled[n][1] for n in spoiled])
            planted = dict(zip(spoiled, of_spoiled, strict=True))
            for place, queue in enumerate(with_such):
                queue += _with_planted(photograph, clean, of_clean, spoiled, planted, place)
    return Measured(queues, as_it_is, proposals, seconds)


def _spoiled(
    photograph: Photograph, clean: list[Doubted], wanted: float
) -> dict[int, tuple[Defect, Doubted]]:
    """Of each right proposal that can be spoiled; merged with what other objects' proposals are."""
    masks = {number: clean[number].rle.decode() for number in photograph.attempts}
    found = {}
    for number, (_, iou) in photograph.attempts.items():
        random = np.random.default_rng(clean[number].id)
        others = [mask for other, mask in masks.items() if other != number]
        for defect in random.permutation(np.array(DEFECTS)).tolist() if iou >= RIGHT else ():
            mask = spoil(Defect(defect), masks[number], others, iou=wanted, rng=random)
            if mask is not None:
                found[number] = Defect(defect), replace(clean[number], rle=Rle.encode(mask))
                break
    return found


def _with_planted(
    photograph: Photograph,
    clean: list[Doubted],
    of_clean: dict[int, Signals],
    spoiled: dict[int, tuple[Defect, Doubted]],
    of_spoiled: dict[int, Signals],
    place: int,
) -> list[Entry]:
    """One queue's part of an image; who contradicts whom depends on what is planted there."""
    here = {n: spoiled[n] for n in spoiled if clean[n].id // 7 % QUEUES == place}
    shown = [here[n][1] if n in here else each for n, each in enumerate(clean)]
    crossed = conflicts([each.rle for each in shown])
    entries = []
    for number, (_, iou) in photograph.attempts.items():
        if iou < RIGHT:
            continue
        signals = of_spoiled[number] if number in here else of_clean[number]
        signals = signals | {DoubtReason.CONFLICT: crossed[number]}
        defect = here[number][0] if number in here else None
        entries.append(_entry(photograph, shown[number], iou, signals, defect))
    return entries


def _entry(
    photograph: Photograph, each: Doubted, iou: float, signals: Signals, defect: Defect | None
) -> Entry:
    return Entry(each.id, photograph.name, iou, each.predicted_iou, signals, defect)


def _id(photograph: Photograph, number: int) -> int:
    digest = hashlib.sha256(f"{photograph.name}:{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
