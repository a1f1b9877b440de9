"""The one place where the errors of files become ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from maskloop.platform.errors import (
    BadLocationError,
    ObjectMissingError,
    StoreDeniedError,
    StoreUnavailableError,
)

MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
"""What opening or removing a file says where there is none of that name."""


@contextmanager
def translated(store: str) -> Iterator[None]:
    """`store` is the place that the errors name."""
    try:
        yield
    except PermissionError as error:
        raise StoreDeniedError(store, _reason(error)) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        reason = f"a file stands where a folder is needed, or the reverse: {_reason(error)}"
        raise BadLocationError(store, reason) from error
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise BadLocationError(store, _reason(error)) from error
        raise StoreUnavailableError(store, _reason(error)) from error


@contextmanager
def reading(key: str, store: str) -> Iterator[None]:
    """As `translated`, for work that needs the object to be there."""
    with translated(store):
        try:
            yield
        except MISSING as error:
            raise ObjectMissingError(key, store) from error


def _reason(error: OSError) -> str:
    path = error.filename2 or error.filename
    return f"{error.strerror or error} ({path})" if path else str(error.strerror or error)
