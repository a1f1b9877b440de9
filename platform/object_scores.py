"""Object scores: every object's figures of one evaluation, as one file in the object store.

Gzipped JSON; the key holds its digest, so that it never changes.
"""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from maskloop.platform.errors import DocumentDamagedError
from maskloop.platform.evaluation import ObjectScore
from maskloop.platform.storage.store import ObjectStore

_VERSION: Final = 1


def write_scores(objects: ObjectStore, scores: Sequence[ObjectScore]) -> str:
    """Their key."""
    rows = [asdict(score) for score in scores]
    data = json.dumps({"version": _VERSION, "scores": rows}, separators=(",", ":")).encode()
    key = f"evaluations/{hashlib.sha256(data).hexdigest()}.json.gz"
    if objects.info(key) is None:
        objects.put(key, gzip.compress(data, mtime=0))
    return key


def read_scores(objects: ObjectStore, key: str) -> list[ObjectScore]:
    """Raises `ObjectMissingError`, `DocumentDamagedError`."""
    try:
        document = json.loads(gzip.decompress(objects.get(key)))
        return [ObjectScore(**row) for row in document["scores"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DocumentDamagedError(key, str(error)) from error
