"""An object's figures: what the decoder makes of its centre, of its box and of further clicks."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from maskloop.actors.evaluation.boundaries import boundary_f
from maskloop.actors.evaluation.centre import Centre, Mask, centre_of
from maskloop.actors.evaluation.clicking import clicks_until, ious_of_clicks
from maskloop.actors.mask_answers import mask_of
from maskloop.actors.sam.decoder import DecodedMasks, Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.selection import box_of
from maskloop.actors.upscaling import upscaling
from maskloop.platform.errors import BadMaskError, ImageChangedError
from maskloop.platform.evaluation import ObjectScore, Protocol
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.prompts import POSITIVE, Prompts

TIMED: Final = 4
"""Objects of an image whose click is asked alone and timed, as a person's is."""
_REPEATS: Final = 3
"""Of which the fastest counts: whatever else the machine does only makes it slower."""


@dataclass(frozen=True)
class _Object:
    """Where to click and what to frame. Its pixels are made again when its turn comes: those of all
    objects of a large image would not fit."""

    item: ManifestItem
    centre: Centre
    box_xyxy: tuple[float, float, float, float]
    """Around its outermost pixels."""

    @classmethod
    def of(cls, item: ManifestItem) -> "_Object":
        mask = item.rle.decode()
        centre = centre_of(mask)
        if centre is None:
            raise BadMaskError(f"annotation {item.annotation_id} has no pixel inside")
        left, top, right, bottom = box_of(mask)
        return cls(item, centre, (float(left), float(top), float(right + 1), float(bottom + 1)))


def score_object(
    decoder: Decoder, embedding: Embedding, item: ManifestItem, protocol: Protocol
) -> ObjectScore:
    """All figures of one object, but for everything-mode. Raises as `score_objects` does."""
    (score,) = score_objects(
        decoder, embedding, [item], protocol, clicked={item.annotation_id}, timed=1
    )
    return score


def score_objects(
    decoder: Decoder,
    embedding: Embedding,
    items: Sequence[ManifestItem],
    protocol: Protocol,
    *,
    clicked: Collection[int],
    timed: int = TIMED,
) -> Iterator[ObjectScore]:
    """Of one image, in their order; first clicks are decoded several at a time.

    `clicked`: annotation ids of those that are clicked to IoU 0.85 and 0.90; `timed`: how many of
    the first ones are timed. Raises `ImageChangedError` where a mask is of another size than the
    image, and `BadMaskError` for an empty one.
    """
    for item in items:
        if item.size_hw != embedding.size_hw:
            reason = f"it is {_size(embedding.size_hw)} and its masks are {_size(item.size_hw)}"
            raise ImageChangedError(item.source, reason)
    objects = [_Object.of(item) for item in items]
    if not objects:
        return
    milliseconds = _time_clicks(decoder, embedding, [each.centre for each in objects[:timed]])
    points = np.array([each.centre.xy for each in objects])
    firsts = _one_by_one(decoder.decode_points(embedding, points))
    for place, (each, first) in enumerate(zip(objects, firsts, strict=True)):
        mask = each.item.rle.decode()
        score = _first_answers(decoder, embedding, each, mask, first, protocol)
        if place < len(milliseconds):
            score = replace(score, milliseconds=milliseconds[place])
        if each.item.annotation_id in clicked:
            ious = ious_of_clicks(decoder, embedding, mask)
            good, very_good = clicks_until(ious, most=protocol.most_clicks)
            score = replace(score, clicks_85=good, clicks_90=very_good)
        yield score


def _first_answers(
    decoder: Decoder,
    embedding: Embedding,
    each: _Object,
    mask: Mask,
    first: DecodedMasks,
    protocol: Protocol,
) -> ObjectScore:
    """`first`: the three readings of a click at its centre."""
    readings = _masks(first, embedding)
    best = int(first.predicted_iou[0].argmax())
    overlaps = iou_matrix([*readings, _boxed(decoder, embedding, each)], [each.item.rle])[:, 0]
    return ObjectScore(
        annotation_id=each.item.annotation_id,
        image_sha256=each.item.image_sha256,
        category=each.item.category,
        area=each.item.rle.area,
        one_click=float(overlaps[best]),
        best_of_three=float(overlaps[:-1].max()),
        box=float(overlaps[-1]),
        boundary_f=boundary_f(readings[best].decode(), mask, protocol.boundary_tolerance),
    )


def decode_click(decoder: Decoder, embedding: Embedding, prompts: Prompts) -> None:
    """To be timed: the answer is on the processor then, so that a GPU has done its work."""
    decoder.decode(embedding, prompts).low_res_logits.cpu()


def _one_by_one(groups: Iterator[DecodedMasks]) -> Iterator[DecodedMasks]:
    for group in groups:
        for place in range(len(group.predicted_iou)):
            one = slice(place, place + 1)
            yield DecodedMasks(group.low_res_logits[one], group.predicted_iou[one])


def _masks(decoded: DecodedMasks, embedding: Embedding) -> list[Rle]:
    scale = upscaling(embedding.resized_hw, embedding.size_hw)
    planes = decoded.low_res_logits[0].cpu().numpy()
    return [mask_of(logits, scale, embedding.size_hw)[0] for logits in planes]


def _boxed(decoder: Decoder, embedding: Embedding, each: _Object) -> Rle:
    prompts = Prompts(box_xyxy=each.box_xyxy)
    return _masks(decoder.decode(embedding, prompts).single(prompts), embedding)[0]


def _time_clicks(decoder: Decoder, embedding: Embedding, centres: list[Centre]) -> list[float]:
    """With nothing else of ours under way, and after what the first click on an image waits for."""
    decoder.project(embedding)
    milliseconds = []
    for centre in centres:
        prompts = Prompts((centre.xy,), (POSITIVE,))
        took = []
        for _ in range(_REPEATS):
            started = time.perf_counter()
            decode_click(decoder, embedding, prompts)
            took.append(time.perf_counter() - started)
        milliseconds.append(min(took) * 1000)
    return milliseconds


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}×{size_hw[0]}"
