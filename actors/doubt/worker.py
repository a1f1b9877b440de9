"""The actor that doubts: loads the decoders once, then does one image after another.

It holds no database credentials and decides nothing; doubts go back to the caller.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from maskloop.actors.doubting import Doubted, Version, doubts_of
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.niceness import be_nice
from maskloop.actors.sam.compute import Compute, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.calibration import RAW, Calibration
from maskloop.platform.doubt import Doubt
from maskloop.platform.storage import open_store


@dataclass(frozen=True)
class Digests:
    """Of a model version's components."""

    encoder: str
    decoder: str


@dataclass(frozen=True)
class DoubtingPlan:
    """What every actor needs to know; travels to it by pickle."""

    objects: str
    s3_endpoint_url: str | None
    weights: Path
    serving: Digests
    compute: Compute
    """`threads`: of each process."""
    challenger: Digests | None = None
    calibration: Calibration = RAW
    workers: int = 1
    """Processes, one image at a time in each."""


@dataclass(frozen=True)
class ImageProposals:
    """All pending proposals of an image: they are looked at together."""

    image_sha256: bytes
    proposals: tuple[Doubted, ...]


@dataclass(frozen=True)
class ImageDoubts:
    """By proposal id; None where the image has no stored embedding and was passed over."""

    image_sha256: bytes
    doubts: dict[int, Doubt] | None


class Weigher:
    """What a constructor raises, Ray hides in a text: decoders are loaded with the first image."""

    def __init__(self, plan: DoubtingPlan) -> None:
        settle_threads(plan.compute)
        be_nice()
        self._plan = plan
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        self._embeddings = EmbeddingStore(self._objects, plan.compute.precision)
        self._decoder = cache(self._load)

    def weigh(self, image: ImageProposals) -> ImageDoubts:
        """A challenger whose own encoder has not seen the image says nothing. Raises the errors of
        weights and the object store as they are, and as `doubts_of` does."""
        serving = self._version(self._plan.serving, image.image_sha256)
        if serving is None:
            return ImageDoubts(image.image_sha256, None)
        challenger = None
        if self._plan.challenger is not None:
            challenger = self._version(self._plan.challenger, image.image_sha256)
        doubts = doubts_of(
            serving, image.proposals, calibration=self._plan.calibration, challenger=challenger
        )
        ids = [each.id for each in image.proposals]
        return ImageDoubts(image.image_sha256, dict(zip(ids, doubts, strict=True)))

    def _version(self, digests: Digests, image_sha256: bytes) -> Version | None:
        embedding = self._embeddings.get(image_sha256, digests.encoder)
        return None if embedding is None else Version(self._decoder(digests.decoder), embedding)

    def _load(self, digest: str) -> Decoder:
        weights = WeightsFolder(self._plan.weights)
        fetch(weights, digest, self._objects)
        return load_decoder(weights, digest, self._plan.compute)
