"""The object store as the rest of maskloop sees it: immutable bytes under keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class ObjectInfo:
    """`key` is relative to the store, with forward slashes; `written`: by the store's clock."""

    key: str
    size: int
    written: datetime


class ObjectStore(Protocol):
    """A folder or a bucket prefix. Safe to pickle, and to use from several threads and processes.

    Errors: `ObjectMissingError`, `StoreUnavailableError` (retryable), `StoreDeniedError`, and
    `BadLocationError` for a key that is empty, absolute or climbs out of the store. No key may be
    another one's folder ("a" and "a/b"): a folder cannot hold both and refuses the second.
    """

    @property
    def url(self) -> str:
        """Where this store is, in the form `open_store` takes; holds no credentials."""

    def put(self, key: str, data: bytes | BinaryIO) -> bool:
        """Write an object whole or not at all. A key that exists is left as it is.

        A `BinaryIO` is streamed from its current position, never held in memory as a whole. Returns
        whether this call wrote it (False: it was there already).
        """

    def get(self, key: str) -> bytes:
        """The whole object."""

    def open(self, key: str) -> BinaryIO:
        """A readable stream over the object; the caller closes it."""

    def info(self, key: str) -> ObjectInfo | None:
        """Size and age without content, or None when there is no such object."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, in key order, page by page."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
