"""What checks are made of: annotations that people stand behind, what stands beside them, and
scores of real proposals, so that a check looks like one."""

from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.checks import Score
from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.review_tables import checks, withdrawals
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.masks import Rle
from maskloop.platform.states import CheckKind, ProposalState, Verdict

_SCORES = 5000
"""The newest that scores are drawn from."""


@dataclass(frozen=True)
class Truth:
    """An annotation's revision: what it shows, and under which category."""

    annotation_id: int
    revision: int
    image_id: int
    category_id: int
    rle: Rle


def truth(connection: sa.Connection, project_id: int, annotation: tuple[int, int]) -> Truth:
    """Of an annotation's id and revision, which a check refers to and so exist."""
    row = connection.execute(
        _truths(project_id).where(
            annotations.c.id == annotation[0], annotations.c.revision == annotation[1]
        )
    ).one()
    return _truth(row)


def of_gold(connection: sa.Connection, project_id: int) -> list[Truth]:
    """What gold in use shows, but for annotations that were deleted since; by check."""
    rows = connection.execute(
        _truths(project_id)
        .join(
            checks,
            sa.and_(
                checks.c.annotation_id == annotations.c.id,
                checks.c.annotation_revision == annotations.c.revision,
            ),
        )
        .where(checks.c.kind == CheckKind.GOLD, checks.c.retired_at.is_(None), truth_stands())
        .order_by(checks.c.id)
    )
    return [_truth(row) for row in rows]


def truth_stands() -> sa.ColumnElement[bool]:
    """Of a row of `checks`: its annotation was not deleted."""
    later = annotations.alias("later")
    return ~sa.exists().where(later.c.id == checks.c.annotation_id, later.c.deleted)


def reviewed(connection: sa.Connection, project_id: int, *, limit: int) -> list[Truth]:
    """Current annotations that a person's standing verdict made of proposals, newest first."""
    withdrawn = sa.exists().where(withdrawals.c.review_id == reviews.c.id)
    verdict = sa.exists().where(
        reviews.c.project_id == annotations.c.project_id,
        reviews.c.annotation_id == annotations.c.id,
        reviews.c.verdict.in_([Verdict.ACCEPTED, Verdict.CORRECTED]),
        reviews.c.auto_accept_id.is_(None),
        ~withdrawn,
    )
    rows = connection.execute(
        _truths(project_id)
        .where(is_current(), verdict)
        .order_by(annotations.c.id.desc())
        .limit(limit)
    )
    return [_truth(row) for row in rows]


def neighbours(connection: sa.Connection, project_id: int, of: Truth) -> list[Rle]:
    """The other objects of its image: what people drew; without any, what models propose."""
    others = connection.execute(
        _truths(project_id).where(
            is_current(),
            annotations.c.image_id == of.image_id,
            annotations.c.id != of.annotation_id,
        )
    ).all()
    return [_rle(row) for row in others] or _proposed_beside(connection, project_id, of)


def _proposed_beside(connection: sa.Connection, project_id: int, of: Truth) -> list[Rle]:
    rows = connection.execute(
        sa.select(proposals.c.rle_counts, images.c.height, images.c.width)
        .join(images, images.c.id == proposals.c.image_id)
        .where(
            proposals.c.project_id == project_id,
            proposals.c.image_id == of.image_id,
            proposals.c.state == ProposalState.PENDING,
        )
        .order_by(proposals.c.id)
        .limit(100)
    )
    return [_rle(row) for row in rows]


def scores(connection: sa.Connection, project_id: int) -> list[Score]:
    """Of the newest proposals that wait, one each; of others only where none waits."""
    waits = proposals.c.state == ProposalState.PENDING
    wanted = (
        sa.select(proposals.c.model_version_id, proposals.c.predicted_iou)
        .where(proposals.c.project_id == project_id)
        .order_by(proposals.c.id.desc())
        .limit(_SCORES)
    )
    rows = connection.execute(wanted.where(waits)).all() or connection.execute(wanted).all()
    return [Score(row.model_version_id, row.predicted_iou) for row in rows]


def _truths(project_id: int) -> sa.Select[tuple[int, int, int, int, bytes, int, int]]:
    return (
        sa.select(
            annotations.c.id,
            annotations.c.revision,
            annotations.c.image_id,
            annotations.c.category_id,
            annotations.c.rle_counts,
            images.c.height,
            images.c.width,
        )
        .join(images, images.c.id == annotations.c.image_id)
        .where(annotations.c.project_id == project_id)
    )


def _truth(row: sa.Row[tuple[int, int, int, int, bytes, int, int]]) -> Truth:
    return Truth(row.id, row.revision, row.image_id, row.category_id, _rle(row))


def _rle(row: sa.Row[*tuple[object, ...]]) -> Rle:
    return Rle((row.height, row.width), bytes(row.rle_counts))
