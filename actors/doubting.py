"""The doubts of an image's proposals, from its stored embedding; nothing is encoded here.

Every proposal's mask is turned into prompts, and the decoder is asked what it draws from them: a
mask that is right comes back nearly as it is, also when the prompts are moved a little.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from maskloop.actors.doubt.jitter import BOXES, POINTS, JitteredPrompts, jittered
from maskloop.actors.doubt.low_res import Mask, ious, low_res
from maskloop.actors.sam.decoder import DecodedMasks, Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.platform.calibration import RAW, Calibration
from maskloop.platform.conflicts import conflicts
from maskloop.platform.doubt import Doubt, DoubtReason, doubt_of
from maskloop.platform.errors import ImageChangedError
from maskloop.platform.masks import Rle

Signals = dict[DoubtReason, float]


@dataclass(frozen=True)
class Doubted:
    """A proposal as doubts need it. `id` decides how its prompts are moved."""

    id: int
    rle: Rle
    predicted_iou: float


@dataclass(frozen=True)
class Version:
    """What a model version makes of an image: its decoder, and the embedding of its encoder."""

    decoder: Decoder
    embedding: Embedding


@dataclass(frozen=True)
class _Asked:
    """A proposal's mask (256, 256) and what is asked about it."""

    mask: Mask
    prompts: JitteredPrompts


@dataclass(frozen=True)
class _Heard:
    """`disagreement`: 1 - mean IoU of the answers with the mask; `spread`: how far apart the three
    readings of its centre are."""

    disagreement: float
    spread: float


def doubts_of(
    serving: Version,
    proposals: Sequence[Doubted],
    *,
    calibration: Calibration = RAW,
    challenger: Version | None = None,
) -> list[Doubt]:
    """In the order of `proposals`, which are all of one image: they are looked at together.

    Raises `ImageChangedError` where a mask is of another size than the embedding's image, and
    `BadMaskError` for an empty one.
    """
    measured = signals_of(serving, proposals, calibration=calibration, challenger=challenger)
    return [doubt_of(signals) for signals in measured]


def signals_of(
    serving: Version,
    proposals: Sequence[Doubted],
    *,
    calibration: Calibration = RAW,
    challenger: Version | None = None,
) -> list[Signals]:
    """What `doubts_of` weighs; raises as it does."""
    asked = [_asked(each, serving.embedding) for each in proposals]
    found: list[Signals] = [
        {
            DoubtReason.CONFLICT: conflict,
            DoubtReason.CALIBRATION: 1 - calibration.probability(each.predicted_iou),
        }
        for each, conflict in zip(proposals, conflicts([p.rle for p in proposals]), strict=True)
    ]
    for signals, heard in zip(found, _hear(serving, asked), strict=True):
        signals[DoubtReason.JITTER] = heard.disagreement
        signals[DoubtReason.CANDIDATES] = heard.spread
    if challenger is not None:
        for signals, heard in zip(found, _hear(challenger, asked), strict=True):
            signals[DoubtReason.CHALLENGER] = heard.disagreement
    return found


def _asked(proposal: Doubted, embedding: Embedding) -> _Asked:
    if proposal.rle.size_hw != embedding.size_hw:
        theirs, ours = _size(embedding.size_hw), _size(proposal.rle.size_hw)
        raise ImageChangedError(
            f"the image of proposal {proposal.id}", f"it is {theirs} and the mask {ours}"
        )
    mask = proposal.rle.decode()
    prompts = jittered(mask, str(proposal.id))
    return _Asked(low_res(mask, embedding), prompts)


def _hear(version: Version, asked: Sequence[_Asked]) -> Iterator[_Heard]:
    """Of all proposals in turn: the decoder is asked for many at a time."""
    if not asked:
        return
    decoder, embedding = version.decoder, version.embedding
    boxes = np.vstack([each.prompts.boxes_xyxy for each in asked])
    points = np.vstack([each.prompts.points_xy for each in asked])
    boxed = _singly(decoder.decode_boxes(embedding, boxes))
    of_boxes = [_agreement(list(islice(boxed, BOXES)), each.mask) for each in asked]
    clicked = _singly(decoder.decode_points(embedding, points))
    for each, of_box in zip(asked, of_boxes, strict=True):
        readings = list(islice(clicked, POINTS))
        agreement = np.concatenate([of_box, _agreement(readings, each.mask)])
        yield _Heard(1 - float(agreement.mean()), _spread(readings[0]))


def _singly(groups: Iterator[DecodedMasks]) -> Iterator[Mask]:
    """Per prompt its three readings (3, 256, 256)."""
    for group in groups:
        yield from (group.low_res_logits > 0).cpu().numpy()


def _agreement(answers: Sequence[Mask], mask: Mask) -> npt.NDArray[np.float64]:
    """IoU of each answer with `mask`, of the reading that is nearest: a prompt may mean the whole
    or a part, and either is an answer to it."""
    nearest: npt.NDArray[np.float64] = ious(np.stack(answers), mask).max(axis=1)
    return nearest


def _spread(readings: Mask) -> float:
    """1 - mean IoU of the three pairs among (3, 256, 256)."""
    pairs = ious(readings, readings[0])[1:], ious(readings[1], readings[2])
    return 1 - float(np.append(*pairs).mean())


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}×{size_hw[0]}"
