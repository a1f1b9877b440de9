"""Rows of `training_sets` and `training_set_items`: frozen, so that a version can be made again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_into

from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.learning_tables import training_set_items, training_sets
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.db.training_candidates import Candidate, origin_of
from maskloop.platform.errors import NotFoundError
from maskloop.platform.masks import Rle
from maskloop.platform.states import Split
from maskloop.platform.training import Origin, SetRule
from maskloop.platform.training_statistics import Statistics

_COLUMNS = (
    "project_id, training_set_id, annotation_id, annotation_revision, image_id, category, split"
)
_TYPES = ("int8", "int8", "int8", "int4", "int8", "text", "text")


@dataclass(frozen=True)
class TrainingSet:
    """`created_by_name`: of the user `created_by`."""

    id: int
    project_id: int
    name: str
    rule: SetRule
    digest: bytes
    statistics: Statistics
    created_by: int
    created_by_name: str
    created_at: datetime


@dataclass(frozen=True)
class SetItem:
    """An annotation as it was frozen: the revision, and its category's name then."""

    annotation_id: int
    annotation_revision: int
    image_id: int
    image_sha256: bytes
    image_source: str
    size_hw: tuple[int, int]
    category: str
    rle: Rle
    mask_digest: bytes
    area: int
    prompts: tuple[Mapping[str, Any], ...]
    origin: Origin
    split: Split


def insert(
    connection: sa.Connection,
    project_id: int,
    items: Iterable[Candidate],
    *,
    name: str,
    rule: SetRule,
    digest: bytes,
    statistics: Statistics,
    created_by: int,
) -> int | None:
    """The new set's id; None where the project has one of this content or this name."""
    statement = (
        insert_into(training_sets)
        .values(
            project_id=project_id,
            name=name,
            rule=rule.model_dump(mode="json"),
            digest=digest,
            statistics=statistics.model_dump(mode="json"),
            created_by=created_by,
        )
        .on_conflict_do_nothing()
        .returning(training_sets.c.id)
    )
    made: int | None = connection.execute(statement).scalar_one_or_none()
    if made is not None:
        _copy_items(connection, project_id, made, items)
    return made


def _copy_items(
    connection: sa.Connection, project_id: int, set_id: int, items: Iterable[Candidate]
) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    statement = f"COPY training_set_items ({_COLUMNS}) FROM STDIN WITH (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(_TYPES)
        for item in items:
            copy.write_row(
                (
                    project_id,
                    set_id,
                    item.annotation_id,
                    item.annotation_revision,
                    item.image_id,
                    item.category,
                    item.split.value,
                )
            )


def by_id(connection: sa.Connection, project_id: int, set_id: int) -> TrainingSet:
    """Raises `NotFoundError`."""
    row = connection.execute(_sets(project_id).where(training_sets.c.id == set_id)).one_or_none()
    if row is None:
        raise NotFoundError("training set", str(set_id), "Look for it among the project's.")
    return _training_set(row)


def by_digest(connection: sa.Connection, project_id: int, digest: bytes) -> TrainingSet | None:
    row = connection.execute(
        _sets(project_id).where(training_sets.c.digest == digest)
    ).one_or_none()
    return None if row is None else _training_set(row)


def page(
    connection: sa.Connection, project_id: int, *, before: int | None = None, limit: int
) -> list[TrainingSet]:
    """Newest first; `before` is the id of the last one that was seen."""
    wanted = _sets(project_id)
    if before is not None:
        wanted = wanted.where(training_sets.c.id < before)
    rows = connection.execute(wanted.order_by(training_sets.c.id.desc()).limit(limit))
    return [_training_set(row) for row in rows]


def items(
    connection: sa.Connection,
    project_id: int,
    set_id: int,
    splits: Sequence[Split] = tuple(Split),
) -> list[SetItem]:
    """By image and annotation. Raises `NotFoundError` for the set."""
    by_id(connection, project_id, set_id)
    rows = connection.execute(
        _items(project_id, set_id, splits).order_by(
            training_set_items.c.image_id, training_set_items.c.annotation_id
        )
    ).all()
    return [_item(row) for row in rows]


def items_page(
    connection: sa.Connection,
    project_id: int,
    set_id: int,
    *,
    splits: Sequence[Split] = tuple(Split),
    after: int = 0,
    limit: int,
) -> list[SetItem]:
    """By annotation, behind the id `after`. Raises `NotFoundError` for the set."""
    by_id(connection, project_id, set_id)
    rows = connection.execute(
        _items(project_id, set_id, splits)
        .where(training_set_items.c.annotation_id > after)
        .order_by(training_set_items.c.annotation_id)
        .limit(limit)
    )
    return [_item(row) for row in rows]


@dataclass(frozen=True)
class Changes:
    """Annotations of one side that differ between a set and a later one; one may count twice."""

    added: int = 0
    removed: int = 0
    changed_masks: int = 0
    moved_categories: int = 0
    moved_sides: int = 0
    """Those that stood on another side before."""


def changes(
    connection: sa.Connection, project_id: int, before_id: int, after_id: int
) -> dict[Split, Changes]:
    """By the side in the later set, or for what was removed in the earlier one."""
    before, after = _content(project_id, before_id), _content(project_id, after_id)
    both = before.outerjoin(after, before.c.annotation_id == after.c.annotation_id, full=True)
    side = sa.func.coalesce(after.c.split, before.c.split)
    counted = {
        "added": before.c.annotation_id.is_(None),
        "removed": after.c.annotation_id.is_(None),
        "changed_masks": before.c.mask_digest != after.c.mask_digest,
        "moved_categories": before.c.category != after.c.category,
        "moved_sides": before.c.split != after.c.split,
    }
    rows = connection.execute(
        sa.select(
            side.label("split"),
            *(sa.func.count().filter(which).label(name) for name, which in counted.items()),
        )
        .select_from(both)
        .group_by(side)
    )
    found = {
        Split(row.split): Changes(**{name: getattr(row, name) for name in counted}) for row in rows
    }
    return {split: found.get(split, Changes()) for split in Split}


def _content(project_id: int, set_id: int) -> sa.Subquery:
    return (
        sa.select(
            training_set_items.c.annotation_id,
            training_set_items.c.split,
            training_set_items.c.category,
            annotations.c.mask_digest,
        )
        .join(annotations, _frozen_revision())
        .where(
            training_set_items.c.project_id == project_id,
            training_set_items.c.training_set_id == set_id,
        )
        .subquery()
    )


def _frozen_revision() -> sa.ColumnElement[bool]:
    return sa.and_(
        annotations.c.id == training_set_items.c.annotation_id,
        annotations.c.revision == training_set_items.c.annotation_revision,
    )


def _sets(project_id: int) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(training_sets, users.c.name.label("created_by_name"))
        .join(users, users.c.id == training_sets.c.created_by)
        .where(training_sets.c.project_id == project_id)
    )


def _items(project_id: int, set_id: int, splits: Sequence[Split]) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            training_set_items,
            images.c.sha256,
            images.c.source_uri,
            images.c.height,
            images.c.width,
            annotations.c.rle_counts,
            annotations.c.mask_digest,
            annotations.c.area,
            annotations.c.prompts,
            origin_of().label("origin"),
        )
        .join(annotations, _frozen_revision())
        .join(images, images.c.id == training_set_items.c.image_id)
        .outerjoin(proposals, proposals.c.id == annotations.c.proposal_id)
        .where(
            training_set_items.c.project_id == project_id,
            training_set_items.c.training_set_id == set_id,
            training_set_items.c.split.in_(splits),
        )
    )


def _training_set(row: sa.Row[tuple[object, ...]]) -> TrainingSet:
    return TrainingSet(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        rule=SetRule.model_validate(row.rule),
        digest=bytes(row.digest),
        statistics=Statistics.model_validate(row.statistics),
        created_by=row.created_by,
        created_by_name=row.created_by_name,
        created_at=row.created_at,
    )


def _item(row: sa.Row[tuple[object, ...]]) -> SetItem:
    size_hw = (row.height, row.width)
    return SetItem(
        annotation_id=row.annotation_id,
        annotation_revision=row.annotation_revision,
        image_id=row.image_id,
        image_sha256=bytes(row.sha256),
        image_source=row.source_uri,
        size_hw=size_hw,
        category=row.category,
        rle=Rle(size_hw, bytes(row.rle_counts)),
        mask_digest=bytes(row.mask_digest),
        area=row.area,
        prompts=tuple(row.prompts),
        origin=Origin(row.origin),
        split=Split(row.split),
    )
