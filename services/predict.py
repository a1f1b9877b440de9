"""Masks for prompts on one file, without a server."""

import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from maskloop.actors.mask_answers import Answerer
from maskloop.platform.errors import BadLocationError
from maskloop.platform.images import Limits, read_image
from maskloop.platform.mask_answers import AnsweredMask
from maskloop.platform.prompts import Prompts
from maskloop.platform.settings import Settings
from maskloop.platform.stages import Stages
from maskloop.platform.storage.sources import find_images
from maskloop.services.local_model import LocalModel


@dataclass(frozen=True)
class Prediction:
    source: str
    size_hw: tuple[int, int]
    masks: tuple[AnsweredMask, ...]
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
    found = Answerer(model.decoder).answer(
        embedding, prompts, multimask=multimask, previous=None, stages=Stages()
    )
    decode_seconds = time.perf_counter() - encoded
    return Prediction(source.uri, size_hw, found, encoded - started, decode_seconds)


def write_png(mask: AnsweredMask, path: Path) -> None:
    """The mask as a black and white PNG of the image's size."""
    from PIL import Image

    Image.fromarray(mask.rle.decode()).save(path, format="PNG")
