"""From prompts on an embedding to the masks of an answer; full-size work only where they are."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch

from maskloop.actors.candidates import Window, window_above
from maskloop.actors.mask_references import Recipe, Step, recipe_of, reference_of
from maskloop.actors.sam.decoder import DecodedMasks, Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.selection import box_of
from maskloop.actors.upscaling import Upscaling, upscaling
from maskloop.platform.mask_answers import AnsweredMask
from maskloop.platform.masks import Rle
from maskloop.platform.prompts import Prompts
from maskloop.platform.stages import Stages

_REMEMBERED: Final = 12
"""Masks of an image whose logits are kept for the click that refines them: 256 KiB each."""
_FULL_SIZE_VALUES = 4_000_000
"""Made at a time: bounds the memory for large images."""

Logits = npt.NDArray[np.float32]


class Answerer:
    """Asks one decoder, and remembers the logits of each embedding's latest masks as long as the
    embedding lives. Safe in several threads."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._lock = threading.Lock()
        self._remembered: WeakKeyDictionary[Embedding, OrderedDict[str, Logits]] = (
            WeakKeyDictionary()
        )

    def answer(
        self,
        embedding: Embedding,
        prompts: Prompts,
        *,
        multimask: bool,
        previous: str | None,
        stages: Stages,
    ) -> tuple[AnsweredMask, ...]:
        """The three readings of the prompts, or the one that the official export would return;
        the best first. `previous`: the reference of the mask that these prompts refine.

        Raises `BadPromptError`, `BadReferenceError`.
        """
        recipe: Recipe = ()
        with stages("decode"):
            if previous is not None:
                recipe = recipe_of(previous)
                logits = self._logits(embedding, recipe, previous)
                decoded = self._decoder.decode(embedding, replace(prompts, mask_logits=logits))
            else:
                decoded = self._decoder.decode(embedding, prompts)
        with stages("mask"):
            tokens = (1, 2, 3) if multimask else (int(decoded.single_token(prompts)[0]),)
            found = [
                self._answered(embedding, decoded, token, (*recipe, Step(prompts, token)))
                for token in tokens
            ]
        return tuple(sorted(found, key=lambda mask: -mask.predicted_iou))

    def project(self, embedding: Embedding) -> None:
        """What the first click on an image would have to wait for."""
        self._decoder.project(embedding)

    def _logits(self, embedding: Embedding, recipe: Recipe, reference: str) -> Logits:
        """Of the mask that a recipe leads to; made again where they are not remembered."""
        with self._lock:
            kept = self._remembered.get(embedding)
            known = None if kept is None else kept.get(reference)
        if known is not None:
            return known
        logits: Logits | None = None
        for step in recipe:
            decoded = self._decoder.decode(embedding, replace(step.prompts, mask_logits=logits))
            logits = decoded.low_res_logits[0, step.token].cpu().numpy()
        assert logits is not None, "a recipe has a step"
        self._remember(embedding, reference, logits)
        return logits

    def _answered(
        self, embedding: Embedding, decoded: DecodedMasks, token: int, recipe: Recipe
    ) -> AnsweredMask:
        logits = decoded.low_res_logits[0, token].cpu().numpy()
        reference = reference_of(recipe)
        self._remember(embedding, reference, logits)
        scale = upscaling(embedding.resized_hw, embedding.size_hw)
        rle, bbox_xywh = mask_of(logits, scale, embedding.size_hw)
        score = float(decoded.predicted_iou[0, token])
        return AnsweredMask(rle, bbox_xywh, rle.area, score, reference)

    def _remember(self, embedding: Embedding, reference: str, logits: Logits) -> None:
        with self._lock:
            kept = self._remembered.setdefault(embedding, OrderedDict())
            kept[reference] = logits
            kept.move_to_end(reference)
            if len(kept) > _REMEMBERED:
                kept.popitem(last=False)


def mask_of(
    logits: Logits, scale: Upscaling, size_hw: tuple[int, int]
) -> tuple[Rle, tuple[int, int, int, int]]:
    """`logits` (256, 256) to the mask at full size and its box: left, top, width, height as in the
    official records (right - left and bottom - top of the outermost pixels; zeros when empty).

    The pixels are those of the two official upscaling steps (see `upscaling`).
    """
    height, width = scale.shown_hw
    window = window_above(Window(0, 0, logits[:height, :width]), 0.0)
    if window is None:
        return _empty(size_hw)
    rows = scale.rows.within(window.top, window.top + window.logits.shape[0] - 1)
    columns = scale.columns.within(window.left, window.left + window.logits.shape[1] - 1)
    if rows[0] == rows[1] or columns[0] == columns[1]:  # between the pixels of a tiny image
        return _empty(size_hw)
    mask = np.concatenate(list(_blocks(window, scale, rows, columns)))
    x1, y1, x2, y2 = box_of(mask, rows[0], columns[0])
    return Rle.encode_part(mask, rows[0], columns[0], size_hw), (x1, y1, x2 - x1, y2 - y1)


def _empty(size_hw: tuple[int, int]) -> tuple[Rle, tuple[int, int, int, int]]:
    return Rle.encode_part(np.zeros((0, 0), dtype=np.bool_), 0, 0, size_hw), (0, 0, 0, 0)


def _blocks(
    window: Window, scale: Upscaling, rows: tuple[int, int], columns: tuple[int, int]
) -> Iterator[npt.NDArray[np.bool_]]:
    values = torch.from_numpy(np.ascontiguousarray(window.logits))
    step = max(1, _FULL_SIZE_VALUES // max(1, columns[1] - columns[0]))
    for start in range(rows[0], rows[1], step):
        block = (start, min(start + step, rows[1]))
        yield scale.full(values, window.top, window.left, block, columns) > 0
