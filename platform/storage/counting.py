"""How much is written to an object store."""

from collections.abc import Iterator
from typing import BinaryIO

from maskloop.platform.storage.store import ObjectInfo, ObjectStore


class CountingStore:
    """An object store; `written`: the bytes of the objects that were written through this view."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.written = 0

    @property
    def url(self) -> str:
        return self._store.url

    def put(self, key: str, data: bytes | BinaryIO) -> bool:
        is_new = self._store.put(key, data)
        if is_new:
            self.written += len(data) if isinstance(data, bytes) else data.tell()
        return is_new

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def open(self, key: str) -> BinaryIO:
        return self._store.open(key)

    def info(self, key: str) -> ObjectInfo | None:
        return self._store.info(key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        self._store.delete(key)
