"""Current annotations as a rule chooses them for a training set, each on its side."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.learning_tables import never_trained
from maskloop.platform.db.tables import categories, images, proposals
from maskloop.platform.splits import split_of
from maskloop.platform.states import NeverTrained, Split
from maskloop.platform.training import Origin, SetRule


@dataclass(frozen=True, slots=True)
class Candidate:
    """`category` is a name; `never`: why it may not be trained on, where it may not."""

    annotation_id: int
    annotation_revision: int
    image_id: int
    image_sha256: bytes
    source: str
    size_hw: tuple[int, int]
    category: str
    mask_digest: bytes
    prompts_digest: bytes
    area: int
    origin: Origin
    made_at: datetime
    split: Split
    never: NeverTrained | None


def origin_of() -> sa.ColumnElement[str]:
    """Of a row of `annotations` with its row of `proposals`, outer joined: an `Origin`."""
    accepted = annotations.c.mask_digest == proposals.c.mask_digest
    return sa.case(
        (annotations.c.proposal_id.is_not(None) & accepted, Origin.ACCEPTED),
        (annotations.c.proposal_id.is_not(None), Origin.CORRECTED),
        (annotations.c.model_version_id.is_not(None), Origin.PROMPTED),
        else_=Origin.DRAWN,
    )


def select(connection: sa.Connection, project_id: int, rule: SetRule) -> list[Candidate]:
    """All that the rule chooses, by image and annotation; nothing is left out yet."""
    prompts = sa.func.convert_to(sa.cast(annotations.c.prompts, sa.Text), "UTF8")
    rows = connection.execute(
        _joined(
            project_id,
            annotations.c.id,
            annotations.c.revision,
            annotations.c.image_id,
            images.c.sha256,
            images.c.source_uri,
            images.c.height,
            images.c.width,
            categories.c.name.label("category"),
            annotations.c.mask_digest,
            sa.func.sha256(prompts).label("prompts_digest"),
            annotations.c.area,
            origin_of().label("origin"),
            annotations.c.created_at,
            _matches(rule.holdout_sources).label("named_holdout"),
            never_trained.c.reason,
        )
        .where(*_conditions(rule).values())
        .order_by(annotations.c.image_id, annotations.c.id)
    ).all()
    return [_candidate(row, rule) for row in rows]


def left_by_each_part(
    connection: sa.Connection, project_id: int, rule: SetRule
) -> tuple[int, dict[str, int]]:
    """How many current annotations there are, and how many of them each part of the rule leaves
    with the parts before it, by its name."""
    so_far: list[sa.ColumnElement[bool]] = []
    counts = []
    for name, condition in _conditions(rule).items():
        so_far.append(condition)
        counts.append(sa.func.count().filter(*so_far).label(name))
    row = connection.execute(_joined(project_id, sa.func.count().label("all"), *counts)).one()
    left = dict(row._mapping)
    return left.pop("all"), left


def _conditions(rule: SetRule) -> dict[str, sa.ColumnElement[bool]]:
    """By the name of the part; an empty one lets everything through and is not here."""
    found: dict[str, sa.ColumnElement[bool]] = {}
    if rule.categories:
        found["categories"] = categories.c.name.in_(rule.categories)
    if rule.origins:
        found["origins"] = origin_of().in_(rule.origins)
    if rule.image_states:
        found["image_states"] = images.c.state.in_(rule.image_states)
    if rule.since is not None:
        found["since"] = annotations.c.created_at >= rule.since
    if rule.until is not None:
        found["until"] = annotations.c.created_at < rule.until
    if rule.sources:
        found["sources"] = _matches(rule.sources)
    return found


def _matches(globs: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether an image's source fits one of the globs."""
    return sa.or_(sa.false(), *(images.c.source_uri.like(_pattern(glob)) for glob in globs))


def _pattern(glob: str) -> str:
    """The same for LIKE, whose own signs become plain text."""
    plain = glob.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return plain.replace("*", "%").replace("?", "_")


def _joined(project_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    never = sa.and_(
        never_trained.c.project_id == annotations.c.project_id,
        never_trained.c.annotation_id == annotations.c.id,
    )
    return (
        sa.select(*columns)
        .select_from(annotations)
        .join(images, images.c.id == annotations.c.image_id)
        .join(categories, categories.c.id == annotations.c.category_id)
        .outerjoin(proposals, proposals.c.id == annotations.c.proposal_id)
        .outerjoin(never_trained, never)
        .where(annotations.c.project_id == project_id, is_current())
    )


def _candidate(row: sa.Row[*tuple[Any, ...]], rule: SetRule) -> Candidate:
    sha256 = bytes(row.sha256)
    return Candidate(
        annotation_id=row.id,
        annotation_revision=row.revision,
        image_id=row.image_id,
        image_sha256=sha256,
        source=row.source_uri,
        size_hw=(row.height, row.width),
        category=row.category,
        mask_digest=bytes(row.mask_digest),
        prompts_digest=bytes(row.prompts_digest),
        area=row.area,
        origin=Origin(row.origin),
        made_at=row.created_at,
        split=split_of(sha256, rule, named_holdout=row.named_holdout),
        never=None if row.reason is None else NeverTrained(row.reason),
    )
