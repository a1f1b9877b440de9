"""What a call to a deployment can end with, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, RayServeException

from maskloop.platform.errors import MaskloopError, ServingBusyError, ServingUnavailableError

BUSY_SECONDS: Final = 1.0
"""After which a full queue is worth another try."""


@contextmanager
def translated(part: str) -> Iterator[None]:
    """`part` names the deployment in errors. What the replica itself raised comes out as it was.

    Raises `ServingBusyError` for a full queue, and `ServingUnavailableError` for a replica that is
    gone, restarting or silent.
    """
    try:
        yield
    except BackPressureError as error:
        raise ServingBusyError(part, BUSY_SECONDS) from error
    except RayTaskError as error:
        if isinstance(error.cause, MaskloopError):
            raise error.cause from None
        raise
    except TimeoutError as error:
        raise ServingUnavailableError(part, "it does not answer") from error
    except (RayError, RayServeException) as error:
        raise ServingUnavailableError(part, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
