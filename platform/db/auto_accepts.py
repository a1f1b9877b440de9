"""Rows of `auto_accepts`: from which score on a version's proposals are accepted unseen, by what
evidence, and why no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import auto_accepts
from maskloop.platform.db.tables import categories, model_versions
from maskloop.platform.errors import NotFoundError


@dataclass(frozen=True)
class AutoAccept:
    """`threshold` is of predicted IoU, as the database keeps it: 32 bits. `category`,
    `model_version` and `switched_on_by` are names."""

    id: int
    project_id: int
    model_version_id: int
    model_version: str
    category_id: int
    category: str
    threshold: float
    wanted_precision: float
    confidence: float
    audit_share: float
    evidence: Mapping[str, Any]
    switched_on_by_id: int
    switched_on_by: str
    created_at: datetime
    revoked_at: datetime | None
    revoked_because: str | None


@dataclass(frozen=True)
class NewAutoAccept:
    model_version_id: int
    category_id: int
    threshold: float
    wanted_precision: float
    confidence: float
    audit_share: float
    evidence: Mapping[str, Any]


def insert_new(
    connection: sa.Connection, project_id: int, new: NewAutoAccept, *, switched_on_by: int
) -> int | None:
    """Its id; None where one of the version is on. Waits for others who switch one on."""
    statement = (
        insert(auto_accepts)
        .values(
            project_id=project_id,
            model_version_id=new.model_version_id,
            category_id=new.category_id,
            threshold=new.threshold,
            wanted_precision=new.wanted_precision,
            confidence=new.confidence,
            audit_share=new.audit_share,
            evidence=dict(new.evidence),
            switched_on_by=switched_on_by,
        )
        .on_conflict_do_nothing()
        .returning(auto_accepts.c.id)
    )
    return connection.execute(statement).scalar_one_or_none()


def active(connection: sa.Connection, project_id: int, model_version_id: int) -> AutoAccept | None:
    row = connection.execute(
        _auto_accepts().where(
            auto_accepts.c.project_id == project_id,
            auto_accepts.c.model_version_id == model_version_id,
            auto_accepts.c.revoked_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else _auto_accept(row)


def all_active(connection: sa.Connection, project_id: int | None = None) -> list[AutoAccept]:
    """Of a project, or of all of them; by id."""
    wanted = _auto_accepts().where(auto_accepts.c.revoked_at.is_(None))
    if project_id is not None:
        wanted = wanted.where(auto_accepts.c.project_id == project_id)
    return [_auto_accept(row) for row in connection.execute(wanted.order_by(auto_accepts.c.id))]


def by_id(connection: sa.Connection, project_id: int, auto_accept_id: int) -> AutoAccept:
    """Raises `NotFoundError`."""
    row = connection.execute(
        _auto_accepts().where(
            auto_accepts.c.project_id == project_id, auto_accepts.c.id == auto_accept_id
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError("auto-accept", str(auto_accept_id), "Look for it among the project's.")
    return _auto_accept(row)


def page(
    connection: sa.Connection, project_id: int, *, before: int | None, limit: int
) -> list[AutoAccept]:
    """Newest first; `before` is the id of the last one that was seen."""
    wanted = _auto_accepts().where(auto_accepts.c.project_id == project_id)
    if before is not None:
        wanted = wanted.where(auto_accepts.c.id < before)
    rows = connection.execute(wanted.order_by(auto_accepts.c.id.desc()).limit(limit))
    return [_auto_accept(row) for row in rows]


def still_on(connection: sa.Connection, auto_accept_id: int) -> bool:
    """If so, nobody switches it off before the end of the transaction."""
    statement = (
        sa.select(auto_accepts.c.id)
        .where(auto_accepts.c.id == auto_accept_id, auto_accepts.c.revoked_at.is_(None))
        .with_for_update(read=True)
    )
    return connection.execute(statement).first() is not None


def revoke(connection: sa.Connection, project_id: int, auto_accept_id: int, because: str) -> bool:
    """False where it was off already."""
    statement = (
        sa.update(auto_accepts)
        .where(
            auto_accepts.c.project_id == project_id,
            auto_accepts.c.id == auto_accept_id,
            auto_accepts.c.revoked_at.is_(None),
        )
        .values(revoked_at=sa.func.now(), revoked_because=because)
    )
    return connection.execute(statement).rowcount == 1


def _auto_accepts() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            auto_accepts,
            model_versions.c.name.label("model_version"),
            categories.c.name.label("category"),
            users.c.name.label("user"),
        )
        .join(model_versions, model_versions.c.id == auto_accepts.c.model_version_id)
        .join(categories, categories.c.id == auto_accepts.c.category_id)
        .join(users, users.c.id == auto_accepts.c.switched_on_by)
    )


def _auto_accept(row: sa.Row[tuple[object, ...]]) -> AutoAccept:
    return AutoAccept(
        id=row.id,
        project_id=row.project_id,
        model_version_id=row.model_version_id,
        model_version=row.model_version,
        category_id=row.category_id,
        category=row.category,
        threshold=row.threshold,
        wanted_precision=row.wanted_precision,
        confidence=row.confidence,
        audit_share=row.audit_share,
        evidence=row.evidence,
        switched_on_by_id=row.switched_on_by,
        switched_on_by=row.user,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        revoked_because=row.revoked_because,
    )
