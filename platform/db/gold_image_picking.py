"""Which gold image somebody labels blindly: one that looks like the queue's others, and of which
they know nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REAL

from maskloop.platform.db.labeling_tables import annotations, reviews, submissions
from maskloop.platform.db.pass_tables import gold_images, passes
from maskloop.platform.db.review_tables import cards, checks
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import ImageState, ProposalState


@dataclass(frozen=True)
class Picked:
    gold_image_id: int
    image_id: int


def pick(connection: sa.Connection, project_id: int, *, user_id: int, rule: Rule) -> Picked | None:
    """One of those that are left for the person, each as likely as the other; None: none is.

    An image that was reopened since is labelled for its own sake, and given to nobody blindly.
    """
    wanted = (
        sa.select(gold_images.c.id, gold_images.c.image_id)
        .join(images, images.c.id == gold_images.c.image_id)
        .where(
            gold_images.c.project_id == project_id,
            gold_images.c.retired_at.is_(None),
            images.c.state == ImageState.DONE,
            *(~met for met in met_by(user_id)),
            *_fits(rule),
        )
        .order_by(sa.func.random())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else Picked(row.id, row.image_id)


def met_by(user_id: int) -> Iterator[sa.ColumnElement[bool]]:
    """Of a row of `images`: that the person labelled it or a part of it, said something of it, or
    was shown a mask that is on it."""
    yield sa.exists().where(passes.c.user_id == user_id, passes.c.image_id == images.c.id)
    yield sa.exists().where(_on_image(submissions), submissions.c.user_id == user_id)
    yield sa.exists().where(_on_image(annotations), annotations.c.author_id == user_id)
    yield sa.exists().where(
        _on_image(proposals),
        reviews.c.project_id == proposals.c.project_id,
        reviews.c.proposal_id == proposals.c.id,
        reviews.c.reviewer_id == user_id,
    )
    mine = cards.c.user_id == user_id
    for table, shown in (
        (proposals, cards.c.proposal_id),
        (annotations, cards.c.annotation_id),
        (checks, cards.c.check_id),
    ):
        project = cards.c.project_id == table.c.project_id
        yield sa.exists().where(_on_image(table), project, shown == table.c.id, mine)


def _on_image(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.project_id == images.c.project_id,
        table.c.image_id == images.c.id,
    )


def _fits(rule: Rule) -> Iterator[sa.ColumnElement[bool]]:
    """The parts of a queue's rule that can be seen on an image. What somebody labels blindly has no
    annotation at first, so it is in no queue of images that have one."""
    if rule.category_ids:
        yield sa.false()
    if rule.image is not None:
        yield images.c.source_uri.icontains(rule.image, autoescape=True)
    proposed = [proposals.c.state != ProposalState.SUPERSEDED]
    if rule.job_id is not None:
        proposed.append(proposals.c.job_id == rule.job_id)
    if rule.model_version_id is not None:
        proposed.append(proposals.c.model_version_id == rule.model_version_id)
    # Rounded as the column is, so that a score that was read finds its proposal.
    if rule.predicted_iou_least is not None:
        proposed.append(proposals.c.predicted_iou >= sa.cast(rule.predicted_iou_least, REAL))
    if rule.predicted_iou_most is not None:
        proposed.append(proposals.c.predicted_iou <= sa.cast(rule.predicted_iou_most, REAL))
    if len(proposed) > 1:
        yield sa.exists().where(_on_image(proposals), *proposed)
