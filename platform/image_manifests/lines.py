"""What a line of a manifest says, whatever file it stands in."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final

from maskloop.platform.errors import ManifestUnusableError
from maskloop.platform.images import SUFFIXES

COLUMNS: Final = (
    "uri",
    "bucket",
    "key",
    "size",
    "etag",
    "sha256",
    "width",
    "height",
    "last_modified",
    "is_latest",
    "is_delete_marker",
)
"""Of which a manifest needs `uri`, or `bucket` and `key`."""

_PLAIN = {re.sub("_", "", name): name for name in COLUMNS} | {"lastmodifieddate": "last_modified"}
_HEX_64 = re.compile(r"[0-9a-fA-F]{64}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class ManifestImage:
    """An image as its line names it; what the line leaves open is None.

    `place`: manifest and line, for people. `uri`: s3:// or file:// URL, or path. `size` in bytes.
    """

    place: str
    uri: str
    size: int | None = None
    etag: str | None = None
    sha256: bytes | None = None
    width: int | None = None
    height: int | None = None
    last_modified: datetime | None = None


@dataclass(frozen=True)
class BadLine:
    """A line that names no image, and why."""

    place: str
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """A line of an inventory that is not meant: an older version, a deletion, no image's name."""

    place: str


ManifestLine = ManifestImage | BadLine | LeftOut
Values = Mapping[str, Any]
"""By the names of `COLUMNS`: text, or what Parquet has for it."""


def columns_of(names: Sequence[str], place: str) -> list[str | None]:
    """Our name of each column, None of one that says nothing to us.

    Case, spaces, `_` and `-` do not count, so that `ETag`, `e_tag` and `etag` are one. Raises
    `ManifestUnusableError` where no image could be named.
    """
    found = [_PLAIN.get(re.sub(r"[\s_-]", "", name).lower()) for name in names]
    known = [name for name in found if name is not None]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise ManifestUnusableError(place, f"more than one column is {twice[0]}")
    if "uri" not in known and not {"bucket", "key"} <= set(known):
        seen = ", ".join(repr(name[:40]) for name in names[:10])
        reason = (
            f"it needs a column uri, or bucket and key; its first line has {seen}. Where that line "
            "is an image already, name the columns: --columns uri,size"
        )
        raise ManifestUnusableError(place, reason)
    return found


def line_of(values: Values, place: str, *, images_only: bool = False) -> ManifestLine:
    """`images_only`: leave out names without an image's suffix, as in the list of a bucket."""
    try:
        uri = _uri(values)
        image = ManifestImage(
            place,
            uri,
            size=_number(values, "size", 0),
            etag=_etag(values),
            sha256=_digest(values),
            width=_number(values, "width", 1),
            height=_number(values, "height", 1),
            last_modified=_time(values),
        )
        superseded = not _truth(values, "is_latest", True) or _truth(
            values, "is_delete_marker", False
        )
    except _BadValueError as error:
        return BadLine(place, str(error))
    if superseded or (images_only and PurePosixPath(uri).suffix.lower() not in SUFFIXES):
        return LeftOut(place)
    return image


class _BadValueError(Exception):
    """A value that cannot be meant; never leaves this module."""


def _uri(values: Values) -> str:
    uri = _text(values, "uri")
    if uri is None:
        bucket, key = _text(values, "bucket"), _text(values, "key", strip=False)
        if bucket is None or key is None:
            missing = "uri" if "uri" in values else "bucket" if bucket is None else "key"
            raise _BadValueError(f"{missing} is empty")
        uri = f"s3://{bucket}/{key}"
    if _UNPRINTABLE.search(uri):
        raise _BadValueError("its name holds control characters or bytes that are no UTF-8")
    scheme, there, rest = uri.partition("://")
    if there and scheme.lower() not in ("s3", "file"):
        raise _BadValueError(f"{scheme}:// cannot be read; expected s3://, file:// or a path")
    if scheme == "s3" and not all(rest.partition("/")[::2]):
        raise _BadValueError(f"{uri} names no object; expected s3://bucket/key")
    return uri


def _text(values: Values, name: str, *, strip: bool = True) -> str | None:
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _BadValueError(f"{name} is no text")
    return (value.strip() if strip else value) or None


def _number(values: Values, name: str, least: int) -> int | None:
    value = values.get(name)
    if isinstance(value, str) and not value.strip():
        return None
    if value is None:
        return None
    number = _read(int, value, name, "a whole number") if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool):
        raise _BadValueError(f"{name} is no whole number: {str(value)[:40]!r}")
    if number < least:
        raise _BadValueError(f"{name} is {number}, less than {least}")
    return number


def _etag(values: Values) -> str | None:
    """Stores want it in quotation marks, inventories have it without."""
    etag = _text(values, "etag")
    return etag if etag is None or etag.startswith('"') else f'"{etag}"'


def _digest(values: Values) -> bytes | None:
    value = values.get("sha256")
    if isinstance(value, bytes) and len(value) == 32:
        return value
    text = _text(values, "sha256")
    if text is not None and not _HEX_64.fullmatch(text):
        raise _BadValueError(f"sha256 is not 64 hexadecimal digits: {text[:80]!r}")
    return None if text is None else bytes.fromhex(text)


def _time(values: Values) -> datetime | None:
    value = values.get("last_modified")
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    text = _text(values, "last_modified")
    if text is None:
        return None
    time: datetime = _read(datetime.fromisoformat, text, "last_modified", "an ISO 8601 time")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _truth(values: Values, name: str, unsaid: bool) -> bool:
    value = values.get(name)
    if isinstance(value, bool):
        return value
    text = _text(values, name)
    if text is None:
        return unsaid
    if text.lower() not in ("true", "false"):
        raise _BadValueError(f"{name} is neither true nor false: {text[:40]!r}")
    return text.lower() == "true"


def _read(read: Callable[[str], Any], text: str, name: str, form: str) -> Any:
    try:
        return read(text.strip())
    except ValueError:
        raise _BadValueError(f"{name} is not {form}: {text[:40]!r}") from None
