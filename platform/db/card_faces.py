"""What cards show: the same of proposals, annotations and checks, so that they look alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db.cards import Card
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.review_tables import cards as cards_table
from maskloop.platform.db.review_tables import checks, proposal_doubts, queues
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.masks import MeasuredMask, Rle
from maskloop.platform.states import QueueSubject

Reasons = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Face:
    """`category_id`: None where the mask has none yet."""

    image_id: int
    mask: MeasuredMask
    category_id: int | None
    predicted_iou: float | None
    model_version_id: int | None


def of_cards(connection: sa.Connection, project_id: int, cards: Sequence[Card]) -> dict[int, Face]:
    """By card id."""
    shown = [card.shows for card in cards]
    by_proposal = _read(
        connection,
        project_id,
        proposals,
        sa.null(),
        proposals.c.id.in_([one.proposal_id for one in shown if one.proposal_id]),
    )
    by_annotation = _read(
        connection,
        project_id,
        annotations,
        annotations.c.category_id,
        sa.tuple_(annotations.c.id, annotations.c.revision).in_(
            [one.annotation for one in shown if one.annotation]
        ),
    )
    by_check_card = _of_checks(
        connection, project_id, [card.id for card in cards if card.shows.check_id]
    )
    faces = {}
    for card in cards:
        if card.shows.proposal_id is not None:
            faces[card.id] = by_proposal[card.shows.proposal_id]
        elif card.shows.annotation is not None:
            faces[card.id] = by_annotation[card.shows.annotation[0]]
        elif card.shows.check_id is not None:
            faces[card.id] = by_check_card[card.id]
    return faces


def _read(
    connection: sa.Connection,
    project_id: int,
    table: sa.Table,
    category: sa.ColumnElement[Any],
    wanted: sa.ColumnElement[bool],
) -> dict[int, Face]:
    """An annotation stands on one open card of a person at most, so its id is enough."""
    rows = connection.execute(
        sa.select(
            table.c.id,
            table.c.image_id,
            table.c.rle_counts,
            table.c.bbox_xywh,
            table.c.area,
            table.c.predicted_iou,
            table.c.model_version_id,
            category.label("category_id"),
            images.c.height,
            images.c.width,
        )
        .join(images, images.c.id == table.c.image_id)
        .where(table.c.project_id == project_id, wanted)
    )
    return {row.id: _face(row) for row in rows}


def _of_checks(
    connection: sa.Connection, project_id: int, card_ids: Sequence[int]
) -> dict[int, Face]:
    """By card id. Among proposals a check has a proposal's score and no category; among annotations
    its category, and the score, or none, of the annotation that is the truth."""
    as_annotation = queues.c.subject == QueueSubject.ANNOTATIONS
    truth = sa.and_(
        annotations.c.id == checks.c.annotation_id,
        annotations.c.revision == checks.c.annotation_revision,
    )
    rows = connection.execute(
        sa.select(
            cards_table.c.id,
            checks.c.image_id,
            checks.c.rle_counts,
            checks.c.bbox_xywh,
            checks.c.area,
            _either(as_annotation, annotations.c.predicted_iou, checks.c.predicted_iou).label(
                "predicted_iou"
            ),
            _either(as_annotation, annotations.c.model_version_id, checks.c.model_version_id).label(
                "model_version_id"
            ),
            _either(as_annotation, checks.c.category_id, sa.null()).label("category_id"),
            images.c.height,
            images.c.width,
        )
        .join(checks, checks.c.id == cards_table.c.check_id)
        .join(queues, queues.c.id == cards_table.c.queue_id)
        .join(annotations, truth)
        .join(images, images.c.id == checks.c.image_id)
        .where(cards_table.c.project_id == project_id, cards_table.c.id.in_(card_ids))
    )
    return {row.id: _face(row) for row in rows}


def _either(
    condition: sa.ColumnElement[bool], one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]
) -> sa.ColumnElement[Any]:
    return sa.case((condition, one), else_=other)


def _face(row: sa.Row[*tuple[Any, ...]]) -> Face:
    x, y, width, height = row.bbox_xywh
    rle = Rle((row.height, row.width), bytes(row.rle_counts))
    return Face(
        image_id=row.image_id,
        mask=MeasuredMask(rle, (x, y, width, height), row.area),
        category_id=row.category_id,
        predicted_iou=row.predicted_iou,
        model_version_id=row.model_version_id,
    )


def doubts(connection: sa.Connection, project_id: int, cards: Sequence[Card]) -> dict[int, Reasons]:
    """Why cards are worth a look, by card id; without those of which nobody computed it.

    A check borrows the reasons of some proposal, the same ones each time: without any it would be
    known for what it is.
    """
    wanted = [card.shows.proposal_id for card in cards if card.shows.proposal_id]
    rows = connection.execute(
        sa.select(proposal_doubts.c.proposal_id, proposal_doubts.c.reasons).where(
            proposal_doubts.c.project_id == project_id,
            proposal_doubts.c.proposal_id.in_(wanted),
        )
    )
    known = {row.proposal_id: row.reasons for row in rows}
    found = {}
    for card in cards:
        if card.shows.check_id is not None:
            reasons = _borrowed(connection, project_id, card.id)
        else:
            reasons = known.get(card.shows.proposal_id)
        if reasons is not None:
            found[card.id] = reasons
    return found


def _borrowed(connection: sa.Connection, project_id: int, card_id: int) -> Reasons | None:
    of_project = proposal_doubts.c.project_id == project_id
    ends = sa.select(
        sa.func.min(proposal_doubts.c.proposal_id), sa.func.max(proposal_doubts.c.proposal_id)
    ).where(of_project)
    first, last = connection.execute(ends).one()
    if first is None:
        return None
    somewhere = first + card_id * 2_654_435_761 % (last - first + 1)
    wanted = (
        sa.select(proposal_doubts.c.reasons)
        .where(of_project, proposal_doubts.c.proposal_id >= somewhere)
        .order_by(proposal_doubts.c.proposal_id)
        .limit(1)
    )
    found: Reasons = connection.execute(wanted).scalar_one()
    return found
