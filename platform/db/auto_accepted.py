"""What an auto-accept accepted: proposals, the reviews and annotations that came with them, and all
of it taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, REAL, insert

from maskloop.platform.db.auto_accepts import AutoAccept
from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.review_tables import cards, withdrawals
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState, Verdict


@dataclass(frozen=True)
class Candidate:
    """A pending proposal that nobody has in hand."""

    id: int
    rle: Rle


@dataclass(frozen=True)
class Accepted:
    """`annotation`: (id, revision) as it was made. `taken_back`: the proposal waits again."""

    review_id: int
    proposal_id: int
    image_id: int
    predicted_iou: float
    annotation: tuple[int, int]
    changed: bool
    """Somebody has made a later revision, by a deletion too."""
    taken_back: bool
    created_at: datetime


@dataclass(frozen=True)
class Scored:
    id: int
    predicted_iou: float
    pending: bool


def scores(connection: sa.Connection, project_id: int, model_version_id: int) -> list[Scored]:
    """Of the version's proposals, those of them left out that a later version's took the place
    of."""
    rows = connection.execute(
        sa.select(proposals.c.id, proposals.c.predicted_iou, proposals.c.state).where(
            proposals.c.project_id == project_id,
            proposals.c.model_version_id == model_version_id,
            proposals.c.state != ProposalState.SUPERSEDED,
        )
    )
    return [Scored(row[0], row[1], row[2] == ProposalState.PENDING) for row in rows]


def images_above(
    connection: sa.Connection, accept: AutoAccept, *, after: int, limit: int
) -> list[int]:
    """Ids of images with pending proposals from its threshold on, later than the id `after`."""
    return list(
        connection.execute(
            sa.select(proposals.c.image_id)
            .where(
                *_above(accept),
                proposals.c.image_id > after,
            )
            .group_by(proposals.c.image_id)
            .order_by(proposals.c.image_id)
            .limit(limit)
        ).scalars()
    )


def lock_candidates(
    connection: sa.Connection, accept: AutoAccept, image_id: int
) -> list[Candidate]:
    """On one image; left out are those that a person holds a card of, or that a transaction under
    way decides. Until the end of this one nobody else decides them."""
    in_hand = sa.exists().where(
        cards.c.project_id == proposals.c.project_id,
        cards.c.proposal_id == proposals.c.id,
        cards.c.ended_at.is_(None),
        cards.c.until > sa.func.now(),
    )
    rows = connection.execute(
        sa.select(proposals.c.id, proposals.c.rle_counts, images.c.height, images.c.width)
        .join(images, images.c.id == proposals.c.image_id)
        .where(
            *_above(accept),
            proposals.c.image_id == image_id,
            ~in_hand,
        )
        .order_by(proposals.c.id)
        .with_for_update(of=proposals, key_share=True, skip_locked=True)
    )
    return [Candidate(row.id, Rle((row.height, row.width), bytes(row.rle_counts))) for row in rows]


def accept(connection: sa.Connection, by: AutoAccept, proposal_ids: Sequence[int]) -> int:
    """Candidates that the transaction holds: their state, an annotation and a review of each."""
    if not proposal_ids:
        return 0
    connection.execute(
        sa.update(proposals)
        .where(proposals.c.project_id == by.project_id, proposals.c.id.in_(proposal_ids))
        .values(state=ProposalState.ACCEPTED)
    )
    made = _annotate(connection, by, proposal_ids)
    asked = connection.execute(
        sa.select(reviews.c.proposal_id, sa.func.max(reviews.c.round))
        .where(reviews.c.proposal_id.in_(proposal_ids))
        .group_by(reviews.c.proposal_id)
    )
    rounds = {row[0]: row[1] for row in asked}
    rows = [
        {
            "project_id": by.project_id,
            "proposal_id": proposal_id,
            "round": rounds.get(proposal_id, 0) + 1,
            "verdict": Verdict.ACCEPTED,
            "reviewer_id": by.switched_on_by_id,
            "annotation_id": annotation_id,
            "annotation_revision": 1,
            "auto_accept_id": by.id,
        }
        for proposal_id, annotation_id in sorted(made.items())
    ]
    connection.execute(sa.insert(reviews), rows)
    return len(rows)


def _annotate(
    connection: sa.Connection, by: AutoAccept, proposal_ids: Sequence[int]
) -> dict[int, int]:
    """The new annotations by their proposals."""
    point = proposals.c.point_xy
    click = sa.func.jsonb_build_array(point[1], point[2], 1)
    points = sa.func.jsonb_build_object("points", sa.func.jsonb_build_array(click))
    columns = {
        "revision": sa.literal(1),
        "project_id": proposals.c.project_id,
        "image_id": proposals.c.image_id,
        "category_id": sa.literal(by.category_id),
        "rle_counts": proposals.c.rle_counts,
        "mask_digest": proposals.c.mask_digest,
        "bbox_xywh": proposals.c.bbox_xywh,
        "area": proposals.c.area,
        "prompts": sa.func.jsonb_build_array(points, type_=JSONB),
        "model_version_id": proposals.c.model_version_id,
        "predicted_iou": proposals.c.predicted_iou,
        "parent_iou": sa.literal(1.0),
        "author_id": sa.literal(by.switched_on_by_id),
        "proposal_id": proposals.c.id,
    }
    chosen = (
        sa.select(*columns.values())
        .where(proposals.c.project_id == by.project_id, proposals.c.id.in_(proposal_ids))
        .order_by(proposals.c.id)
    )
    statement = (
        insert(annotations)
        .from_select(list(columns), chosen)
        .returning(annotations.c.proposal_id, annotations.c.id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def page(
    connection: sa.Connection,
    project_id: int,
    auto_accept_id: int,
    *,
    after: int = 0,
    limit: int,
) -> list[Accepted]:
    """By the reviews' ids; `after` is that of the last one that was seen."""
    following = annotations.alias("following")
    changed = sa.exists().where(
        following.c.id == reviews.c.annotation_id,
        following.c.revision == reviews.c.annotation_revision + 1,
    )
    rows = connection.execute(
        sa.select(
            reviews,
            proposals.c.image_id,
            proposals.c.predicted_iou,
            changed.label("changed"),
            sa.not_(is_counted(reviews)).label("withdrawn"),
        )
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .where(
            reviews.c.project_id == project_id,
            reviews.c.auto_accept_id == auto_accept_id,
            reviews.c.id > after,
        )
        .order_by(reviews.c.id)
        .limit(limit)
    )
    return [
        Accepted(
            review_id=row.id,
            proposal_id=row.proposal_id,
            image_id=row.image_id,
            predicted_iou=row.predicted_iou,
            annotation=(row.annotation_id, row.annotation_revision),
            changed=row.changed and not row.withdrawn,
            taken_back=row.withdrawn,
            created_at=row.created_at,
        )
        for row in rows
    ]


def count(
    connection: sa.Connection, project_id: int, auto_accept_ids: Collection[int]
) -> dict[int, int]:
    """How many each accepted that were not taken back since; those without any are left out."""
    rows = connection.execute(
        sa.select(reviews.c.auto_accept_id, sa.func.count())
        .where(
            reviews.c.project_id == project_id,
            reviews.c.auto_accept_id.in_(auto_accept_ids),
            is_counted(reviews),
        )
        .group_by(reviews.c.auto_accept_id)
    )
    return {row[0]: row[1] for row in rows}


def take_back(
    connection: sa.Connection, project_id: int, auto_accept_id: int, *, user_id: int, limit: int
) -> int:
    """Up to `limit` of those whose annotation nobody changed: proposals wait again, annotations get
    a deleted revision, reviews a withdrawal; how many. Fewer than `limit` is the last of it."""
    found = _untouched(connection, project_id, auto_accept_id, limit)
    deleted = _delete(connection, [row.annotation_id for row in found], user_id)
    mine = [row for row in found if row.annotation_id in deleted]
    if not mine:
        return 0
    connection.execute(
        sa.insert(withdrawals),
        [{"project_id": project_id, "review_id": row.id, "user_id": user_id} for row in mine],
    )
    connection.execute(
        sa.update(proposals)
        .where(
            proposals.c.project_id == project_id,
            proposals.c.id.in_([row.proposal_id for row in mine]),
        )
        .values(state=ProposalState.PENDING)
    )
    return len(mine)


def _untouched(
    connection: sa.Connection, project_id: int, auto_accept_id: int, limit: int
) -> Sequence[sa.Row[int, int, int]]:
    following = annotations.alias("following")
    changed = sa.exists().where(
        following.c.id == reviews.c.annotation_id,
        following.c.revision == reviews.c.annotation_revision + 1,
    )
    return connection.execute(
        sa.select(reviews.c.id, reviews.c.proposal_id, reviews.c.annotation_id)
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .where(
            reviews.c.project_id == project_id,
            reviews.c.auto_accept_id == auto_accept_id,
            ~changed,
            is_counted(reviews),
        )
        .order_by(proposals.c.id)
        .limit(limit)
        .with_for_update(of=proposals, key_share=True)
    ).all()


def _delete(connection: sa.Connection, annotation_ids: Collection[int], user_id: int) -> set[int]:
    """Ids of those whose second revision is ours; the others were changed just now."""
    if not annotation_ids:
        return set()
    kept = [
        column
        for column in annotations.c
        if column.name not in ("revision", "author_id", "deleted", "seconds", "created_at")
    ]
    before = sa.select(*kept, annotations.c.revision + 1, sa.literal(user_id), sa.true()).where(
        annotations.c.id.in_(annotation_ids), annotations.c.revision == 1
    )
    names = [column.name for column in kept] + ["revision", "author_id", "deleted"]
    statement = (
        insert(annotations)
        .from_select(names, before)
        .on_conflict_do_nothing(index_elements=["id", "revision"])
        .returning(annotations.c.id)
    )
    return set(connection.execute(statement).scalars())


def _above(accept: AutoAccept) -> tuple[sa.ColumnElement[bool], ...]:
    # Both sides in 32 bits: 0.9 of 64 bits is above 0.9 of 32.
    least = sa.cast(accept.threshold, REAL)
    return (
        proposals.c.project_id == accept.project_id,
        proposals.c.model_version_id == accept.model_version_id,
        proposals.c.state == ProposalState.PENDING,
        proposals.c.predicted_iou >= least,
    )
