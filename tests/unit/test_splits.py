"""On which side an image stands is decided by its bytes, for ever."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskloop.platform.splits import split_of
from maskloop.platform.states import Split
from maskloop.platform.training import SetRule

SHA256 = st.binary(min_size=32, max_size=32)
SHARE = st.floats(min_value=0, max_value=1)


def rule(holdout: float, validation: float) -> SetRule:
    return SetRule(holdout_share=holdout, validation_share=validation)


@given(SHA256, SHARE, SHARE)
def test_the_same_bytes_stand_on_the_same_side(
    sha256: bytes, holdout: float, validation: float
) -> None:
    asked = [split_of(sha256, rule(holdout, validation), named_holdout=False) for _ in range(2)]
    assert asked[0] is asked[1]


@given(SHA256, SHARE, SHARE)
def test_a_named_holdout_is_held_out_whatever_the_shares(
    sha256: bytes, holdout: float, validation: float
) -> None:
    assert split_of(sha256, rule(holdout, validation), named_holdout=True) is Split.HOLDOUT


@given(SHA256, SHARE, SHARE, SHARE)
def test_a_larger_holdout_takes_images_and_gives_none_back(
    sha256: bytes, one: float, other: float, validation: float
) -> None:
    less = split_of(sha256, rule(min(one, other), validation), named_holdout=False)
    more = split_of(sha256, rule(max(one, other), validation), named_holdout=False)
    assert more is less or more is Split.HOLDOUT


@given(SHA256, SHARE, SHARE, SHARE)
def test_a_larger_validation_takes_from_training_only(
    sha256: bytes, holdout: float, one: float, other: float
) -> None:
    less = split_of(sha256, rule(holdout, min(one, other)), named_holdout=False)
    more = split_of(sha256, rule(holdout, max(one, other)), named_holdout=False)
    assert (less, more) in {(s, s) for s in Split} | {(Split.TRAIN, Split.VALIDATION)}


@given(SHA256, SHARE)
def test_shares_of_none_and_all_are_none_and_all(sha256: bytes, any_share: float) -> None:
    assert split_of(sha256, rule(0, 0), named_holdout=False) is Split.TRAIN
    assert split_of(sha256, rule(0, 1), named_holdout=False) is Split.VALIDATION
    assert split_of(sha256, rule(1, any_share), named_holdout=False) is Split.HOLDOUT


def test_sides_have_the_sizes_that_the_rule_says() -> None:
    counted = Counter(
        split_of(number.to_bytes(32), rule(0.2, 0.1), named_holdout=False)
        for number in range(20_000)
    )
    shares = {split: counted[split] / 20_000 for split in Split}
    assert shares == {
        Split.HOLDOUT: pytest.approx(0.2, abs=0.01),
        Split.VALIDATION: pytest.approx(0.08, abs=0.01),
        Split.TRAIN: pytest.approx(0.72, abs=0.01),
    }


def test_sides_of_known_images_never_change_between_releases() -> None:
    """Were this to fail, held-out images of every project would become training images."""
    found = [split_of(bytes([n]) * 32, rule(0.3, 0.4), named_holdout=False) for n in range(24)]
    assert "".join(split[0] for split in found) == "vtttvhhvhhhvttvhttthvvtt"
