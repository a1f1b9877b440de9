"""Passwords: which will do, and argon2 hashes of them."""

import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from maskloop.platform.errors import BadPasswordError

SHORTEST_BYTES = 10
LONGEST_BYTES = 1024

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(4)
"""Each hash takes 64 MiB while it is computed: a crowd of guesses must not take all memory."""


def hash_password(password: str) -> str:
    """Raises `BadPasswordError`."""
    data = _bytes(password)
    if len(data) < SHORTEST_BYTES:
        raise BadPasswordError(f"it is shorter than {SHORTEST_BYTES} bytes")
    if len(data) > LONGEST_BYTES:
        raise BadPasswordError(f"it is longer than {LONGEST_BYTES} bytes")
    with _at_once:
        return _hasher.hash(data)


def is_password(password_hash: str | None, password: str) -> bool:
    """The work is the same whether there is a hash or not."""
    data = _bytes(password)
    nobody = _hash_of_nobody()
    if len(data) > LONGEST_BYTES:
        data, password_hash = b"", None
    with _at_once:
        try:
            _hasher.verify(password_hash or nobody, data)
        except VerifyMismatchError:
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_bytes(32))


def _bytes(password: str) -> bytes:
    """One spelling of what looks the same; anything a keyboard or a JSON document can hold."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
