"""Which version serves: promoted as the gate allows, or against it with a reason; rolled back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db import audit_events, gate_results, model_versions, promotions
from maskloop.platform.db.gate_results import StoredGateResult
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.promotions import Promotion
from maskloop.platform.errors import (
    BadParametersError,
    GateRefusedError,
    NotEvaluatedError,
    NothingToRollBackError,
    RefusedTransitionError,
)
from maskloop.platform.states import ModelVersionState
from maskloop.services.runtime import Runtime

LEAST_REASON: Final = 10
"""Characters of a reason to promote against the gate."""


_MOST = 1000
"""Promotions of one version that are shown."""


@dataclass(frozen=True)
class _Grounds:
    """Why a version may serve."""

    because: str
    gate_result_id: int | None = None
    against_gate: bool = False


def promote(
    runtime: Runtime,
    number: int,
    *,
    because: str | None = None,
    by: int | None = None,
    against_gate: bool = False,
    visible: Collection[int] | None = None,
) -> Promotion:
    """From now on this version serves; replicas follow within seconds.

    A version that has not served needs gate results beside the one that serves now: the newest of
    each project that compared them, all passed. `against_gate` goes without, and needs a reason.
    `by`: a user's id; `visible`: projects whose rules may be named, None for all. Raises
    `NotFoundError`, `RefusedTransitionError` for a version that is not
    ready or serves already, `NotEvaluatedError`, `GateRefusedError`, `BadParametersError`.
    """
    with runtime.engine.begin() as connection:
        return promote_in(
            connection,
            number,
            because=because,
            by=by,
            against_gate=against_gate,
            visible=visible,
        )


def promote_in(
    connection: sa.Connection,
    number: int,
    *,
    because: str | None = None,
    by: int | None = None,
    against_gate: bool = False,
    visible: Collection[int] | None = None,
) -> Promotion:
    """`promote` in the caller's transaction."""
    reason = (because or "").strip()
    if against_gate and len(reason) < LEAST_REASON:
        wanted = f"say in at least {LEAST_REASON} characters why it shall serve against the gate"
        raise BadParametersError("because", repr(because), wanted)
    model_versions.lock_promotions(connection)
    version = model_versions.known(connection, number)
    if version.state is not ModelVersionState.READY:
        raise RefusedTransitionError("Model version", str(number), version.state, "promoted")
    grounds = _grounds(connection, version, against_gate=against_gate, visible=visible)
    return _store(connection, version, grounds, reason, by)


def rollback(
    runtime: Runtime,
    *,
    because: str | None = None,
    by: int | None = None,
    instead_of: int | None = None,
) -> Promotion:
    """The version serves again that did before the one that serves now; see `before_serving`.

    `instead_of`: the version that shall not serve any more, so that two people who roll back at
    once do not go back twice. Raises `NothingToRollBackError`, `RefusedTransitionError` when
    another one serves than `instead_of`, `NotFoundError` when none does.
    """
    with runtime.engine.begin() as connection:
        return rollback_in(connection, because=because, by=by, instead_of=instead_of)


def rollback_in(
    connection: sa.Connection,
    *,
    because: str | None = None,
    by: int | None = None,
    instead_of: int | None = None,
) -> Promotion:
    """`rollback` in the caller's transaction."""
    model_versions.lock_promotions(connection)
    serving = model_versions.serving(connection)
    if instead_of is not None and instead_of != serving.id:
        state = f"replaced by version {serving.id} already"
        raise RefusedTransitionError("Model version", str(instead_of), state, "rolled back")
    version = _before(connection, serving)
    grounds = _Grounds(f"rolled back from version {serving.id}")
    return _store(connection, version, grounds, (because or "").strip(), by)


def list_promotions(runtime: Runtime, *, before: int | None, limit: int) -> list[Promotion]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return promotions.page(connection, before=before, limit=limit)


def of_version(runtime: Runtime, number: int) -> list[Promotion]:
    """Newest first."""
    with runtime.engine.connect() as connection:
        return promotions.page(connection, before=None, limit=_MOST, version_id=number)


def before_serving(promoted: list[int]) -> list[int]:
    """The versions that a roll-back can go to, the nearest first, from all promotions in order.

    Promotions pile up; one of a version that lies in the pile already takes away what lies above
    it. So A, B and a roll-back to A leave A alone, and rolling back again finds nothing: it never
    brings back what was rolled back.
    """
    pile: list[int] = []
    for version in promoted:
        if version in pile:
            del pile[pile.index(version) + 1 :]
        else:
            pile.append(version)
    return pile[-2::-1]


def _before(connection: sa.Connection, serving: ModelVersion) -> ModelVersion:
    """Passes over versions that were retired since."""
    for number in before_serving(promotions.in_order(connection)):
        version = model_versions.by_id(connection, number)
        if version.state is ModelVersionState.READY:
            return version
    raise NothingToRollBackError(serving.id)


def _grounds(
    connection: sa.Connection,
    version: ModelVersion,
    *,
    against_gate: bool,
    visible: Collection[int] | None,
) -> _Grounds:
    promoted = promotions.in_order(connection)
    if not promoted:
        return _Grounds("the first version there is")
    if promoted[-1] == version.id:
        raise RefusedTransitionError("Model version", str(version.id), "serving", "promoted")
    if version.id in promoted:
        return _Grounds(f"served before, instead of version {promoted[-1]}")
    results = gate_results.newest_against(connection, promoted[-1], version.id)
    return _by_gate(results, version.id, promoted[-1], against_gate=against_gate, visible=visible)


def _by_gate(
    results: list[StoredGateResult],
    number: int,
    serving: int,
    *,
    against_gate: bool,
    visible: Collection[int] | None,
) -> _Grounds:
    refused = [result for result in results if not result.passed]
    if results and not refused:
        newest = results[0].id
        return _Grounds(f"passed the gate beside version {serving}, result {newest}", newest)
    if against_gate:
        return _Grounds("", refused[0].id if refused else None, against_gate=True)
    if not results:
        raise NotEvaluatedError(number, serving)
    raise GateRefusedError(number, ", ".join(_named(refused, visible)))


def _named(refused: Sequence[StoredGateResult], visible: Collection[int] | None) -> list[str]:
    """A rule may have a category's name, which is its project's own: of projects that somebody may
    not see it says only how many refuse."""
    seen = [result for result in refused if visible is None or result.project_id in visible]
    told = sorted({rule for result in seen for rule in result.broken_rules})
    others = len(refused) - len(seen)
    if others:
        told.append(f"rules of {others} other project{'' if others == 1 else 's'}")
    return told


def _store(
    connection: sa.Connection,
    version: ModelVersion,
    grounds: _Grounds,
    reason: str,
    by: int | None,
) -> Promotion:
    promotion_id = model_versions.promote(
        connection,
        version,
        because=reason or grounds.because,
        promoted_by=by,
        gate_result_id=grounds.gate_result_id,
        against_gate=grounds.against_gate,
    )
    made = promotions.by_id(connection, promotion_id)
    audit_events.record(
        connection,
        project_id=None,
        user_id=by,
        action="promoted",
        subject="model_version",
        subject_id=version.id,
        detail={
            "promotion": promotion_id,
            "name": version.name,
            "because": made.because,
            "against_gate": grounds.against_gate,
        },
    )
    return made
