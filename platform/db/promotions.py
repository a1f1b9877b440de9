"""Rows of `promotions`: what served when, who decided it, and what the gate said."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db.model_versions import ModelVersion, version_of
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import model_versions, promotions


@dataclass(frozen=True)
class Promotion:
    """The last one serves."""

    id: int
    version: ModelVersion
    because: str
    promoted_by: str | None
    """A person's name; None: maskloop itself."""
    gate_result_id: int | None
    """The newest one that was asked; None: the gate was not asked."""
    against_gate: bool
    created_at: datetime


def page(
    connection: sa.Connection, *, before: int | None, limit: int, version_id: int | None = None
) -> list[Promotion]:
    """Newest first, older than the id `before`; of one version, where one is named."""
    wanted = _promotions().order_by(promotions.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(promotions.c.id < before)
    if version_id is not None:
        wanted = wanted.where(promotions.c.model_version_id == version_id)
    return [_promotion(row) for row in connection.execute(wanted)]


def by_id(connection: sa.Connection, promotion_id: int) -> Promotion:
    """Of one that there is."""
    return _promotion(
        connection.execute(_promotions().where(promotions.c.id == promotion_id)).one()
    )


def in_order(connection: sa.Connection) -> list[int]:
    """The versions that were promoted, the first one first; a version may stand there often."""
    rows = connection.execute(sa.select(promotions.c.model_version_id).order_by(promotions.c.id))
    return list(rows.scalars())


def _promotions() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            model_versions,
            promotions.c.id.label("promotion_id"),
            promotions.c.because,
            promotions.c.gate_result_id,
            promotions.c.against_gate,
            promotions.c.created_at.label("promoted_at"),
            users.c.name.label("promoter"),
        )
        .select_from(promotions)
        .join(model_versions, model_versions.c.id == promotions.c.model_version_id)
        .outerjoin(users, users.c.id == promotions.c.promoted_by)
    )


def _promotion(row: sa.Row[tuple[object, ...]]) -> Promotion:
    return Promotion(
        id=row.promotion_id,
        version=version_of(row),
        because=row.because,
        promoted_by=row.promoter,
        gate_result_id=row.gate_result_id,
        against_gate=row.against_gate,
        created_at=row.promoted_at,
    )
