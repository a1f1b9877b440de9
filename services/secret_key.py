"""The instance's key, which signs session cookies: of the settings, else a file in the home."""

import os
import secrets
import stat
import uuid
from pathlib import Path

from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import Settings

_FILE = "secret.key"
_BYTES = 32


def secret_key(settings: Settings) -> bytes:
    """The file is made when missing, once however many processes start together.

    Raises `BadSettingError` for a file that others can read, or that is cut short.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.home / _FILE
    if not path.exists():
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    """A key is whole before it has the name; whoever names theirs first has made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{_FILE}.{uuid.uuid4().hex}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            return
    finally:
        partial.unlink()


def _read(path: Path) -> bytes:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadSettingError(str(path), "others can read it; remove it, or chmod it to 600")
    key = path.read_bytes().strip()
    if len(key) < _BYTES:
        raise BadSettingError(str(path), "it is cut short; remove it, and a new one is made")
    return key
