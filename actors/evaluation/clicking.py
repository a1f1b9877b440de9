"""How many clicks an object takes, when each goes where the mask is most wrong.

A simulated person clicks the object's centre, then always the centre of the deeper error region:
positive where the mask lacks something, negative where it has too much (the protocol of interactive
segmentation: Sofiiuk et al., RITM, arXiv 2102.06583). The model is asked as the labeling
page asks it: three readings of a lone click, of which the most confident is taken; from then on all
clicks so far, with the logits of the mask that they refine, for the single mask.
"""

from collections.abc import Iterator

import numpy as np

from maskloop.actors.evaluation.centre import Centre, Mask, centre_of
from maskloop.actors.mask_answers import Logits, mask_of
from maskloop.actors.sam.decoder import Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.upscaling import upscaling
from maskloop.platform.prompts import NEGATIVE, POSITIVE, Prompts

GOOD = 0.85
VERY_GOOD = 0.90


def clicks_until(ious: Iterator[float], *, most: int) -> tuple[int, int]:
    """Clicks until IoU 0.85 and until 0.90; `most` + 1 where it is never reached.

    `ious`: after each click. No more are taken than it needs.
    """
    good = 0
    for clicks, iou in enumerate(ious, start=1):
        if iou >= GOOD and not good:
            good = clicks
        if iou >= VERY_GOOD:
            return good, clicks
        if clicks == most:
            break
    return good or most + 1, most + 1


def ious_of_clicks(decoder: Decoder, embedding: Embedding, wanted: Mask) -> Iterator[float]:
    """After each click; ends when the mask is right to the pixel."""
    scale = upscaling(embedding.resized_hw, embedding.size_hw)
    mask = np.zeros_like(wanted)
    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    logits: Logits | None = None
    while (click := next_click(mask, wanted)) is not None:
        centre, label = click
        points, labels = (*points, centre.xy), (*labels, label)
        logits = _answer(decoder, embedding, Prompts(points, labels, mask_logits=logits))
        mask = mask_of(logits, scale, embedding.size_hw)[0].decode()
        yield intersection_over_union(mask, wanted)


def next_click(mask: Mask, wanted: Mask) -> tuple[Centre, int] | None:
    """With its label; None when nothing is wrong. What is missing goes first where both are as
    deep."""
    missing, surplus = centre_of(wanted & ~mask), centre_of(mask & ~wanted)
    if missing is None:
        return None if surplus is None else (surplus, NEGATIVE)
    if surplus is None or missing.depth >= surplus.depth:
        return missing, POSITIVE
    return surplus, NEGATIVE


def intersection_over_union(ours: Mask, theirs: Mask) -> float:
    """0 for two empty masks."""
    union = np.count_nonzero(ours | theirs)
    return np.count_nonzero(ours & theirs) / union if union else 0.0


def _answer(decoder: Decoder, embedding: Embedding, prompts: Prompts) -> Logits:
    decoded = decoder.decode(embedding, prompts)
    if prompts.mask_logits is None:
        three = decoded.multimask
        best = int(three.predicted_iou[0].argmax())
        found = three.low_res_logits[0, best]
    else:
        found = decoded.single(prompts).low_res_logits[0, 0]
    logits: Logits = found.cpu().numpy()
    return logits
