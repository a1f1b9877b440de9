"""Rows of `checks`: what people are asked though the answer is known.

Gold is right as it is shown, a planted error is wrong on purpose. The truth is an annotation's
revision. Nothing here is ever a row of `proposals` or `annotations`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import checks
from maskloop.platform.db.tables import categories, images
from maskloop.platform.errors import NotFoundError
from maskloop.platform.masks import MeasuredMask, Rle
from maskloop.platform.states import CheckKind, Defect


@dataclass(frozen=True)
class Score:
    """What a card says of a mask's origin."""

    model_version_id: int
    predicted_iou: float


@dataclass(frozen=True)
class NewCheck:
    """`category_id` and `mask` are as shown; `truth`: an annotation's id and revision; `iou`: of
    the mask with the truth; `defect`: None for gold."""

    kind: CheckKind
    defect: Defect | None
    image_id: int
    truth: tuple[int, int]
    category_id: int
    mask: MeasuredMask
    iou: float
    score: Score | None


@dataclass(frozen=True)
class Check:
    """A row; `category` is the name that is shown, `created_by` a name."""

    id: int
    new: NewCheck
    category: str
    created_by: str
    created_at: datetime
    retired_at: datetime | None


def insert(
    connection: sa.Connection, project_id: int, made: Sequence[NewCheck], *, by: int
) -> list[int]:
    """Their ids, in the same order."""
    ids = []
    for new in made:
        values = _columns(new) | {"project_id": project_id, "created_by": by}
        statement = sa.insert(checks).values(values).returning(checks.c.id)
        ids.append(connection.execute(statement).scalar_one())
    return ids


def _columns(new: NewCheck) -> dict[str, object]:
    score = new.score
    return {
        "kind": new.kind,
        "defect": new.defect,
        "image_id": new.image_id,
        "annotation_id": new.truth[0],
        "annotation_revision": new.truth[1],
        "category_id": new.category_id,
        "rle_counts": new.mask.rle.counts,
        "bbox_xywh": list(new.mask.bbox_xywh),
        "area": new.mask.area,
        "iou": new.iou,
        "model_version_id": score and score.model_version_id,
        "predicted_iou": score and score.predicted_iou,
    }


def by_id(connection: sa.Connection, project_id: int, check_id: int) -> Check:
    """A retired one too. Raises `NotFoundError`."""
    row = connection.execute(_checks(project_id).where(checks.c.id == check_id)).one_or_none()
    if row is None:
        raise missing(check_id)
    return check_of(row)


def missing(check_id: int) -> NotFoundError:
    return NotFoundError("check", str(check_id), "Look for it in the list of checks.")


def by_ids(connection: sa.Connection, project_id: int, ids: Collection[int]) -> list[Check]:
    """Those there are, by id."""
    rows = connection.execute(_checks(project_id).where(checks.c.id.in_(ids)).order_by(checks.c.id))
    return [check_of(row) for row in rows]


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    before: int | None = None,
    limit: int,
    kind: CheckKind | None = None,
    defect: Defect | None = None,
    retired: bool | None = None,
) -> list[Check]:
    """Newest first, older than the id `before`; what is None lets everything through."""
    wanted = _checks(project_id)
    if before is not None:
        wanted = wanted.where(checks.c.id < before)
    if kind is not None:
        wanted = wanted.where(checks.c.kind == kind)
    if defect is not None:
        wanted = wanted.where(checks.c.defect == defect)
    if retired is not None:
        wanted = wanted.where(checks.c.retired_at.is_not(None) == retired)
    rows = connection.execute(wanted.order_by(checks.c.id.desc()).limit(limit))
    return [check_of(row) for row in rows]


def in_use(
    connection: sa.Connection,
    project_id: int,
    kind: CheckKind,
    annotation_ids: Collection[int] | None = None,
) -> list[Check]:
    """Those of a kind that are not retired, by id; of these annotations where they are given."""
    wanted = _checks(project_id).where(checks.c.kind == kind, checks.c.retired_at.is_(None))
    if annotation_ids is not None:
        wanted = wanted.where(checks.c.annotation_id.in_(annotation_ids))
    return [check_of(row) for row in connection.execute(wanted.order_by(checks.c.id))]


def retire(connection: sa.Connection, project_id: int, check_ids: Collection[int]) -> list[int]:
    """They are asked no more, and their answers stay; which of them were in use until now."""
    statement = (
        sa.update(checks)
        .where(
            checks.c.project_id == project_id,
            checks.c.id.in_(check_ids),
            checks.c.retired_at.is_(None),
        )
        .values(retired_at=sa.func.now())
        .returning(checks.c.id)
    )
    return sorted(connection.execute(statement).scalars())


def _checks(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            checks,
            images.c.height,
            images.c.width,
            categories.c.name.label("category"),
            users.c.name.label("creator"),
        )
        .join(images, images.c.id == checks.c.image_id)
        .join(categories, categories.c.id == checks.c.category_id)
        .join(users, users.c.id == checks.c.created_by)
        .where(checks.c.project_id == project_id)
    )


def check_of(row: sa.Row[*tuple[Any, ...]]) -> Check:
    x, y, width, height = row.bbox_xywh
    rle = Rle((row.height, row.width), bytes(row.rle_counts))
    score = None
    if row.model_version_id is not None and row.predicted_iou is not None:
        score = Score(row.model_version_id, row.predicted_iou)
    new = NewCheck(
        kind=CheckKind(row.kind),
        defect=None if row.defect is None else Defect(row.defect),
        image_id=row.image_id,
        truth=(row.annotation_id, row.annotation_revision),
        category_id=row.category_id,
        mask=MeasuredMask(rle, (x, y, width, height), row.area),
        iou=row.iou,
        score=score,
    )
    return Check(row.id, new, row.category, row.creator, row.created_at, row.retired_at)
