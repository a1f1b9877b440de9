"""Which keys an object may have: the same in every store, so that data can move between them."""

import re

from maskloop.platform.errors import BadLocationError

PARTIAL = ".partial"
"""First part that no key may have: a folder store keeps unfinished writes there."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_key(key: str) -> None:
    """Raises `BadLocationError` for a key that is no plain relative path."""
    if reason := _fault(key):
        raise BadLocationError(f"The key {key!r}", reason)


def is_key(key: str) -> bool:
    return not _fault(key)


def _fault(key: str) -> str | None:
    parts = key.split("/")
    if not key:
        return "it is empty"
    if key.startswith("/"):
        return "it is absolute; keys are relative to their store"
    if "" in parts or "." in parts or ".." in parts:
        return "it has a part that is empty, '.' or '..'"
    if parts[0] == PARTIAL:
        return f"{PARTIAL} is where unfinished writes are kept"
    if _UNPRINTABLE.search(key):
        return "it holds control characters or bytes that are no text"
    return None
