"""The actor that measures: loads the version once, then does one image after another.

It holds no database credentials and decides nothing; what it measures goes back to the caller.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.evaluation.choosing import ChosenImage
from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.actors.evaluation.recall import everything_hits
from maskloop.actors.evaluation.scoring import TIMED, score_objects
from maskloop.actors.niceness import be_nice
from maskloop.actors.referee import Referee, load_referee
from maskloop.actors.sam.compute import settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.errors import ImageChangedError
from maskloop.platform.evaluation import ObjectScore
from maskloop.platform.images import Pixels, read_image
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.storage import open_store

_TOGETHER = 16
"""Objects of a portion: seconds of work, so that progress is seen to move."""


@dataclass(frozen=True)
class Portion:
    """Some objects of an image, or all. `timed`: of how many of them a click is timed."""

    image: ChosenImage
    timed: int


def portions_of(image: ChosenImage) -> list[Portion]:
    """Everything-mode looks at the whole image, which then is one portion."""
    together = len(image.items) if image.everything else _TOGETHER
    starts = range(0, len(image.items), together)
    return [
        Portion(
            replace(image, items=image.items[start : start + together]),
            timed=0 if start else TIMED,
        )
        for start in starts
    ]


class Measurer:
    """One version."""

    def __init__(self, plan: EvaluationPlan) -> None:
        settle_threads(plan.compute)
        be_nice()
        self._plan = plan
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        self._embeddings = EmbeddingStore(self._objects, plan.compute.precision)
        self._latest: tuple[str, Embedding] | None = None

    def measure(self, portion: Portion) -> list[ObjectScore]:
        """Raises the errors of weights, images and the object store as they are: figures on less
        than the whole hold-out would compare with nothing."""
        image = portion.image
        embedding = self.embedding(image.first)
        scores = list(
            score_objects(
                self.decoder,
                embedding,
                image.items,
                self._plan.protocol,
                clicked=image.clicked,
                timed=portion.timed,
            )
        )
        if not image.everything:
            return scores
        hits = everything_hits(
            self._pixels(image.first),
            embedding,
            [item.rle for item in image.items],
            encoder=self._encoder,
            decoder=self.decoder,
            referee=self._referee,
        )
        return [replace(score, everything_hit=hit) for score, hit in zip(scores, hits, strict=True)]

    # Loaded where they are first needed: most embeddings are stored, and what a constructor raises,
    # Ray hides in a text.
    @cached_property
    def _encoder(self) -> Encoder:
        digest = self._plan.encoder_digest
        return load_encoder(self._having(digest), digest, self._plan.compute)

    @cached_property
    def decoder(self) -> Decoder:
        digest = self._plan.decoder_digest
        return load_decoder(self._having(digest), digest, self._plan.compute)

    @cached_property
    def _referee(self) -> Referee | None:
        plan = self._plan
        weights = self._having(plan.encoder_digest)
        return load_referee(weights, plan.encoder_digest, plan.decoder_digest, plan.compute)

    def _having(self, digest: str) -> WeightsFolder:
        """This machine's weights, which have that component then."""
        weights = WeightsFolder(self._plan.weights)
        fetch(weights, digest, self._objects)
        return weights

    def embedding(self, item: ManifestItem) -> Embedding:
        """Portions of an image come one after another: the latest embedding is kept."""
        if self._latest is not None and self._latest[0] == item.image_sha256:
            return self._latest[1]
        sha256 = bytes.fromhex(item.image_sha256)
        found = self._embeddings.get(sha256, self._plan.encoder_digest)
        if found is None:
            embedding = self._encoder.encode(self._pixels(item))
            found = self._embeddings.put(sha256, embedding)
        self._latest = item.image_sha256, found
        return found

    def _pixels(self, item: ManifestItem) -> Pixels:
        data = self._objects.get(item.image_key)
        pixels, facts = read_image(data, item.source, self._plan.limits)
        if facts.sha256.hex() != item.image_sha256:
            raise ImageChangedError(item.source, f"sha256 is now {facts.sha256.hex()[:12]}…")
        return pixels
