"""Rows of `shadows` and `shadow_samples`: which version decodes beside the one that serves, and
what the two made of the same prompts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.learning_tables import shadow_samples, shadows
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import images, model_versions
from maskloop.platform.masks import Rle


@dataclass(frozen=True)
class Shadow:
    """`version` is the challenger's number, `name` its name."""

    id: int
    version: int
    name: str
    share: float
    started_by: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class NewSample:
    """`prompt` as it was sent; masks: the best of each; `seconds` that the challenger decoded."""

    project_id: int
    shadow_id: int
    image_id: int
    user_id: int
    champion_id: int
    prompt: Mapping[str, Any]
    prompt_digest: bytes
    champion: Rle
    challenger: Rle
    agreement: float
    seconds: float


@dataclass(frozen=True)
class Sample:
    """What figures are made of."""

    id: int
    project_id: int
    image_id: int
    user_id: int
    prompt_digest: bytes
    champion: Rle
    challenger: Rle
    agreement: float
    seconds: float


@dataclass(frozen=True)
class Chain:
    """What a revision of an annotation was asked with last."""

    project_id: int
    image_id: int
    annotation_id: int
    author_id: int
    last_prompt: Mapping[str, Any]


def insert_running(
    connection: sa.Connection, *, version: int, share: float, started_by: int
) -> int | None:
    """Its id; None where another one runs."""
    statement = (
        insert(shadows)
        .values(model_version_id=version, share=share, started_by=started_by)
        .on_conflict_do_nothing()
        .returning(shadows.c.id)
    )
    return connection.execute(statement).scalar_one_or_none()


def running(connection: sa.Connection) -> Shadow | None:
    row = connection.execute(_shadows().where(shadows.c.ended_at.is_(None))).one_or_none()
    return None if row is None else _shadow(row)


def by_id(connection: sa.Connection, shadow_id: int) -> Shadow | None:
    row = connection.execute(_shadows().where(shadows.c.id == shadow_id)).one_or_none()
    return None if row is None else _shadow(row)


def page(connection: sa.Connection, *, before: int | None, limit: int) -> list[Shadow]:
    """Newest first, older than the id `before`."""
    wanted = _shadows().order_by(shadows.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(shadows.c.id < before)
    return [_shadow(row) for row in connection.execute(wanted)]


def end(connection: sa.Connection, shadow_id: int) -> bool:
    """False where it had ended."""
    return _end(connection, shadows.c.id == shadow_id)


def end_of_version(connection: sa.Connection, version: int) -> bool:
    """False where this version does not run as a shadow."""
    return _end(connection, shadows.c.model_version_id == version)


def _end(connection: sa.Connection, which: sa.ColumnElement[bool]) -> bool:
    ended = connection.execute(
        sa.update(shadows)
        .where(which, shadows.c.ended_at.is_(None))
        .values(ended_at=sa.func.now())
        .returning(shadows.c.id)
    )
    return ended.first() is not None


def insert_sample(connection: sa.Connection, sample: NewSample) -> bool:
    """False where its shadow has ended: from then on its figures stay what they are."""
    runs = (
        sa.select(shadows.c.id)
        .where(shadows.c.id == sample.shadow_id, shadows.c.ended_at.is_(None))
        .with_for_update(read=True)
    )
    if connection.execute(runs).first() is None:
        return False
    connection.execute(
        sa.insert(shadow_samples).values(
            project_id=sample.project_id,
            shadow_id=sample.shadow_id,
            image_id=sample.image_id,
            user_id=sample.user_id,
            champion_id=sample.champion_id,
            prompt=dict(sample.prompt),
            prompt_digest=sample.prompt_digest,
            champion=sample.champion.counts,
            challenger=sample.challenger.counts,
            agreement=sample.agreement,
            seconds=sample.seconds,
        )
    )
    return True


def count_samples(
    connection: sa.Connection, project_ids: Collection[int], shadow_id: int, *, champion_id: int
) -> int:
    found: int = connection.execute(
        sa.select(sa.func.count()).where(
            shadow_samples.c.shadow_id == shadow_id,
            shadow_samples.c.champion_id == champion_id,
            shadow_samples.c.project_id.in_(project_ids),
        )
    ).scalar_one()
    return found


def last_champion(
    connection: sa.Connection, project_ids: Collection[int], shadow_id: int
) -> int | None:
    """Whom the shadow was compared with last; another one may have been promoted meanwhile."""
    return connection.execute(
        sa.select(shadow_samples.c.champion_id)
        .where(
            shadow_samples.c.shadow_id == shadow_id, shadow_samples.c.project_id.in_(project_ids)
        )
        .order_by(shadow_samples.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def newest_samples(
    connection: sa.Connection,
    project_ids: Collection[int],
    shadow_id: int,
    *,
    champion_id: int,
    most: int,
) -> list[Sample]:
    """Newest first."""
    rows = connection.execute(
        sa.select(shadow_samples, images.c.height, images.c.width)
        .join(
            images,
            sa.and_(
                images.c.project_id == shadow_samples.c.project_id,
                images.c.id == shadow_samples.c.image_id,
            ),
        )
        .where(
            shadow_samples.c.shadow_id == shadow_id,
            shadow_samples.c.champion_id == champion_id,
            shadow_samples.c.project_id.in_(project_ids),
        )
        .order_by(shadow_samples.c.id.desc())
        .limit(most)
    )
    return [_sample(row) for row in rows]


def chains_on(
    connection: sa.Connection, project_ids: Collection[int], image_ids: Collection[int]
) -> list[Chain]:
    """Of every revision on these images that has prompts, the oldest first; no masks, because most
    of them are asked for nothing."""
    last = annotations.c.prompts[-1]
    rows = connection.execute(
        sa.select(
            annotations.c.project_id,
            annotations.c.image_id,
            annotations.c.id,
            annotations.c.author_id,
            last.label("last_prompt"),
        )
        .where(
            annotations.c.project_id.in_(project_ids),
            annotations.c.image_id.in_(image_ids),
            sa.func.jsonb_array_length(annotations.c.prompts) > 0,
        )
        .order_by(annotations.c.id, annotations.c.revision)
    )
    return [
        Chain(row.project_id, row.image_id, row.id, row.author_id, row.last_prompt) for row in rows
    ]


def saved_masks(
    connection: sa.Connection, project_ids: Collection[int], annotation_ids: Collection[int]
) -> dict[int, Rle]:
    """By annotation, as its last revision has it; those that were deleted are left out."""
    rows = connection.execute(
        sa.select(
            annotations.c.id,
            annotations.c.rle_counts,
            annotations.c.deleted,
            images.c.height,
            images.c.width,
        )
        .ext(distinct_on(annotations.c.id))
        .join(
            images,
            sa.and_(
                images.c.project_id == annotations.c.project_id,
                images.c.id == annotations.c.image_id,
            ),
        )
        .where(
            annotations.c.project_id.in_(project_ids),
            annotations.c.id.in_(annotation_ids),
        )
        .order_by(annotations.c.id, annotations.c.revision.desc())
    )
    return {row.id: Rle((row.height, row.width), row.rle_counts) for row in rows if not row.deleted}


def _shadows() -> sa.Select[Any]:
    return (
        sa.select(shadows, model_versions.c.name, users.c.name.label("started_by_name"))
        .join(model_versions, model_versions.c.id == shadows.c.model_version_id)
        .join(users, users.c.id == shadows.c.started_by)
    )


def _shadow(row: sa.Row[Any]) -> Shadow:
    return Shadow(
        row.id,
        row.model_version_id,
        row.name,
        round(row.share, 6),  # single precision there
        row.started_by_name,
        row.created_at,
        row.ended_at,
    )


def _sample(row: sa.Row[Any]) -> Sample:
    size_hw = (row.height, row.width)
    return Sample(
        row.id,
        row.project_id,
        row.image_id,
        row.user_id,
        row.prompt_digest,
        Rle(size_hw, row.champion),
        Rle(size_hw, row.challenger),
        row.agreement,
        row.seconds,
    )
