"""Candidates kept in the object store, so that thresholds can move without asking the model again.

One object per image holds the candidates of all its crops. Derived, may be deleted at any time.

A node whose 5×5 neighbourhood is above every threshold that can be chosen needs no value of its
own: supports (see `upscaling`) are at most three nodes wide, so every support that holds the node
lies within that neighbourhood. All the pixels that the node takes part in are weighted means of
values above the threshold, and stay so with any other value above it in its place. The same holds
below. Such nodes are *flattened* to one constant, which costs next to nothing once compressed.
What remains lies along borders, and is rounded to steps that grow with the value: where two nodes
on the sides of a border are known to a twentieth, the border between them is known to about a
fortieth of a node.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from maskloop.actors.candidate_pruning import prune
from maskloop.actors.candidates import Candidate, Candidates, Window
from maskloop.actors.crops import Crop
from maskloop.actors.sam.transforms import resized_hw
from maskloop.actors.upscaling import REACH, upscaling
from maskloop.platform.errors import CandidatesMissingError, ObjectMissingError
from maskloop.platform.keeping import Keeping
from maskloop.platform.stages import Stages
from maskloop.platform.storage.store import ObjectStore

_NEIGHBOURHOOD: Final = np.ones((2 * REACH + 1, 2 * REACH + 1), dtype=np.uint8)
_STEPS: Final = 12
"""A logit x is kept as the nearest whole number to ± STEPS · log(1 + |x|)."""
_LEVEL: Final = 1
"""Of zlib; higher ones take several times longer and save a few per cent."""


@dataclass(frozen=True)
class KeptCandidates:
    """Of all crops of an image of `size_hw`; what `everything.choose` takes."""

    size_hw: tuple[int, int]
    crops: list[Candidates]


class Keeper:
    """Sets aside what is to be kept of candidates that pass by."""

    def __init__(self, keeping: Keeping, stages: Stages) -> None:
        self._keeping = keeping
        self._stages = stages
        self._kept: list[tuple[Crop, list[Candidate]]] = []

    def watch(self, proposed: Iterable[Candidates]) -> Iterator[Candidates]:
        """Passes them on, one crop after another."""
        for candidates in proposed:
            with self._stages("keep"):
                kept = prune(candidates.found, self._keeping)
                self._kept.append((candidates.crop, kept))
            yield candidates

    def pack(self, size_hw: tuple[int, int]) -> bytes:
        with self._stages("keep"):
            return pack(self._kept, size_hw, self._keeping.reach)


def flatten(logits: npt.NDArray[np.float32], reach: float) -> npt.NDArray[np.float32]:
    """A copy in which nodes far from every threshold within ± `reach` are ± (reach + 2)."""
    flat = logits.copy()
    for sign in (1, -1):
        beyond = (sign * logits > reach).view(np.uint8)
        flat[cv2.erode(beyond, _NEIGHBOURHOOD).view(bool)] = sign * (reach + 2)
    return flat


def pack(kept: list[tuple[Crop, list[Candidate]]], size_hw: tuple[int, int], reach: float) -> bytes:
    """A safetensors file: columns over the candidates, all their logits, and a sha256 of it all."""
    found = [candidate for _, candidates in kept for candidate in candidates]
    windows = [candidate.window for candidate in found if candidate.window is not None]
    codes = [_encode(flatten(window.logits, reach)).ravel() for window in windows]
    joined = np.concatenate(codes) if codes else np.empty(0, dtype=np.int8)
    compressed = zlib.compress(joined.tobytes(), _LEVEL)
    tensors = {
        "size_hw": torch.tensor(size_hw),
        "reach": torch.tensor(reach, dtype=torch.float64),
        "crops": _rows([(*crop.box_xyxy, crop.layer, len(some)) for crop, some in kept], 6),
        "windows": _rows([(w.top, w.left, *w.logits.shape) for w in windows], 4),
        "predicted_iou": torch.tensor([one.predicted_iou for one in found], dtype=torch.float32),
        "points_xy": torch.tensor([one.point_xy for one in found], dtype=torch.float32),
        "logits": torch.frombuffer(bytearray(compressed), dtype=torch.uint8),
    }
    return save(tensors | {"sha256": _sha256(tensors)})


def unpack(data: bytes, offset: float) -> KeptCandidates:
    """For a stability score offset. Raises ValueError, KeyError, SafetensorError or zlib.error."""
    tensors = load(data)
    if not torch.equal(tensors.pop("sha256"), _sha256(tensors)):
        raise ValueError("the candidates' bytes do not have their digest")
    found = iter(_candidates(tensors))
    reach = float(tensors["reach"])
    crops = []
    for *box, layer, count in tensors["crops"].tolist():
        crop = Crop((box[0], box[1], box[2], box[3]), layer)
        scaling = upscaling(resized_hw(crop.size_hw), crop.size_hw)
        some = [next(found) for _ in range(count)]
        crops.append(Candidates(crop, scaling, offset=offset, reach=reach, found=some))
    height, width = tensors["size_hw"].tolist()
    return KeptCandidates((height, width), crops)


def _candidates(tensors: dict[str, torch.Tensor]) -> Iterator[Candidate]:
    codes = np.frombuffer(zlib.decompress(tensors["logits"].numpy().tobytes()), dtype=np.int8)
    logits = _decode(codes)
    scores, points = tensors["predicted_iou"].tolist(), tensors["points_xy"].tolist()
    start = 0
    for (top, left, height, width), score, (x, y) in zip(
        tensors["windows"].tolist(), scores, points, strict=True
    ):
        end = start + height * width
        window = Window(top, left, logits[start:end].reshape(height, width))
        start = end
        yield Candidate(window, score, (x, y))


def _encode(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    steps = np.rint(_STEPS * np.log1p(np.abs(logits)))
    return np.asarray(np.copysign(steps, logits).astype(np.int8))


def _decode(codes: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    steps = np.arange(-128, 128)
    values = np.copysign(np.expm1(np.abs(steps) / _STEPS), steps).astype(np.float32)
    return np.asarray(values[codes.astype(np.int16) + 128])


def _rows(rows: list[tuple[int, ...]], columns: int) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.int32).reshape(-1, columns)


def _sha256(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(tensors[name].numpy().tobytes())
    return torch.tensor(list(digest.digest()), dtype=torch.uint8)


def read(objects: ObjectStore, key: str, source: str, offset: float) -> KeptCandidates:
    """Raises `CandidatesMissingError`, also for damaged ones: those are removed."""
    try:
        return unpack(objects.get(key), offset)
    except ObjectMissingError as error:
        raise CandidatesMissingError(source, key) from error
    except (SafetensorError, KeyError, ValueError, zlib.error) as error:
        objects.delete(key)
        raise CandidatesMissingError(source, key) from error
