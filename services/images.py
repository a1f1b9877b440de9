"""Adding one image to a project: checked, stored, registered."""

from dataclasses import dataclass

from maskloop.platform.db import images
from maskloop.platform.db.images import Registered
from maskloop.platform.images import ImageFacts, Limits, read_image
from maskloop.platform.storage.store import ObjectStore
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Stored:
    """An image whose bytes are in the object store."""

    facts: ImageFacts
    byte_size: int


@dataclass(frozen=True)
class Added:
    """`new`: the project did not have these bytes before."""

    image_id: int
    new: bool
    facts: ImageFacts


def add_image(runtime: Runtime, project_id: int, data: bytes, source_uri: str) -> Added:
    """Check, store and register one image. Raises a `BadImageError` that names the source."""
    facts = check(runtime, data, source_uri)
    stored = store(runtime, data, facts)
    registered = register(runtime, project_id, source_uri, stored)
    return Added(registered.id, registered.new, stored.facts)


def check(runtime: Runtime, data: bytes, source_uri: str) -> ImageFacts:
    """Raises a `BadImageError` that names the source."""
    return read_image(data, source_uri, Limits(runtime.settings.max_image_pixels))[1]


def store(runtime: Runtime, data: bytes, facts: ImageFacts) -> Stored:
    """The object is written before its row."""
    _keep(runtime.objects, images.object_key(facts.sha256), data)
    return Stored(facts, len(data))


def _keep(objects: ObjectStore, key: str, data: bytes) -> None:
    """Write an object; one of another length is no longer what its key says, and replaced."""
    if not objects.put(key, data):
        there = objects.info(key)
        if there is None or there.size != len(data):
            objects.delete(key)
            objects.put(key, data)


def register(runtime: Runtime, project_id: int, source_uri: str, stored: Stored) -> Registered:
    with runtime.engine.begin() as connection:
        return images.register(
            connection,
            project_id,
            stored.facts,
            source_uri=source_uri,
            byte_size=stored.byte_size,
        )
