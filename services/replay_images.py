"""Images that a training replays: steps on them keep the parent's answers as they are."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.compute import Precision
from maskloop.platform.db import images, replay_images
from maskloop.services.demo import photographs
from maskloop.services.runtime import Runtime

MOST: Final = 48
"""A replay step takes one image: more would not come up more than once or twice."""
LEAST: Final = 8
"""Below it the sample photographs join: an instance with one project has nothing else to replay."""
_LOOKED_AT: Final = 4
"""Times `MOST`: so many images are asked for in the hope of embeddings that are there."""


def choose_replay(
    runtime: Runtime,
    project_id: int,
    training_set_id: int,
    *,
    encoder_digest: str,
    precision: Precision,
) -> list[str]:
    """Keys of up to `MOST` images outside the set and outside every hold-out.

    Those of other projects that have an embedding already come first, then others of other
    projects, then this one's. The same rows and embeddings give the same choice.
    """
    with runtime.engine.connect() as connection:
        found = replay_images.candidates(
            connection, project_id, training_set_id, limit=MOST * _LOOKED_AT
        )
        own = replay_images.owned(connection, project_id, [image.sha256 for image in found])
    embeddings = EmbeddingStore(runtime.objects, precision)
    ranked = sorted(
        found,
        key=lambda image: (
            image.sha256 in own,
            not embeddings.has(image.sha256, encoder_digest),
            image.sha256,
        ),
    )
    keys = [image.key for image in ranked[:MOST]]
    if len(keys) < LEAST:
        keys += _samples(runtime, training_set_id, but=keys)
    return keys


def _samples(runtime: Runtime, training_set_id: int, *, but: list[str]) -> list[str]:
    """The photographs of the demonstration, stored like any image, but in nobody's project."""
    keys = []
    for path in photographs():
        data = Path(path).read_bytes()
        digest = sha256(data).digest()
        key = images.object_key(digest)
        with runtime.engine.connect() as connection:
            taken = replay_images.spoken_for(connection, training_set_id, digest)
        if not taken and key not in but:
            runtime.objects.put(key, data)
            keys.append(key)
    return keys
