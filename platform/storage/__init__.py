"""Object stores: one protocol, a folder and S3, and the images that people name in either."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from maskloop.platform.errors import BadLocationError
from maskloop.platform.storage.folder import FolderStore
from maskloop.platform.storage.store import ObjectInfo, ObjectStore

__all__ = ["FolderStore", "ObjectInfo", "ObjectStore", "local_path", "open_store", "split_s3_url"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_store(location: str, *, s3_endpoint_url: str | None = None) -> ObjectStore:
    """The store at `s3://bucket/prefix`, `file:///folder` or a path. Nothing is asked of it yet.

    Raises `BadLocationError` for anything else.
    """
    if not location.startswith("s3://"):
        return FolderStore(local_path(location))
    from maskloop.platform.storage.s3 import S3Store  # boto3 costs start time

    bucket, prefix = split_s3_url(location)
    return S3Store(bucket, prefix, endpoint_url=s3_endpoint_url)


def split_s3_url(url: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; the key is taken as it stands (it may hold # and ?)."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise BadLocationError(url, "it names no bucket; expected s3://bucket/prefix")
    return bucket, key


def local_path(location: str) -> Path:
    """The path that a plain path or a `file://` URL names."""
    if not location or "\0" in location:
        raise BadLocationError(repr(location), "a path cannot be empty or hold a zero byte")
    if location.lower().startswith("file://"):
        return _file_url_path(location)
    if _SCHEME.match(location):
        raise BadLocationError(location, "expected s3://bucket/prefix, file:///folder or a path")
    return Path(location).expanduser()


def _file_url_path(url: str) -> Path:
    host, path = urlsplit(url).netloc, unquote(urlsplit(url).path)
    if host not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        raise BadLocationError(url, "expected file:///folder with three slashes")
    return Path(path)
