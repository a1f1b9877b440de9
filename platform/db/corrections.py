"""What people changed since, and what they said to a version's proposals: whether it is time to
train again."""

from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.labeling_tables import annotations, reviews, submissions
from maskloop.platform.db.learning_tables import never_trained
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.db.training_candidates import origin_of
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.drift import Judged
from maskloop.platform.masks import Rle
from maskloop.platform.states import Verdict
from maskloop.platform.training import Origin


def count(connection: sa.Connection, project_id: int, *, since: datetime | None) -> int:
    """Current annotations whose mask is no accepted proposal's, and that may be trained on.

    `since`: by revisions that were made later; None: all.
    """
    barred = sa.exists().where(
        never_trained.c.project_id == annotations.c.project_id,
        never_trained.c.annotation_id == annotations.c.id,
    )
    wanted = (
        sa.select(sa.func.count())
        .select_from(annotations)
        .outerjoin(proposals, proposals.c.id == annotations.c.proposal_id)
        .where(
            annotations.c.project_id == project_id,
            is_current(),
            origin_of() != Origin.ACCEPTED,
            ~barred,
        )
    )
    if since is not None:
        wanted = wanted.where(annotations.c.created_at > since)
    return connection.execute(wanted).scalar_one()


def last_change(connection: sa.Connection, project_id: int) -> datetime | None:
    """When somebody last annotated, reviewed or submitted there."""
    # A person's newest row is one step in an index; the newest of all would be a walk.
    drawn = sa.select(sa.func.max(annotations.c.created_at)).where(
        annotations.c.project_id == project_id, annotations.c.author_id == users.c.id
    )
    submitted = sa.select(sa.func.max(submissions.c.created_at)).where(
        submissions.c.project_id == project_id, submissions.c.user_id == users.c.id
    )
    reviewed = (
        sa.select(reviews.c.created_at)
        .where(reviews.c.project_id == project_id)
        .order_by(reviews.c.id.desc())
        .limit(1)
    )
    by_person = sa.select(
        sa.func.max(sa.func.greatest(drawn.scalar_subquery(), submitted.scalar_subquery()))
    ).select_from(users)
    newest = sa.func.greatest(by_person.scalar_subquery(), reviewed.scalar_subquery())
    found: datetime | None = connection.execute(sa.select(newest)).scalar_one()
    return found


def count_judged(
    connection: sa.Connection, project_id: int, version_id: int, *, since: datetime | None = None
) -> int:
    """Reviews of the version's proposals by people, without withdrawn ones."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(reviews)
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .where(*_by_people(project_id, version_id))
    )
    if since is not None:
        wanted = wanted.where(reviews.c.created_at > since)
    return connection.execute(wanted).scalar_one()


def first_judged(
    connection: sa.Connection, project_id: int, version_id: int, *, limit: int
) -> list[Judged]:
    """The version's first reviews."""
    return _judged(connection, project_id, version_id, order=reviews.c.id.asc(), limit=limit)


def newest_judged(
    connection: sa.Connection, project_id: int, version_id: int, *, limit: int
) -> list[Judged]:
    return _judged(connection, project_id, version_id, order=reviews.c.id.desc(), limit=limit)


def _by_people(project_id: int, version_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Of `reviews` with their `proposals`: what was accepted by evidence says nothing of drift."""
    return (
        reviews.c.project_id == project_id,
        proposals.c.model_version_id == version_id,
        reviews.c.auto_accept_id.is_(None),
        is_counted(reviews),
    )


def _judged(
    connection: sa.Connection,
    project_id: int,
    version_id: int,
    *,
    order: sa.UnaryExpression[int],
    limit: int,
) -> list[Judged]:
    rows = connection.execute(
        sa.select(
            reviews.c.verdict,
            proposals.c.rle_counts.label("proposed"),
            annotations.c.rle_counts.label("kept"),
            images.c.height,
            images.c.width,
        )
        .join(proposals, proposals.c.id == reviews.c.proposal_id)
        .join(images, images.c.id == proposals.c.image_id)
        .outerjoin(
            annotations,
            sa.and_(
                annotations.c.id == reviews.c.annotation_id,
                annotations.c.revision == reviews.c.annotation_revision,
            ),
        )
        .where(*_by_people(project_id, version_id))
        .order_by(order)
        .limit(limit)
    )
    return [
        Judged(
            Verdict(row.verdict),
            Rle((row.height, row.width), bytes(row.proposed)),
            None if row.kept is None else Rle((row.height, row.width), bytes(row.kept)),
        )
        for row in rows
    ]
