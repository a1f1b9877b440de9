"""The images that a person names to add to a project: files, folders, patterns, S3 objects."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from maskloop.platform.errors import BadLocationError, ImageTooLargeError
from maskloop.platform.images import SUFFIXES
from maskloop.platform.storage import ObjectInfo, local_path, split_s3_url
from maskloop.platform.storage.file_errors import reading, translated
from maskloop.platform.storage.patterns import (
    EVERYTHING,
    States,
    has_pattern,
    matches,
    matching_files,
    split_pattern,
)

if TYPE_CHECKING:
    from maskloop.platform.storage.s3_reader import S3Reader

_BLOCK = 1024 * 1024
_LOOKED_FOR = f"looked for {' '.join(sorted(SUFFIXES))}"


@dataclass(frozen=True)
class Source:
    """A file or object that was found; can be pickled. `uri` is an absolute path or s3:// URL.

    `modified`: when it was last written, by the clock of its store; None where that says little.
    """

    uri: str
    size: int | None
    _opener: Callable[[], BinaryIO] = field(repr=False, compare=False)
    modified: datetime | None = None

    def open(self) -> BinaryIO:
        """Errors are those of an object store."""
        return self._opener()

    def read(self, max_bytes: int) -> bytes:
        """The content. More than `max_bytes` raises `ImageTooLargeError` before all is read."""
        self._check_size(self.size or 0, max_bytes)
        data = bytearray()
        with translated(self.uri), self.open() as stream:
            while block := stream.read(_BLOCK):
                data += block
                self._check_size(len(data), max_bytes)
        return bytes(data)

    def _check_size(self, size: int, max_bytes: int) -> None:
        if size > max_bytes:
            reason = f"over {max_bytes:,} bytes, the value of MASKLOOP_MAX_IMAGE_BYTES"
            raise ImageTooLargeError(self.uri, reason)


def find_images(location: str, *, s3_endpoint_url: str | None = None) -> Iterator[Source]:
    """The images at a path, `file://` or `s3://` URL of one, of a folder, or of a pattern.

    A folder is searched to its depths, for names with one of `SUFFIXES`; a pattern finds these and
    names with its own suffix; what is named in full is taken as it is. In the order of names.
    Finding nothing raises `BadLocationError`, when the first image is asked for.
    """
    if location.startswith("s3://"):
        found, fault = _in_bucket(location, s3_endpoint_url)
    else:
        found, fault = _on_disk(location)
    nothing = True
    for source in found:
        nothing = False
        yield source
    if nothing:
        raise BadLocationError(location, fault)


class NamedSources:
    """Sources by their whole names. Nothing is asked of them before they are opened."""

    def __init__(self, s3_endpoint_url: str | None = None) -> None:
        self._endpoint_url = s3_endpoint_url
        self._readers: dict[str, S3Reader] = {}

    def source(self, uri: str, *, size: int | None = None, etag: str | None = None) -> Source:
        """`uri`: a path or s3:// URL. An object of another ETag raises when it is opened."""
        if not uri.startswith("s3://"):
            return _file_source(Path(uri), size)
        from maskloop.platform.storage.s3_reader import S3Reader  # boto3 costs start time

        bucket, key = split_s3_url(uri)
        if bucket not in self._readers:
            self._readers[bucket] = S3Reader(bucket, endpoint_url=self._endpoint_url)
        return Source(uri, size, partial(self._readers[bucket].open, key, etag))


def _on_disk(location: str) -> tuple[Iterator[Source], str]:
    """What is found, lazily, and what is wrong if that is nothing."""
    path = Path(os.path.normpath(local_path(location).absolute()))
    with translated(location):
        if path.is_file():
            return iter([_file_source(path, path.stat().st_size)]), ""
        is_folder, exists = path.is_dir(), path.exists()
    if is_folder:
        found = _files(path, EVERYTHING, SUFFIXES)
        return found, f"the folder holds no images ({_LOOKED_FOR})"
    if exists:
        return iter(()), "it is neither a file nor a folder"
    if has_pattern(str(path)):
        plain, states = split_pattern(path.parts)
        found = _files(Path(*plain), states, _suffixes(path.name))
        return found, f"the pattern matches no image ({_LOOKED_FOR})"
    return iter(()), "there is no file or folder of that name"


def _files(folder: Path, states: States, suffixes: frozenset[str]) -> Iterator[Source]:
    for entry in matching_files(folder, states):
        if PurePosixPath(entry.name).suffix.lower() in suffixes:
            with suppress(FileNotFoundError):  # removed since it was listed
                yield _file_source(Path(entry.path), entry.stat().st_size)


def _file_source(path: Path, size: int | None) -> Source:
    uri = str(path).encode(errors="backslashreplace").decode()  # a name may hold bytes of no text
    return Source(uri, size, partial(_open_file, path))


def _open_file(path: Path) -> BinaryIO:
    with reading(path.name, str(path.parent)):
        return path.open("rb")


def _in_bucket(location: str, endpoint_url: str | None) -> tuple[Iterator[Source], str]:
    """As `_on_disk`; keys may be any that others chose."""
    from maskloop.platform.storage.s3_reader import S3Reader  # boto3 costs start time

    bucket, key = split_s3_url(location)
    reader = S3Reader(bucket, endpoint_url=endpoint_url)
    if key and not key.endswith("/") and (info := reader.info(key)):
        return iter([_object_source(reader, info)]), ""
    folders, states = split_pattern(key.rstrip("/").split("/") if key else ())
    plain = "".join(f"{folder}/" for folder in folders)
    suffixes = _suffixes(key) if has_pattern(key) else SUFFIXES
    fault = f"there is no object of that name and no image below it ({_LOOKED_FOR})"
    return _objects(reader, plain, states, suffixes), fault


def _objects(
    reader: "S3Reader", folder: str, states: States, suffixes: frozenset[str]
) -> Iterator[Source]:
    for info in reader.list(folder):
        names = info.key.removeprefix(folder).split("/")
        if PurePosixPath(names[-1]).suffix.lower() in suffixes and matches(states, names):
            yield _object_source(reader, info)


def _object_source(reader: "S3Reader", info: ObjectInfo) -> Source:
    uri, opener = f"{reader.url}/{info.key}", partial(reader.open, info.key)
    return Source(uri, info.size, opener, info.written)


def _suffixes(pattern: str) -> frozenset[str]:
    """A pattern that spells out a suffix asks for it, known or not."""
    suffix = PurePosixPath(pattern).suffix.lower()
    return SUFFIXES if not suffix or has_pattern(suffix) else SUFFIXES | {suffix}
