"""Masks for prompts on one file, without a server."""

import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from maskloop.actors.sam.transforms import upscale
from maskloop.actors.selection import box_of
from maskloop.platform.errors import BadLocationError
from maskloop.platform.images import Limits, read_image
from maskloop.platform.masks import Rle
from maskloop.platform.prompts import Prompts
from maskloop.platform.settings import Settings
from maskloop.platform.storage.sources import find_images
from maskloop.services.local_model import LocalModel


@dataclass(frozen=True)
class PredictedMask:
    """`bbox_xywh` as in the official records: right - left and bottom - top of outermost pixels."""

    rle: Rle
    bbox_xywh: tuple[int, int, int, int]
    area: int
    predicted_iou: float


@dataclass(frozen=True)
class Prediction:
    source: str
    size_hw: tuple[int, int]
    masks: list[PredictedMask]
    encode_seconds: float
    decode_seconds: float


def predict(
    settings: Settings, model: LocalModel, path: str, prompts: Prompts, *, multimask: bool
) -> Prediction:
    """The three readings of the prompts, best first, or the one the official export would return.

    Raises `BadImageError`, `BadPromptError`, `BadLocationError`.
    """
    source, *others = islice(find_images(path, s3_endpoint_url=settings.s3_endpoint_url), 2)
    if others:
        raise BadLocationError(path, "it holds several images; name one of them")
    data = source.read(settings.max_image_bytes)
    pixels, facts = read_image(data, source.uri, Limits(settings.max_image_pixels))
    size_hw = (facts.height, facts.width)
    prompts.check(size_hw)
    started = time.perf_counter()
    embedding = model.encoder.encode(pixels)
    encoded = time.perf_counter()
    decoded = model.decoder.decode(embedding, prompts)
    answer = decoded.multimask if multimask else decoded.single(prompts)
    logits = upscale(answer.low_res_logits[0], embedding.resized_hw, size_hw)
    masks = (logits > 0).cpu().numpy()
    scores = answer.predicted_iou[0].tolist()
    found = [
        PredictedMask(Rle.encode(mask), _bbox_xywh(mask), int(mask.sum()), float(score))
        for mask, score in zip(masks, scores, strict=True)
    ]
    found.sort(key=lambda mask: -mask.predicted_iou)
    decode_seconds = time.perf_counter() - encoded
    return Prediction(source.uri, size_hw, found, encoded - started, decode_seconds)


def _bbox_xywh(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = box_of(mask)
    return x1, y1, x2 - x1, y2 - y1


def write_png(mask: PredictedMask, path: Path) -> None:
    """The mask as a black and white PNG of the image's size."""
    from PIL import Image

    Image.fromarray(mask.rle.decode()).save(path, format="PNG")
