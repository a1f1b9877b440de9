"""The actor of the first of two pools: sees to it that an image's embedding is in the object store.

It is for clusters whose GPUs are on other nodes than most of the processors. What goes on to the
workers is the item alone; they read the embedding from the store, as whoever clicks on the image.
"""

from typing import Any

from maskloop.actors import results
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.gathering import Gathering
from maskloop.actors.niceness import be_nice
from maskloop.actors.reading import failed, pixels_of
from maskloop.actors.sam.compute import settle_threads
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.tries import Tries
from maskloop.actors.work import Plan, Prepared, WorkItem, broke
from maskloop.platform.errors import MaskloopError
from maskloop.platform.stages import Stages
from maskloop.platform.storage import open_store
from maskloop.platform.storage.counting import CountingStore


class Embedder:
    """Loads the encoder once; several threads read and write while one encodes."""

    def __init__(self, plan: Plan, tries: Tries) -> None:
        assert plan.encoders is not None
        compute = plan.encoders.compute
        settle_threads(compute)
        be_nice()
        weights = WeightsFolder(plan.weights)
        self._plan = plan
        self._tries = tries
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        fetch(weights, plan.encoder_digest, self._objects)
        encoder = load_encoder(weights, plan.encoder_digest, compute)
        self._encoder = Gathering(encoder, most=plan.encoders.together)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Ray Data's form: columns of length 1 in, columns of length 1 out."""
        item = WorkItem.of(batch)
        if not self._tries.begin(item.item_id):
            return Prepared(item, {}, 0, broke(item)).to_batch()
        return self.prepare(item).to_batch()

    def prepare(self, item: WorkItem) -> Prepared:
        """Have its embedding. Errors that concern it settle it; others end the pipeline."""
        stages, objects = Stages(), CountingStore(self._objects)
        embeddings = EmbeddingStore(objects, self._plan.compute.precision)
        try:
            with stages("read"):
                is_needed = self._is_needed(item, embeddings)
            if not is_needed:
                return Prepared(item, stages.seconds, 0)
            with stages("read"):
                pixels = pixels_of(item, self._objects, self._plan.limits)
            with stages("encode"):
                embedding = self._encoder.encode(pixels)
            with stages("write"):
                embeddings.put(item.sha256, embedding)
        except MaskloopError as error:
            return Prepared(item, stages.seconds, 0, failed(item, error))
        return Prepared(item, stages.seconds, objects.written)

    def _is_needed(self, item: WorkItem, embeddings: EmbeddingStore) -> bool:
        """Neither the embedding nor what would be made of it is there."""
        if embeddings.has(item.sha256, self._plan.encoder_digest):
            return False
        return results.known_masks(self._objects, self._plan.result_key(item.sha256)) is None
