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

Floats = npt.NDArray[np.float64]


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
class _Answers:
    """To one proposal's prompts: IoU with its mask of what was taken for the answer to each, and
    how far apart the three readings of its centre are."""

    boxes: Floats
    points: Floats
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
) -> list[dict[DoubtReason, float]]:
    """What `doubts_of` weighs; raises as it does."""
    embedding = serving.embedding
    masks, prompts = [], []
    for each in proposals:
        if each.rle.size_hw != embedding.size_hw:
            reason = f"it is {_size(embedding.size_hw)} and its masks {_size(each.rle.size_hw)}"
            raise ImageChangedError(f"The image of proposal {each.id}", reason)
        mask = each.rle.decode()
        prompts.append(jittered(mask, f"{each.id}"))
        masks.append(low_res(mask, embedding))
    crossed = conflicts([each.rle for each in proposals])
    found = [
        {
            DoubtReason.CONFLICT: crossing,
            DoubtReason.CALIBRATION: 1 - calibration.probability(each.predicted_iou),
        }
        for each, crossing in zip(proposals, crossed, strict=True)
    ]
    for signals, answers in zip(found, _answers(serving, masks, prompts), strict=True):
        signals[DoubtReason.JITTER] = 1 - _mean(answers)
        signals[DoubtReason.CANDIDATES] = answers.spread
    if challenger is not None:
        for signals, answers in zip(found, _answers(challenger, masks, prompts), strict=True):
            signals[DoubtReason.CHALLENGER] = 1 - _mean(answers)
    return found


def _answers(
    version: Version, masks: Sequence[Mask], prompts: Sequence[JitteredPrompts]
) -> Iterator[_Answers]:
    """Of all proposals in turn: the decoder is asked for many at a time."""
    if not masks:
        return
    decoder, embedding = version.decoder, version.embedding
    boxed = _singly(decoder.decode_boxes(embedding, np.vstack([p.boxes_xyxy for p in prompts])))
    clicked = _singly(decoder.decode_points(embedding, np.vstack([p.points_xy for p in prompts])))
    by_box = [np.array([_taken(answer, mask) for answer in islice(boxed, BOXES)]) for mask in masks]
    for mask, of_boxes in zip(masks, by_box, strict=True):
        answers = list(islice(clicked, POINTS))
        of_points = np.array([float(ious(drawn, mask).max()) for drawn, _ in answers])
        yield _Answers(of_boxes, of_points, _spread(answers[0][0]))


def _singly(groups: Iterator[DecodedMasks]) -> Iterator[tuple[Mask, Floats]]:
    """Per prompt the readings (3, 256, 256) and their predicted IoU (3,)."""
    for group in groups:
        drawn = (group.low_res_logits > 0).cpu().numpy()
        yield from zip(drawn, group.predicted_iou.cpu().numpy(), strict=True)


def _taken(answer: tuple[Mask, Floats], mask: Mask) -> float:
    """IoU of the reading that the model believes in most: a box says what is meant."""
    drawn, predicted_iou = answer
    return float(ious(drawn[int(predicted_iou.argmax())], mask))


def _spread(readings: Mask) -> float:
    """1 - mean IoU of the three pairs among (3, 256, 256)."""
    return 1 - float(np.mean([ious(readings[a], readings[b]) for a, b in ((0, 1), (0, 2), (1, 2))]))


def _mean(answers: _Answers) -> float:
    """A point may mean the whole or a part, so any of its readings will do (see `_answers`)."""
    return float(np.concatenate([answers.boxes, answers.points]).mean())


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}×{size_hw[0]}"
