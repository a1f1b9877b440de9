"""Whether and when an image of a job is tried again, by what was wrong."""

import random
from dataclasses import dataclass

from maskloop.platform.errors import (
    CandidatesMissingError,
    StoreDeniedError,
    StoreUnavailableError,
)

MOST_SECONDS = 600.0
"""No wait is longer, before chance shortens it."""


@dataclass(frozen=True)
class Backoff:
    """`tries` in all. The first wait is as long as the setting says, each further one doubles."""

    tries: int

    def wait(self, retries: int, first_seconds: float, chance: float) -> float | None:
        """Seconds until the next try of an image that was put off `retries` times before; None when
        it had its tries. `chance` in [0, 1) takes up to a quarter off, so that what failed together
        does not come back together."""
        if retries + 1 >= self.tries:
            return None
        seconds: float = min(first_seconds * 2.0**retries, MOST_SECONDS)
        return seconds * (1 - chance / 4)


_BACKOFFS = {
    StoreUnavailableError.code: Backoff(tries=10),
    StoreDeniedError.code: Backoff(tries=1),
    CandidatesMissingError.code: Backoff(tries=1),
}
"""A store that is away comes back by itself; what only a person can mend is not tried again."""
_OTHER = Backoff(tries=3)


def seconds_to_wait(code: str, retries: int, first_seconds: float) -> float | None:
    """Before an image that failed with this error is tried again; None: it has failed."""
    backoff = _BACKOFFS.get(code, _OTHER)
    return backoff.wait(retries, first_seconds, random.random())
