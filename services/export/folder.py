"""A folder that is there whole or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maskloop.platform.errors import AlreadyExistsError, BadLocationError


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A hidden folder beside `out`, renamed to it when the block ends well, removed when not.

    `out` may be missing or an empty folder. Raises `AlreadyExistsError` when it holds something,
    also when that came while the block ran, and `BadLocationError` when it cannot be written.
    """
    out = Path(os.path.realpath(out))
    _refuse_occupied(out)
    with _translated(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{out.name[:100]}.", dir=out.parent))
    try:
        with _translated(out):
            yield unfinished
            unfinished.chmod(0o777 & ~_umask())  # mkdtemp makes it private
            unfinished.rename(out)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _refuse_occupied(out: Path) -> None:
    with _translated(out):
        if out.is_dir() and any(out.iterdir()):
            raise _occupied(out)
        if out.exists() and not out.is_dir():
            raise BadLocationError(str(out), "it is a file; name a new folder")


@contextmanager
def _translated(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _occupied(out) from error
        raise BadLocationError(str(out), error.strerror or str(error)) from error


def _occupied(out: Path) -> AlreadyExistsError:
    hint = "Nothing was written into it; name a new folder, or remove that one first."
    return AlreadyExistsError("folder", str(out), hint)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
