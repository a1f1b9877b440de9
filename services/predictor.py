"""What answers clicks, as the API sees it; `services/serving.py` has the one behind Ray Serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from maskloop.platform.mask_answers import (
    ChallengerStatus,
    ImageRef,
    MaskAnswer,
    MaskQuestion,
    ServedVersion,
    ShadowSkipped,
)


@dataclass(frozen=True)
class ServingStatus:
    """`ready` when a decoder answers; `versions` by how many decoder replicas serve each, and
    `refused` says why a version that was promoted is not served."""

    ready: bool
    versions: Mapping[ServedVersion, int]
    refused: Mapping[ServedVersion, str]
    encoder_calls: int
    """Of the replicas that live now."""
    prefetching: int = 0
    """Images that the prefetch has still to make ready."""
    trouble: str = ""
    """Why it is not ready, where that is known; empty while it only starts."""
    challengers: Sequence[ChallengerStatus] = ()
    """Of the decoder replicas that have one."""


class Predictor(Protocol):
    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        """Raises `BadPromptError`, `ImageChangedError` and the like for what is asked, and the
        retryable `ServingBusyError` and `ServingUnavailableError` for when nobody can answer."""

    def shadow(self, question: MaskQuestion) -> MaskAnswer | ShadowSkipped:
        """By the challenger, from a thread. Raises a `MaskloopError`."""

    def warm(self, images: Sequence[ImageRef]) -> int:
        """Have embeddings made in the background, in this order and behind clicks; how many of
        them were taken. More than fit are left out; one that is there already costs nothing."""

    async def status(self) -> ServingStatus:
        """Never raises: an application that cannot be asked is not ready."""
