"""What somebody got done in a project, counted from what they made, blindly or not: figures that
stood still would tell them which images they label blindly."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db import labeling_tables
from maskloop.platform.db.clicks import clicks_of
from maskloop.platform.db.pass_schema import of_both
from maskloop.platform.db.pass_tables import folds, passes
from maskloop.platform.db.withdrawals import is_counted
from maskloop.platform.states import SubmissionOutcome, Verdict

annotations = of_both(labeling_tables.annotations)
reviews = of_both(labeling_tables.reviews)
submissions = of_both(labeling_tables.submissions)


@dataclass(frozen=True)
class Figures:
    """Of one person. A mean or median is None where nothing was measured."""

    done: int
    """Images that they submitted."""
    skipped: int
    objects: int
    """Annotations that they made, those that were deleted later too, but none by a verdict that
    they withdrew, and none that was accepted by evidence without them."""
    seconds_median: float | None
    seconds_mean: float | None
    """Of a mask, all their revisions of it together."""
    clicks_mean: float | None
    """Points and boxes of a mask; a proposal that was accepted as it is took none."""


def of_user(
    connection: sa.Connection, project_id: int, user_id: int, *, since: datetime | None
) -> Figures:
    """What was done from `since` on; None: ever."""
    images = connection.execute(_images(project_id, user_id, since)).one()
    masks = connection.execute(_masks(project_id, user_id, since)).one()
    return Figures(
        done=images.done,
        skipped=images.skipped,
        objects=masks.objects,
        seconds_median=masks.seconds_median,
        seconds_mean=masks.seconds_mean,
        clicks_mean=masks.clicks_mean,
    )


def _images(project_id: int, user_id: int, since: datetime | None) -> sa.Select[int, int]:
    each = sa.func.count(submissions.c.image_id.distinct())
    return sa.select(
        each.filter(submissions.c.outcome == SubmissionOutcome.DONE).label("done"),
        each.filter(submissions.c.outcome == SubmissionOutcome.SKIPPED).label("skipped"),
    ).where(
        submissions.c.project_id == project_id,
        submissions.c.user_id == user_id,
        ~_is_taken_over(submissions, user_id),
        _from(submissions, since),
    )


def _masks(
    project_id: int, user_id: int, since: datetime | None
) -> sa.Select[int, float | None, float | None, float | None]:
    of_review = sa.and_(
        reviews.c.project_id == annotations.c.project_id,
        reviews.c.proposal_id == annotations.c.proposal_id,
        reviews.c.annotation_id == annotations.c.id,
    )
    accepted = sa.exists().where(
        of_review, reviews.c.verdict == Verdict.ACCEPTED, annotations.c.revision == 1
    )
    not_theirs = sa.exists().where(
        of_review, sa.or_(~is_counted(reviews), reviews.c.auto_accept_id.is_not(None))
    )
    each = (
        sa.select(
            sa.func.sum(annotations.c.seconds).label("seconds"),
            sa.func.max(sa.case((accepted, 0), else_=clicks_of(annotations))).label("clicks"),
        )
        .where(
            annotations.c.project_id == project_id,
            annotations.c.author_id == user_id,
            ~not_theirs,
            ~_is_taken_over(annotations, user_id),
            _from(annotations, since),
        )
        .group_by(annotations.c.id)
        .having(sa.func.min(annotations.c.revision) == 1)
        .subquery()
    )
    seconds = sa.cast(each.c.seconds, sa.Double)
    return sa.select(
        sa.func.count().label("objects"),
        sa.func.percentile_cont(0.5).within_group(seconds).label("seconds_median"),
        sa.func.avg(seconds).label("seconds_mean"),
        sa.cast(sa.func.avg(each.c.clicks), sa.Double).label("clicks_mean"),
    ).select_from(each)


def _is_taken_over(table: sa.Subquery, user_id: int) -> sa.ColumnElement[bool]:
    """On an image that has what they drew on their copy, where it is counted."""
    theirs = sa.and_(passes.c.id == folds.c.taken_pass_id, passes.c.user_id == user_id)
    return sa.exists().where(folds.c.image_id == table.c.image_id, theirs)


def _from(table: sa.Subquery, since: datetime | None) -> sa.ColumnElement[bool]:
    return sa.true() if since is None else table.c.created_at >= since
