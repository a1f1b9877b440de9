"""How many checks a figure needs, against an independent interval."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from maskloop.platform.checks_needed import checks_needed


def width_of(share: float, checks: int) -> float:
    low, high = proportion_confint(share * checks, checks, method="wilson")
    return float(high - low)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("width", [0.5, 0.2, 0.1, 0.05])
def test_with_so_many_checks_the_interval_is_narrow_enough_and_with_one_less_it_is_not(
    share: float, width: float
) -> None:
    needed = checks_needed(share, width)
    assert width_of(share, needed) <= width < width_of(share, needed - 1)
