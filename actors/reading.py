"""Reading an image that the ledger names, and what becomes of one that could not be done."""

from maskloop.actors.work import ItemResult, Outcome, WorkItem, not_done
from maskloop.platform.errors import (
    BadImageError,
    ImageChangedError,
    MaskloopError,
    ObjectMissingError,
    ObjectUnreadableError,
)
from maskloop.platform.images import Limits, Pixels, read_image
from maskloop.platform.storage.store import ObjectStore


def pixels_of(item: WorkItem, objects: ObjectStore, limits: Limits) -> Pixels:
    """Raises `BadImageError`, `ImageChangedError`, or what the store raises."""
    pixels, facts = read_image(objects.get(item.image_key), item.source, limits)
    if facts.sha256 != item.sha256:
        raise ImageChangedError(item.source, f"sha256 is now {facts.sha256.hex()[:12]}…")
    return pixels


def failed(item: WorkItem, error: MaskloopError) -> ItemResult:
    """Set aside where the image is at fault."""
    at_fault = isinstance(error, BadImageError | ObjectMissingError | ObjectUnreadableError)
    return not_done(item, Outcome.QUARANTINED if at_fault else Outcome.FAILED, error)
