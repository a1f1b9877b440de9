"""Doubts: what speaks against pending proposals, computed from stored embeddings so that queues can
begin with what is worth a look."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from maskloop.platform.calibration import Calibration, calibrate
from maskloop.platform.db import (
    audited_verdicts,
    model_versions,
    projects,
    proposal_doubts,
    proposals,
    shadows,
)
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.proposal_doubts import NewDoubt, Progress, Undoubted
from maskloop.platform.doubt import Doubt
from maskloop.platform.states import ProposalState
from maskloop.services.model_versions import fetch_weights
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from maskloop.actors.doubt.worker import DoubtingPlan, ImageDoubts, ImageProposals


class Crew(Protocol):
    """`actors.doubter.doubt_images`, or `here`."""

    def __call__(
        self,
        plan: "DoubtingPlan",
        images: "Sequence[ImageProposals]",
        *,
        check_stop: Callable[[], None],
    ) -> "Iterator[ImageDoubts]": ...


logger = logging.getLogger(__name__)

_IMAGES: Final = 200
"""That a crew is asked for together; it loads the decoder each time."""


@dataclass(frozen=True)
class Doubting:
    """What one go came to. `missing`: images without a stored embedding, which keep their order by
    score; a job with the serving version makes them."""

    images: int = 0
    proposals: int = 0
    missing: int = 0


def here(
    plan: "DoubtingPlan",
    images: "Sequence[ImageProposals]",
    *,
    check_stop: Callable[[], None],
) -> "Iterator[ImageDoubts]":
    """In this process, for commands that need no Ray."""
    from maskloop.actors.doubt.worker import Weigher

    weigher = Weigher(plan)
    for image in images:
        check_stop()
        yield weigher.weigh(image)


class _StoppedError(Exception):
    """Somebody asked for it; what is done stays."""


def compute_doubts(
    runtime: Runtime,
    project_id: int,
    *,
    crew: Crew,
    stop: threading.Event | None = None,
    on_progress: Callable[[Doubting], None] = lambda done: None,
) -> Doubting:
    """Of pending proposals that have none by the version that serves, an image and a transaction
    after the other: may be stopped and called again at any time.

    Raises `NotFoundError` where no version serves, and what the crew raises.
    """
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        version = model_versions.serving(connection)
    work = _Work(runtime, project_id, version, crew, stop)
    done = Doubting()
    try:
        for image in work.through():
            done = image.added_to(done)
            on_progress(done)
    except _StoppedError:
        logger.info("doubts.stopped project=%d images=%d", project_id, done.images)
    return done


@dataclass(frozen=True)
class _Done:
    """`proposals`: None where the image's embedding is not stored."""

    proposals: int | None

    def added_to(self, done: Doubting) -> Doubting:
        if self.proposals is None:
            return replace(done, missing=done.missing + 1)
        proposals = done.proposals + self.proposals
        return replace(done, images=done.images + 1, proposals=proposals)


@dataclass(frozen=True)
class _Work:
    runtime: Runtime
    project_id: int
    version: ModelVersion
    crew: Crew
    stop: threading.Event | None

    def through(self) -> Iterator[_Done]:
        found, plan = self._next(0), None
        while found:
            plan = plan or _plan(self.runtime, self.project_id, self.version)
            asked = {image.sha256: self._asked(image) for image in found}
            for told in self.crew(plan, list(asked.values()), check_stop=self._check_stop):
                yield self._store(told)
            found = self._next(found[-1].image_id)

    def _check_stop(self) -> None:
        if self.stop is not None and self.stop.is_set():
            raise _StoppedError

    def _next(self, after: int) -> list[Undoubted]:
        self._check_stop()
        with self.runtime.engine.connect() as connection:
            return proposal_doubts.undoubted(
                connection, self.project_id, self.version.id, after=after, limit=_IMAGES
            )

    def _asked(self, image: Undoubted) -> "ImageProposals":
        from maskloop.actors.doubt.worker import ImageProposals
        from maskloop.actors.doubting import Doubted

        with self.runtime.engine.connect() as connection:
            pending = proposals.of_image(
                connection, self.project_id, image.image_id, (ProposalState.PENDING,)
            )
            doubted = tuple(
                Doubted(one.id, one.mask.rle, one.mask.predicted_iou) for one in pending
            )
        return ImageProposals(image.sha256, doubted)

    def _store(self, told: "ImageDoubts") -> _Done:
        if told.doubts is None:
            return _Done(None)
        new = [_row(proposal_id, doubt) for proposal_id, doubt in told.doubts.items()]
        with self.runtime.engine.begin() as connection:
            proposal_doubts.put(connection, self.project_id, new, model_version_id=self.version.id)
        return _Done(len(new))


def _row(proposal_id: int, doubt: Doubt) -> NewDoubt:
    reasons = [
        {
            "reason": one.reason.value,
            "text": one.text,
            "value": round(one.value, 4),
            "share": round(one.share, 4),
        }
        for one in doubt.reasons
    ]
    return NewDoubt(proposal_id, doubt.score, reasons)


def _plan(runtime: Runtime, project_id: int, version: ModelVersion) -> "DoubtingPlan":
    from maskloop.actors.doubt.worker import Digests, DoubtingPlan
    from maskloop.actors.sam.compute import compute_of

    fetch_weights(runtime, version)
    settings = runtime.settings
    with runtime.engine.connect() as connection:
        shadow = shadows.running(connection)
        challenger = None
        if shadow is not None:
            other = model_versions.by_id(connection, shadow.version)
            challenger = Digests(other.encoder_digest, other.decoder_digest)
    return DoubtingPlan(
        objects=runtime.objects.url,
        s3_endpoint_url=settings.s3_endpoint_url,
        weights=settings.weights,
        compute=compute_of(settings, threads=1),
        serving=Digests(version.encoder_digest, version.decoder_digest),
        challenger=challenger,
        calibration=_calibration(runtime, project_id, version.id),
    )


def _calibration(runtime: Runtime, project_id: int, version_id: int) -> Calibration:
    """From verdicts on cards that were drawn at random; the raw score where there are few."""
    with runtime.engine.connect() as connection:
        verdicts = audited_verdicts.of_version(connection, project_id, version_id)
    return calibrate([(one.predicted_iou, one.mask_is_right) for one in verdicts])


def drop(runtime: Runtime, project_id: int) -> Progress:
    """So that all of them are computed anew; queues go by score meanwhile. Raises `NotFoundError`
    where no version serves."""
    with runtime.engine.begin() as connection:
        projects.by_id(connection, project_id)
        proposal_doubts.drop(connection, project_id)
        version = model_versions.serving(connection)
        return proposal_doubts.progress(connection, project_id, version.id)


def progress(runtime: Runtime, project_id: int) -> Progress:
    """By the version that serves. Raises `NotFoundError` where none does."""
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        version = model_versions.serving(connection)
        return proposal_doubts.progress(connection, project_id, version.id)
