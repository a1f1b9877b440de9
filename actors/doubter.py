"""The doubter: reads stored embeddings and tells the doubts of images' proposals, in this process
or in one of Ray's. It encodes nothing, and holds no database credentials."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from maskloop.actors.doubting import Doubted, Version, doubts_of
from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.niceness import be_nice
from maskloop.actors.sam.compute import Compute, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.shared_weights import fetch
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.calibration import Calibration
from maskloop.platform.doubt import Doubt
from maskloop.platform.errors import MaskloopError, PipelineBrokenError
from maskloop.platform.storage import open_store


@dataclass(frozen=True)
class Digests:
    """Of a version's two parts."""

    encoder: str
    decoder: str


@dataclass(frozen=True)
class DoubtPlan:
    """Whose doubts, and where everything lies; small, since Ray carries it."""

    objects: str
    s3_endpoint_url: str | None
    weights: Path
    compute: Compute
    serving: Digests
    challenger: Digests | None
    calibration: Calibration


@dataclass(frozen=True)
class DoubtedImage:
    """With all of its pending proposals, which are looked at together."""

    sha256: bytes
    proposals: Sequence[Doubted]


Ask = Callable[[DoubtedImage], list[Doubt] | None]
"""`Doubter.doubts`, here or elsewhere."""


class Doubter:
    """Loads a version when it is first needed."""

    def __init__(self, plan: DoubtPlan) -> None:
        settle_threads(plan.compute)
        self._plan = plan
        self._objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        self._embeddings = EmbeddingStore(self._objects, plan.compute.precision)

    def doubts(self, image: DoubtedImage) -> list[Doubt] | None:
        """In the order of its proposals; None where its embedding is not stored. A challenger whose
        encoder's embedding is not is not asked.

        Raises `ImageChangedError` and what is wrong with weights and the object store.
        """
        serving = self._version(image, self._plan.serving)
        if serving is None:
            return None
        other = self._plan.challenger
        return doubts_of(
            serving,
            image.proposals,
            calibration=self._plan.calibration,
            challenger=None if other is None else self._version(image, other),
        )

    def _version(self, image: DoubtedImage, digests: Digests) -> Version | None:
        embedding = self._embeddings.get(image.sha256, digests.encoder)
        return None if embedding is None else Version(self._decoders[digests.decoder], embedding)

    @cached_property
    def _decoders(self) -> dict[str, Decoder]:
        weights = WeightsFolder(self._plan.weights)
        wanted = [one for one in (self._plan.serving, self._plan.challenger) if one is not None]
        for digests in wanted:
            fetch(weights, digests.decoder, self._objects)
        return {
            digests.decoder: load_decoder(weights, digests.decoder, self._plan.compute)
            for digests in wanted
        }


class _PoliteDoubter(Doubter):
    """In a process of its own, which clicks and jobs go before."""

    def __init__(self, plan: DoubtPlan) -> None:
        super().__init__(plan)
        be_nice()


@contextmanager
def in_ray(plan: DoubtPlan) -> Iterator[Ask]:
    """A doubter in a process of the Ray session that runs; it ends with the block. Errors of ours
    come out as they were, others as `PipelineBrokenError`."""
    # Takes no logical CPU: autolabel may have all of them, and the process is a polite one.
    remote: Any = ray.remote(num_cpus=0, max_restarts=0)(_PoliteDoubter)
    doubter = remote.remote(plan)

    def ask(image: DoubtedImage) -> list[Doubt] | None:
        try:
            found: list[Doubt] | None = ray.get(doubter.doubts.remote(image))
        except RayTaskError as error:
            if isinstance(error.cause, MaskloopError):
                raise error.cause from None
            raise PipelineBrokenError(repr(error.cause or error)) from error
        except RayError as error:
            raise PipelineBrokenError(repr(error)) from error
        return found

    try:
        yield ask
    finally:
        ray.kill(doubter)


@contextmanager
def here(plan: DoubtPlan) -> Iterator[Ask]:
    """A doubter in this process."""
    yield Doubter(plan).doubts
