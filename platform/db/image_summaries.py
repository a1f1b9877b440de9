"""Images as a list shows them: filtered, with what is on them and who works on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REAL

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.image_leases import Holder, is_alive
from maskloop.platform.db.images import Image, image_of, missing
from maskloop.platform.db.labeling_tables import annotations, image_leases
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.states import ImageState, ProposalState


@dataclass(frozen=True)
class Counts:
    """Images of a project; `leased`: those that somebody works on now."""

    all: int
    todo: int
    done: int
    skipped: int
    leased: int


def counts(connection: sa.Connection, project_id: int) -> Counts:
    leased = (
        sa.select(sa.func.count())
        .where(image_leases.c.project_id == project_id, is_alive())
        .scalar_subquery()
    )
    of_states = [
        sa.func.count().filter(images.c.state == state).label(state) for state in ImageState
    ]
    row = connection.execute(
        sa.select(sa.func.count().label("all"), *of_states, leased.label("leased")).where(
            images.c.project_id == project_id
        )
    ).one()
    return Counts(row.all, row.todo, row.done, row.skipped, row.leased)


@dataclass(frozen=True)
class Filters:
    """Which images are wanted; None lets everything through."""

    has_annotations: bool | None = None
    has_pending_proposals: bool | None = None
    source_holds: str | None = None
    """Text that the source URI holds, wherever, upper or lower case."""
    state: ImageState | None = None
    leased: bool | None = None
    category_id: int | None = None
    """That a current annotation has."""
    score_least: float | None = None
    score_most: float | None = None
    """Of predicted IoU: a pending proposal's lies between the two."""


@dataclass(frozen=True)
class ImageSummary:
    """`annotations`: current ones; `pending_proposals`: those that wait for a review; `holder`: who
    works on it now."""

    image: Image
    annotations: int
    pending_proposals: int
    state: ImageState
    holder: Holder | None


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    after: int = 0,
    limit: int,
    filters: Filters = Filters(),
) -> list[ImageSummary]:
    """By id; `after` is the id of the last one that was seen."""
    wanted = _listed(project_id).where(images.c.id > after, *_conditions(filters))
    rows = connection.execute(wanted.order_by(images.c.id).limit(limit)).all()
    return _counted(connection, project_id, rows)


def of_images(
    connection: sa.Connection, project_id: int, image_ids: Sequence[int]
) -> list[ImageSummary]:
    """In the order of the ids; those of other projects are left out."""
    rows = connection.execute(_listed(project_id).where(images.c.id.in_(image_ids))).all()
    found = {one.image.id: one for one in _counted(connection, project_id, rows)}
    return [found[image_id] for image_id in image_ids if image_id in found]


def of_image(connection: sa.Connection, project_id: int, image_id: int) -> ImageSummary:
    """Raises `NotFoundError`."""
    found = of_images(connection, project_id, [image_id])
    if not found:
        raise missing(image_id)
    return found[0]


def _listed(project_id: int) -> sa.Select[tuple[object, ...]]:
    """Images with who works on them."""
    lease = sa.and_(
        image_leases.c.project_id == images.c.project_id,
        image_leases.c.image_id == images.c.id,
        is_alive(),
    )
    return (
        sa.select(images, users.c.name.label("holder"), image_leases.c.until)
        .outerjoin(image_leases, lease)
        .outerjoin(users, users.c.id == image_leases.c.user_id)
        .where(images.c.project_id == project_id)
    )


def _conditions(filters: Filters) -> Iterator[sa.ColumnElement[bool]]:
    if filters.has_annotations is not None:
        yield _annotated() if filters.has_annotations else ~_annotated()
    if filters.has_pending_proposals is not None:
        yield _awaited() if filters.has_pending_proposals else ~_awaited()
    if filters.source_holds:
        yield images.c.source_uri.icontains(filters.source_holds, autoescape=True)
    if filters.state is not None:
        yield images.c.state == filters.state
    if filters.leased is not None:
        leased = image_leases.c.image_id.is_not(None)
        yield leased if filters.leased else ~leased
    if filters.category_id is not None:
        yield _annotated(annotations.c.category_id == filters.category_id)
    if filters.score_least is not None or filters.score_most is not None:
        yield _awaited(*_between(filters.score_least, filters.score_most))


def _between(least: float | None, most: float | None) -> Iterator[sa.ColumnElement[bool]]:
    """Rounded as the column is, so that a score that was read finds its proposal."""
    if least is not None:
        yield proposals.c.predicted_iou >= sa.cast(least, REAL)
    if most is not None:
        yield proposals.c.predicted_iou <= sa.cast(most, REAL)


def _annotated(*more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        annotations.c.project_id == images.c.project_id,
        annotations.c.image_id == images.c.id,
        is_current(),
        *more,
    )


def _awaited(*more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        proposals.c.project_id == images.c.project_id,
        proposals.c.image_id == images.c.id,
        _is_pending(),
        *more,
    )


def _is_pending() -> sa.ColumnElement[bool]:
    """The state as a literal, for the partial index."""
    return proposals.c.state == sa.literal_column(f"'{ProposalState.PENDING}'")


def _counted(
    connection: sa.Connection, project_id: int, rows: Sequence[sa.Row[tuple[object, ...]]]
) -> list[ImageSummary]:
    """With what is on the images, in one query whatever their number."""
    ids = [row.id for row in rows]
    both = sa.union_all(
        _by_image(annotations, project_id, ids).where(is_current()),
        _by_image(proposals, project_id, ids).where(_is_pending()),
    )
    found = {(row.counted, row.image_id): row.number for row in connection.execute(both)}
    return [
        ImageSummary(
            image=image_of(row),
            annotations=found.get(("annotations", row.id), 0),
            pending_proposals=found.get(("proposals", row.id), 0),
            state=ImageState(row.state),
            holder=None if row.holder is None else Holder(row.holder, row.until),
        )
        for row in rows
    ]


def _by_image(
    table: sa.Table, project_id: int, image_ids: Sequence[int]
) -> sa.Select[str, int, int]:
    return (
        sa.select(
            sa.literal(table.name).label("counted"),
            table.c.image_id,
            sa.func.count().label("number"),
        )
        .where(table.c.project_id == project_id, table.c.image_id.in_(image_ids))
        .group_by(table.c.image_id)
    )
