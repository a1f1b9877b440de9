"""How many checks it takes until a figure is as sure as is wanted."""

from collections.abc import Sequence
from typing import Final

from maskloop.platform.intervals import share_of

SHARES: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
WIDTHS: Final = (0.2, 0.1, 0.05)


def checks_needed(share: float, width: float) -> int:
    """The least number of checks whose 95 % interval (Wilson's) around a share found among them is
    no wider than `width`; both above 0 and below 1. The interval narrows with every check."""
    least, most = 0, 1
    while _width(share, most) > width:
        least, most = most, 2 * most
    while most - least > 1:
        middle = (least + most) // 2
        if _width(share, middle) > width:
            least = middle
        else:
            most = middle
    return most


def needed_table(
    shares: Sequence[float] = SHARES, widths: Sequence[float] = WIDTHS
) -> list[tuple[float, list[int]]]:
    """A row per share, a column per width."""
    return [(share, [checks_needed(share, width) for width in widths]) for share in shares]


def _width(share: float, checks: int) -> float:
    found = share_of(share * checks, checks)
    assert found is not None, "there is a check"
    return found.high - found.low
