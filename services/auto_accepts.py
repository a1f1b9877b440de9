"""Auto-accept by evidence: from which score on a version's proposals need no eye, and what was
accepted on the strength of it."""

import logging
import threading
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from maskloop.platform.auto_accept import Disagreement, disagreement
from maskloop.platform.db import (
    annotations,
    audit_events,
    audited_verdicts,
    auto_accepted,
    auto_accepts,
    projects,
    superseding,
)
from maskloop.platform.db.auto_accepted import Accepted
from maskloop.platform.db.auto_accepts import AutoAccept, NewAutoAccept
from maskloop.platform.errors import AutoAcceptOnError, NoThresholdError, RefusedTransitionError
from maskloop.platform.masks import unlike
from maskloop.services.audit_draw import is_audited
from maskloop.services.auto_accept_offers import Offer, Terms, audits_of, offer_in
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)

_IMAGES: Final = 100
_TAKEN_AT_ONCE: Final = 500


@dataclass(frozen=True)
class AutoAcceptView:
    """`accepted`: what of it stands."""

    auto_accept: AutoAccept
    accepted: int


def offer(
    runtime: Runtime,
    project_id: int,
    terms: Terms,
    *,
    category_id: int | None = None,
    model_version_id: int | None = None,
) -> Offer:
    """What could be accepted unseen, or why nothing can be yet. Without a version: of the one that
    serves; without a category: of the one that the audits give most. Raises `NotFoundError`,
    `BadParametersError`."""
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        return offer_in(
            connection,
            project_id,
            terms,
            category_id=category_id,
            model_version_id=model_version_id,
        )


def switch_on_in(
    connection: sa.Connection,
    project_id: int,
    terms: Terms,
    *,
    category_id: int,
    model_version_id: int | None,
    by: int,
) -> AutoAccept:
    """At the threshold that the evidence gives now; accepts nothing by itself (`catch_up`).

    Raises `NoThresholdError`, `AutoAcceptOnError`, `NotFoundError`, `BadParametersError`.
    """
    found = offer_in(
        connection, project_id, terms, category_id=category_id, model_version_id=model_version_id
    )
    if found.threshold is None:
        raise NoThresholdError(found.because)
    new = NewAutoAccept(
        model_version_id=found.model_version.id,
        category_id=category_id,
        threshold=found.threshold,
        wanted_precision=terms.wanted_precision,
        confidence=terms.confidence,
        audit_share=terms.audit_share,
        evidence=found.evidence,
    )
    made = auto_accepts.insert_new(connection, project_id, new, switched_on_by=by)
    now_on = auto_accepts.active(connection, project_id, found.model_version.id)
    assert now_on is not None, "one is on: this one, or the one that was in the way"
    if made is None:
        raise AutoAcceptOnError(now_on.id, now_on.model_version_id)
    _record(connection, now_on, by, "switched_on", threshold=now_on.threshold)
    return now_on


def catch_up(
    runtime: Runtime,
    accept: AutoAccept,
    *,
    most_images: int | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Accept what waits, an image and a transaction after the other; how many proposals. May be
    stopped and called again at any time."""
    accepted, after, seen = 0, 0, 0
    while most_images is None or seen < most_images:
        limit = _IMAGES if most_images is None else min(_IMAGES, most_images - seen)
        with runtime.engine.connect() as connection:
            found = auto_accepted.images_above(connection, accept, after=after, limit=limit)
        if not found or (stop is not None and stop.is_set()):
            break
        accepted += sum(_accept_image(runtime, accept, image_id) for image_id in found)
        after, seen = found[-1], seen + len(found)
    if accepted:
        logger.info("auto_accept.accepted auto_accept=%d proposals=%d", accept.id, accepted)
    return accepted


def _accept_image(runtime: Runtime, accept: AutoAccept, image_id: int) -> int:
    with runtime.engine.begin() as connection:
        superseding.lock_image(connection, accept.project_id, image_id)
        return _accept_on(connection, accept, image_id)


def begin(runtime: Runtime, project_id: int, *, most_images: int) -> None:
    """`catch_up` a little with all that is on in a project; `upkeep` does the rest."""
    with runtime.engine.connect() as connection:
        found = auto_accepts.all_active(connection, project_id)
    for accept in found:
        catch_up(runtime, accept, most_images=most_images)


def accept_new_in(
    connection: sa.Connection, project_id: int, model_version_id: int, image_id: int
) -> int:
    """Of what a job has just proposed on an image that the transaction holds; how many. One look
    into an index where none is on."""
    accept = auto_accepts.active(connection, project_id, model_version_id)
    return 0 if accept is None else _accept_on(connection, accept, image_id)


def _accept_on(connection: sa.Connection, accept: AutoAccept, image_id: int) -> int:
    if not auto_accepts.still_on(connection, accept.id):
        return 0
    waiting = [
        candidate
        for candidate in auto_accepted.lock_candidates(connection, accept, image_id)
        if not is_audited(accept.project_id, candidate.id, accept.audit_share)
    ]
    drawn = annotations.of_image(connection, accept.project_id, image_id)
    # What somebody has labelled already would be labelled twice.
    masks = [annotation.drawing.mask.rle for annotation in drawn]
    new = unlike(waiting, masks, of=lambda candidate: candidate.rle)
    return auto_accepted.accept(connection, accept, [candidate.id for candidate in new])


def check_in(
    connection: sa.Connection, project_id: int, model_version_id: int
) -> AutoAccept | None:
    """After an answer, in its transaction: what is on for the version is revoked when the audits
    since then speak against it. The one that was revoked."""
    accept = auto_accepts.active(connection, project_id, model_version_id)
    if accept is None:
        return None
    verdicts = audited_verdicts.of_version(
        connection, project_id, model_version_id, since=accept.created_at
    )
    audits = [
        audit
        for audit in audits_of(verdicts, accept.category_id)
        if audit.score >= accept.threshold
    ]
    found = disagreement(
        [audit.right for audit in audits],
        precision=accept.wanted_precision,
        confidence=accept.confidence,
    )
    if found is None:
        return None
    because = _because(accept, found)
    if auto_accepts.revoke(connection, project_id, accept.id, because):
        _record(connection, accept, None, "revoked", because=because)
    return auto_accepts.by_id(connection, project_id, accept.id)


def _because(accept: AutoAccept, found: Disagreement) -> str:
    return (
        f"{found.wrong} of the {found.after} audits since it was switched on were wrong, which is "
        f"{found.evidence:.0f} times as likely under a precision below the wanted "
        f"{accept.wanted_precision:.1%} as at it"
    )


def switch_off(runtime: Runtime, project_id: int, auto_accept_id: int, *, by: int) -> AutoAccept:
    """What it accepted stays. Raises `NotFoundError`, `RefusedTransitionError` for one that is."""
    with runtime.engine.begin() as connection:
        accept = auto_accepts.by_id(connection, project_id, auto_accept_id)
        if not auto_accepts.revoke(connection, project_id, accept.id, "switched off by hand"):
            raise RefusedTransitionError("Auto-accept", str(accept.id), "off", "off again")
        _record(connection, accept, by, "switched_off")
        return auto_accepts.by_id(connection, project_id, auto_accept_id)


def take_back(runtime: Runtime, project_id: int, auto_accept_id: int, *, by: int) -> int:
    """Switch it off, and put what it accepted back before people; how many. What somebody has
    changed since stays as it is. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        accept = auto_accepts.by_id(connection, project_id, auto_accept_id)
        if auto_accepts.revoke(connection, project_id, accept.id, "taken back by hand"):
            _record(connection, accept, by, "switched_off")
    taken = 0
    while batch := _take_some_back(runtime, accept, by):
        taken += batch
    with runtime.engine.begin() as connection:
        _record(connection, accept, by, "taken_back", proposals=taken)
    return taken


def _take_some_back(runtime: Runtime, accept: AutoAccept, by: int) -> int:
    with runtime.engine.begin() as connection:
        return auto_accepted.take_back(
            connection, accept.project_id, accept.id, user_id=by, limit=_TAKEN_AT_ONCE
        )


def _record(
    connection: sa.Connection, accept: AutoAccept, by: int | None, action: str, **detail: object
) -> None:
    audit_events.record(
        connection,
        project_id=accept.project_id,
        user_id=by,
        action=action,
        subject="auto_accept",
        subject_id=accept.id,
        detail=detail,
    )


def page(
    runtime: Runtime, project_id: int, *, before: int | None = None, limit: int = 100
) -> list[AutoAcceptView]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        found = auto_accepts.page(connection, project_id, before=before, limit=limit)
        return _views(connection, project_id, found)


def get(runtime: Runtime, project_id: int, auto_accept_id: int) -> AutoAcceptView:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        found = auto_accepts.by_id(connection, project_id, auto_accept_id)
        (view,) = _views(connection, project_id, [found])
        return view


def _views(
    connection: sa.Connection, project_id: int, found: list[AutoAccept]
) -> list[AutoAcceptView]:
    counts = auto_accepted.count(connection, project_id, [one.id for one in found])
    return [AutoAcceptView(one, counts.get(one.id, 0)) for one in found]


def accepted_page(
    runtime: Runtime, project_id: int, auto_accept_id: int, *, after: int = 0, limit: int = 100
) -> list[Accepted]:
    """By the reviews' ids, later than `after`. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        auto_accepts.by_id(connection, project_id, auto_accept_id)
        return auto_accepted.page(connection, project_id, auto_accept_id, after=after, limit=limit)
