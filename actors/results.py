"""Result files in the object store: the masks of one image, SA-1B."""

from collections.abc import Sequence

from maskloop.platform import sa1b
from maskloop.platform.errors import DocumentDamagedError
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.storage.store import ObjectStore


def known_masks(objects: ObjectStore, key: str) -> int | None:
    """Number of masks of a result that is there already; a damaged one is removed."""
    if objects.info(key) is None:
        return None
    try:
        return len(sa1b.unpack(objects.get(key), key)["annotations"])
    except DocumentDamagedError:
        objects.delete(key)
        return None


def write(
    objects: ObjectStore,
    key: str,
    masks: Sequence[GeneratedMask],
    *,
    sha256: bytes,
    size_hw: tuple[int, int],
) -> None:
    document = sa1b.document(
        masks,
        image_id=0,  # the document belongs to no project: its key says what it depends on
        file_name=sha256.hex(),
        size_hw=size_hw,
    )
    objects.put(key, sa1b.pack(document))
