"""Errors of Ray in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from ray.exceptions import RayError, RayTaskError

from maskloop.platform.errors import MaskloopError, PipelineBrokenError


@contextmanager
def translated() -> Iterator[None]:
    """What an actor raised of ours comes out as it was, all else as `PipelineBrokenError`."""
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, MaskloopError):
            raise error.cause from None
        raise PipelineBrokenError(_first_line(error.cause or error)) from error
    except RayError as error:
        raise PipelineBrokenError(_first_line(error)) from error


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
