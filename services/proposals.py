"""Applying results of bulk work to the database."""

import logging
from collections.abc import Sequence

import sqlalchemy as sa

from maskloop.actors.work import ItemResult, Outcome
from maskloop.platform import sa1b
from maskloop.platform.db import job_items, proposals, superseding
from maskloop.platform.db.job_items import LeasedItem
from maskloop.platform.db.jobs import Job, Lease
from maskloop.platform.errors import (
    DocumentDamagedError,
    LeaseLostError,
    ObjectMissingError,
    StoreUnavailableError,
)
from maskloop.platform.masks import GeneratedMask, unlike
from maskloop.platform.states import ItemState
from maskloop.services import auto_accepts
from maskloop.services.retrying import seconds_to_wait
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)


def apply_result(
    runtime: Runtime, job: Job, lease: Lease, item: LeasedItem, result: ItemResult
) -> ItemState:
    """Settle one item: ledger row and proposals in one transaction, or neither. Its new state:
    QUEUED where it is put off.

    The result file is read before the transaction begins. Raises `LeaseLostError` when the item is
    not this worker's any more; then nothing is stored.
    """
    if result.outcome is Outcome.QUARANTINED:
        settle_bad(
            runtime,
            job,
            lease,
            item,
            ItemState.QUARANTINED,
            code=result.code,
            reason=result.reason,
        )
        return ItemState.QUARANTINED
    if result.outcome is Outcome.FAILED:
        return _put_off(runtime, job, lease, item, result.code, result.reason)
    try:
        data = runtime.objects.get(result.result_key)
        masks = sa1b.masks_of(sa1b.unpack(data, result.result_key))
    except (StoreUnavailableError, ObjectMissingError, DocumentDamagedError) as error:
        return _put_off(runtime, job, lease, item, error.code, str(error))
    with runtime.engine.begin() as connection:
        held = job_items.finish_done(
            connection,
            item.id,
            lease,
            result_key=result.result_key,
            masks=len(masks),
            seconds=result.seconds,
            bytes=result.bytes,
            candidates_key=result.candidates_key or None,
        )
        if not held:
            raise LeaseLostError(job.id)
        _store(connection, job, item.image_id, masks)
        auto_accepts.accept_new_in(connection, job.project_id, job.version_id, item.image_id)
    return ItemState.DONE


def _store(
    connection: sa.Connection, job: Job, image_id: int, masks: Sequence[GeneratedMask]
) -> None:
    if not job.supersede:
        _copy_in(connection, job, image_id, masks)
        return
    about = {
        "project_id": job.project_id,
        "image_id": image_id,
        "job_id": job.id,
        "version_id": job.version_id,
    }
    superseding.lock_image(connection, job.project_id, image_id)
    replaced = superseding.supersede(connection, **about)
    # Only now: reviews that were under way have ended, and their masks are there to be read.
    judged = superseding.judged_masks(connection, job.project_id, image_id)
    new = unlike(masks, judged, of=lambda mask: mask.rle)
    _copy_in(connection, job, image_id, new)
    superseding.revive(connection, [mask.rle for mask in new], **about)
    logger.info(
        "proposals.superseded job=%d image=%d superseded=%d judged_before=%d",
        job.id,
        image_id,
        replaced,
        len(masks) - len(new),
    )


def _copy_in(
    connection: sa.Connection, job: Job, image_id: int, masks: Sequence[GeneratedMask]
) -> None:
    proposals.copy_in(
        connection,
        masks,
        project_id=job.project_id,
        image_id=image_id,
        job_id=job.id,
        model_version_id=job.version_id,
    )


def _put_off(
    runtime: Runtime, job: Job, lease: Lease, item: LeasedItem, code: str, reason: str
) -> ItemState:
    """QUEUED until its next try, or FAILED where it had its tries. Raises `LeaseLostError`."""
    seconds = seconds_to_wait(code, item.retries, runtime.settings.retry_seconds)
    if seconds is None:
        settle_bad(runtime, job, lease, item, ItemState.FAILED, code=code, reason=reason)
        return ItemState.FAILED
    with runtime.engine.begin() as connection:
        if not job_items.put_off(
            connection, item.id, lease, seconds=seconds, error_code=code, error=reason
        ):
            raise LeaseLostError(job.id)
    logger.info(
        "item.put_off job=%d image=%d code=%s retries=%d seconds=%.1f",
        job.id,
        item.image_id,
        code,
        item.retries + 1,
        seconds,
    )
    return ItemState.QUEUED


def settle_bad(
    runtime: Runtime,
    job: Job,
    lease: Lease,
    item: LeasedItem,
    state: ItemState,
    *,
    code: str,
    reason: str,
) -> None:
    """Settle one item as failed or quarantined. Raises `LeaseLostError`."""
    with runtime.engine.begin() as connection:
        if not job_items.finish_bad(
            connection, item.id, lease, state, error_code=code, error=reason
        ):
            raise LeaseLostError(job.id)
