"""Doubts: what speaks against pending proposals, computed from stored embeddings so that queues can
begin with what is worth a look."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
from maskloop.platform.errors import ImageChangedError
from maskloop.platform.states import ProposalState
from maskloop.services.model_versions import fetch_weights
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from maskloop.actors.doubter import Ask, DoubtPlan

    Crew = Callable[[DoubtPlan], AbstractContextManager[Ask]]
    """`actors.doubter.here` or `in_ray`."""

logger = logging.getLogger(__name__)

_IMAGES: Final = 50


@dataclass(frozen=True)
class Doubting:
    """What one go came to. `missing`: images without a stored embedding, which keep their order by
    score; a job with the serving version makes them."""

    images: int = 0
    proposals: int = 0
    missing: int = 0


def compute_doubts(
    runtime: Runtime,
    project_id: int,
    *,
    crew: "Crew",
    stop: threading.Event | None = None,
    on_progress: Callable[[Doubting], None] = lambda done: None,
) -> Doubting:
    """Of pending proposals that have none by the version that serves, an image and a transaction
    after the other: may be stopped and called again at any time.

    Raises `NotFoundError` where no version serves, and what the doubter raises.
    """
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        version = model_versions.serving(connection)
        found = proposal_doubts.undoubted(connection, project_id, version.id, after=0, limit=1)
    if not found:
        return Doubting()
    done = Doubting()
    with crew(_plan(runtime, project_id, version)) as ask:
        after = 0
        while found := _next(runtime, project_id, version.id, after):
            for image in found:
                if stop is not None and stop.is_set():
                    return done
                done = _of_image(runtime, project_id, version.id, image, ask, done)
                on_progress(done)
            after = found[-1].image_id
    logger.info(
        "doubts.computed project=%d images=%d proposals=%d missing=%d",
        project_id,
        done.images,
        done.proposals,
        done.missing,
    )
    return done


def _next(runtime: Runtime, project_id: int, version_id: int, after: int) -> list[Undoubted]:
    with runtime.engine.connect() as connection:
        return proposal_doubts.undoubted(
            connection, project_id, version_id, after=after, limit=_IMAGES
        )


def _of_image(
    runtime: Runtime,
    project_id: int,
    version_id: int,
    image: Undoubted,
    ask: "Ask",
    done: Doubting,
) -> Doubting:
    from maskloop.actors.doubter import DoubtedImage
    from maskloop.actors.doubting import Doubted

    with runtime.engine.connect() as connection:
        pending = list(
            proposals.of_image(connection, project_id, image.image_id, (ProposalState.PENDING,))
        )
    asked = [Doubted(one.id, one.mask.rle, one.mask.predicted_iou) for one in pending]
    try:
        doubts = ask(DoubtedImage(image.sha256, asked))
    except ImageChangedError as error:  # its proposals are of other pixels; nothing can be said
        logger.warning("doubts.left_out image=%d error=%s", image.image_id, error)
        doubts = None
    if doubts is None:
        return Doubting(done.images, done.proposals, done.missing + 1)
    new = [_row(one.id, doubt) for one, doubt in zip(asked, doubts, strict=True)]
    with runtime.engine.begin() as connection:
        proposal_doubts.put(connection, project_id, new, model_version_id=version_id)
    return Doubting(done.images + 1, done.proposals + len(new), done.missing)


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


def _plan(runtime: Runtime, project_id: int, version: ModelVersion) -> "DoubtPlan":
    from maskloop.actors.doubter import Digests, DoubtPlan
    from maskloop.actors.sam.compute import compute_of

    fetch_weights(runtime, version)
    settings = runtime.settings
    with runtime.engine.connect() as connection:
        shadow = shadows.running(connection)
        challenger = None
        if shadow is not None:
            other = model_versions.by_id(connection, shadow.version)
            challenger = Digests(other.encoder_digest, other.decoder_digest)
    return DoubtPlan(
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
