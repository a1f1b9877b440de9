"""Where a roll-back can go, from all promotions in their order."""

import pytest

from maskloop.services.promotions import before_serving


@pytest.mark.parametrize(
    ("promoted", "before"),
    [
        ([], []),
        ([1], []),
        ([1, 2], [1]),
        ([1, 2, 3], [2, 1]),
        ([1, 2, 1], []),  # rolled back: 2 does not come again by rolling back
        ([1, 2, 3, 2], [1]),
        ([1, 2, 3, 1], []),
        ([1, 2, 1, 3], [1]),
        ([1, 2, 1, 2], [1]),
        ([1, 2, 3, 2, 4, 2], [1]),
    ],
)
def test_it_goes_to_what_served_before_and_never_to_what_was_rolled_back(
    promoted: list[int], before: list[int]
) -> None:
    assert before_serving(promoted) == before
