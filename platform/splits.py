"""On which side of a training set an image stands: by its bytes alone, for ever."""

import hashlib
from typing import Final

from maskloop.platform.states import Split
from maskloop.platform.training import SetRule

_SALT: Final = b"maskloop split 1\n"
"""Changing it moves every image of every project to another side."""


def split_of(sha256: bytes, rule: SetRule, *, named_holdout: bool) -> Split:
    """`named_holdout`: the image's source matches one of `rule.holdout_sources`.

    The two shares draw independently, so raising one moves images in one direction only.
    """
    holdout, validation = _draws(sha256)
    if named_holdout or holdout < rule.holdout_share:
        return Split.HOLDOUT
    return Split.VALIDATION if validation < rule.validation_share else Split.TRAIN


def _draws(sha256: bytes) -> tuple[float, float]:
    """Two numbers in [0, 1), spread evenly over images."""
    digest = hashlib.sha256(_SALT + sha256).digest()
    first, second = int.from_bytes(digest[:8]), int.from_bytes(digest[8:16])
    return (first >> 11) / 2**53, (second >> 11) / 2**53
