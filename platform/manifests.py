"""Manifests: which masks a training or an evaluation works on, as one file in the object store.

Workers hold no database credentials: the service writes down what they need, they read it here.
A manifest is gzipped JSON; its key holds its digest, so that it never changes.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from maskloop.platform.errors import DocumentDamagedError
from maskloop.platform.masks import Rle
from maskloop.platform.states import Split
from maskloop.platform.storage.store import ObjectStore

_VERSION: Final = 1


@dataclass(frozen=True)
class ManifestItem:
    """One annotation. `image_sha256` is hexadecimal, `counts` COCO's compressed run lengths."""

    annotation_id: int
    image_sha256: str
    image_key: str
    """Of the image's bytes in the object store."""
    source: str
    """For people: where the image came from."""
    size_hw: tuple[int, int]
    category: str
    counts: str
    split: Split
    prompts: tuple[Mapping[str, Any], ...] = ()
    """What people asked, in order, as annotations keep it (docs/annotations.md)."""

    @property
    def rle(self) -> Rle:
        return Rle(self.size_hw, self.counts.encode("ascii"))


def write_manifest(objects: ObjectStore, items: Sequence[ManifestItem]) -> str:
    """The manifest's key. The same items in the same order have the same key."""
    rows = [asdict(item) for item in items]
    data = json.dumps({"version": _VERSION, "items": rows}, separators=(",", ":")).encode()
    key = f"manifests/{hashlib.sha256(data).hexdigest()}.json.gz"
    if objects.info(key) is None:
        objects.put(key, gzip.compress(data, mtime=0))
    return key


def read_manifest(objects: ObjectStore, key: str) -> list[ManifestItem]:
    """Raises `ObjectMissingError`, `DocumentDamagedError`."""
    try:
        document = json.loads(gzip.decompress(objects.get(key)))
        return [_item(row) for row in document["items"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DocumentDamagedError(key, str(error)) from error


def _item(row: dict[str, Any]) -> ManifestItem:
    height, width = row["size_hw"]
    fixed = {
        "size_hw": (int(height), int(width)),
        "split": Split(row["split"]),
        "prompts": tuple(row["prompts"]),
    }
    return ManifestItem(**{**row, **fixed})
