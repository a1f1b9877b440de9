"""The object store that is a folder: one file per object, its path the key."""

import errno
import io
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from maskloop.platform.errors import (
    BadLocationError,
    ObjectMissingError,
    StoreUnavailableError,
)
from maskloop.platform.storage.file_errors import MISSING, reading, translated
from maskloop.platform.storage.keys import PARTIAL, check_key, is_key
from maskloop.platform.storage.store import ObjectInfo

_BLOCK = 1024 * 1024
_STALE_SECONDS = 24 * 3600


class FolderStore:
    """Objects as files below `root`, which the first write makes.

    An object is written and synced under `.partial/` and then linked to its name. A link never
    replaces a file, so of several writers of one key exactly one succeeds, and no reader meets half
    an object. What killed writers leave in `.partial/` is removed by the first write of a later
    process, a day after it was last touched.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._swept = False

    @property
    def url(self) -> str:
        return str(self._root)

    def put(self, key: str, data: bytes | BinaryIO) -> bool:
        target = self._path(key)
        with translated(self.url):
            if target.is_file():
                return False
            partial = self._new_partial()
        try:
            self._write(partial, io.BytesIO(data) if isinstance(data, bytes) else data)
            with translated(self.url):
                return self._publish(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    def get(self, key: str) -> bytes:
        with self._there(), reading(key, self.url):
            return self._path(key).read_bytes()

    def open(self, key: str) -> BinaryIO:
        with self._there(), reading(key, self.url):
            return self._path(key).open("rb")

    @contextmanager
    def _there(self) -> Iterator[None]:
        """An object cannot be called missing while the whole folder is: a disk is not mounted."""
        try:
            yield
        except ObjectMissingError as error:
            if not self._root.is_dir():
                raise StoreUnavailableError(self.url, "there is no such folder") from error
            raise

    def info(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        with translated(self.url):
            return _info(key, path.stat()) if path.is_file() else None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        folder, slash, _ = prefix.rpartition("/")
        if slash and not is_key(folder):
            return
        for key, entry in self._walk(self._root / folder, folder + slash, prefix):
            with translated(self.url), suppress(FileNotFoundError):  # deleted since it was listed
                yield _info(key, entry.stat())

    def delete(self, key: str) -> None:
        path = self._path(key)
        with translated(self.url), suppress(*MISSING):
            if not path.is_dir():
                path.unlink()

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._root / key

    def _walk(
        self, folder: Path, parents: str, prefix: str
    ) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        """Files below `folder` whose key (`parents` + name) starts with `prefix`, in key order."""
        with translated(self.url):
            entries = sorted_entries(folder)
        for entry in entries:
            key = parents + entry.name
            if not (is_key(key) and f"{key}/".startswith(prefix)):
                continue
            if entry.is_dir():
                yield from self._walk(Path(entry.path), f"{key}/", prefix)
            elif key.startswith(prefix):
                yield key, entry

    def _new_partial(self) -> Path:
        folder = self._root / PARTIAL
        _make_folder(folder)
        if not self._swept:
            _remove_stale(folder)
            self._swept = True
        return folder / uuid.uuid4().hex

    def _write(self, path: Path, data: BinaryIO) -> None:
        """Only our own side is translated: an error of `data` is its owner's to explain."""
        with translated(self.url):
            file = path.open("xb", buffering=0)
        with file:
            while block := data.read(_BLOCK):
                with translated(self.url):
                    _write_all(file, block)
            with translated(self.url):
                os.fsync(file.fileno())

    def _publish(self, partial: Path, target: Path) -> bool:
        """Give a finished file its name, and make the name as durable as the bytes."""
        _make_folder(target.parent)
        try:
            os.link(partial, target)
        except FileExistsError:
            if target.is_dir():
                raise
            return False
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EOPNOTSUPP):
                raise BadLocationError(self.url, "its file system has no hard links") from error
            raise
        _sync_folder(target.parent)
        return True


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def sorted_entries(folder: Path) -> list["os.DirEntry[str]"]:
    """In the order that whole keys have: "a.b" before "a/b", though "a" comes before "a.b"."""
    found: list[tuple[str, os.DirEntry[str]]] = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            with _without_knots():
                found.append((entry.name + "/" * entry.is_dir(), entry))
    return [entry for _, entry in sorted(found, key=itemgetter(0))]


@contextmanager
def _without_knots() -> Iterator[None]:
    """A symbolic link that leads to itself is no file and no folder."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise


def _write_all(file: io.FileIO, block: bytes) -> None:
    """A file without a buffer may take less than it is given; a buffer would fail at close."""
    left = memoryview(block)
    while left:
        left = left[file.write(left) :]


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_stale(folder: Path) -> None:
    oldest = time.time() - _STALE_SECONDS
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process sweeps too
            if path.stat().st_mtime < oldest:
                path.unlink()
