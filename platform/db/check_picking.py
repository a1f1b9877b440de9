"""Which checks a queue mixes in for somebody: those that look like what else it hands out."""

from collections.abc import Iterator

import sqlalchemy as sa

from maskloop.platform.db.check_sources import truth_stands
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.review_tables import cards, checks
from maskloop.platform.db.tables import images
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import CardOutcome, CheckKind, Defect, QueueSubject


def pick(
    connection: sa.Connection,
    project_id: int,
    queue: Queue,
    kind: CheckKind,
    *,
    user_id: int,
    limit: int,
) -> list[int]:
    """Ids of up to `limit` checks of a kind in random order, of which the person has no card open
    and answered none: nobody is asked the same twice."""
    wanted = (
        sa.select(checks.c.id)
        .where(
            checks.c.project_id == project_id,
            checks.c.kind == kind,
            checks.c.retired_at.is_(None),
            truth_stands(),
            ~_was_asked(user_id),
            *_fits(queue.plan.rule, queue.plan.subject),
            *_looks_like(queue.plan.subject, user_id),
        )
        .order_by(sa.func.random())
        .limit(limit)
    )
    return list(connection.execute(wanted).scalars())


def _was_asked(user_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        cards.c.project_id == checks.c.project_id,
        cards.c.check_id == checks.c.id,
        cards.c.user_id == user_id,
        sa.or_(cards.c.ended_at.is_(None), cards.c.outcome == CardOutcome.ANSWERED),
    )


def _fits(rule: Rule, subject: QueueSubject) -> Iterator[sa.ColumnElement[bool]]:
    """The parts of a queue's rule that can be seen on a card."""
    shown = checks if subject is QueueSubject.PROPOSALS else annotations
    visible = []
    if rule.model_version_id is not None:
        visible.append(shown.c.model_version_id == rule.model_version_id)
    if rule.predicted_iou_least is not None:
        visible.append(shown.c.predicted_iou >= rule.predicted_iou_least)
    if rule.predicted_iou_most is not None:
        visible.append(shown.c.predicted_iou <= rule.predicted_iou_most)
    yield sa.and_(sa.true(), *visible) if shown is checks else _truth_is(*visible)
    if rule.image is not None:
        yield sa.exists().where(
            images.c.id == checks.c.image_id,
            images.c.source_uri.icontains(rule.image, autoescape=True),
        )
    if rule.category_ids:
        yield checks.c.category_id.in_(rule.category_ids)


def _looks_like(subject: QueueSubject, user_id: int) -> Iterator[sa.ColumnElement[bool]]:
    """Proposals have a score and no category; annotations that are handed out are of others."""
    if subject is QueueSubject.PROPOSALS:
        yield checks.c.predicted_iou.is_not(None)
        yield checks.c.defect.is_distinct_from(Defect.WRONG_CATEGORY)
    else:
        yield _truth_is(annotations.c.author_id != user_id)


def _truth_is(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Of a row of `checks`, with conditions on its annotation's revision."""
    return sa.exists().where(
        annotations.c.id == checks.c.annotation_id,
        annotations.c.revision == checks.c.annotation_revision,
        *conditions,
    )
