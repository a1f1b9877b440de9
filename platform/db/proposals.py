"""Rows of `proposals`. Bulk writes go by COPY; a second copy of the same mask of the same image and
version is left out and not an error."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maskloop.platform.db import proposal_rows
from maskloop.platform.db.database import of_the_driver
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.errors import NotFoundError
from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.platform.states import ProposalState

_COPY = f"COPY proposals ({', '.join(proposal_rows.COLUMNS)}) FROM STDIN WITH (FORMAT BINARY)"


@dataclass(frozen=True)
class Proposal:
    id: int
    image_id: int
    state: ProposalState
    mask: GeneratedMask
    job_id: int
    model_version_id: int
    created_at: datetime


def copy_in(
    connection: sa.Connection,
    masks: Sequence[GeneratedMask],
    *,
    project_id: int,
    image_id: int,
    job_id: int,
    model_version_id: int,
) -> int:
    """Store masks of one image as pending proposals; how many were new."""
    if not masks:
        return 0
    by_digest: dict[bytes, GeneratedMask] = {}
    for mask in masks:
        by_digest.setdefault(mask.rle.digest, mask)
    with of_the_driver(connection) as driver, driver.cursor() as cursor:
        # Whoever writes proposals of an image holds its row, so what is known stays all there is.
        cursor.execute("SELECT FROM images WHERE id = %s FOR NO KEY UPDATE", (image_id,))
        cursor.execute(
            "SELECT mask_digest FROM proposals WHERE image_id = %s AND model_version_id = %s",
            (image_id, model_version_id),
            binary=True,
        )
        for (digest,) in cursor:
            by_digest.pop(digest, None)
        if not by_digest:
            return 0
        rows = proposal_rows.packed(
            list(by_digest.values()),
            list(by_digest),
            project_id=project_id,
            image_id=image_id,
            job_id=job_id,
            model_version_id=model_version_id,
        )
        with cursor.copy(_COPY) as copy:
            copy.write(rows)
    return len(by_digest)


def count(connection: sa.Connection, project_id: int) -> int:
    return connection.execute(
        sa.select(sa.func.count()).where(proposals.c.project_id == project_id)
    ).scalar_one()


def of_image(
    connection: sa.Connection, project_id: int, image_id: int, states: Sequence[ProposalState]
) -> Iterator[Proposal]:
    """Proposals of one image in these states, the one its model is surest of first."""
    rows = connection.execute(
        _proposals(project_id)
        .where(proposals.c.image_id == image_id, proposals.c.state.in_(states))
        .order_by(proposals.c.predicted_iou.desc(), proposals.c.id)
    )
    return map(_proposal, rows)


@dataclass(frozen=True)
class Filters:
    """Which proposals are wanted; unset ones let everything through."""

    image_id: int | None = None
    states: Sequence[ProposalState] = tuple(ProposalState)
    predicted_iou_least: float | None = None
    stability_score_least: float | None = None


def page(
    connection: sa.Connection,
    project_id: int,
    *,
    after: int = 0,
    limit: int,
    filters: Filters = Filters(),
) -> list[Proposal]:
    """By id; `after` is the id of the last one that was seen."""
    wanted = _proposals(project_id).where(
        proposals.c.id > after, proposals.c.state.in_(filters.states)
    )
    if filters.image_id is not None:
        wanted = wanted.where(proposals.c.image_id == filters.image_id)
    if filters.predicted_iou_least is not None:
        wanted = wanted.where(proposals.c.predicted_iou >= filters.predicted_iou_least)
    if filters.stability_score_least is not None:
        wanted = wanted.where(proposals.c.stability_score >= filters.stability_score_least)
    rows = connection.execute(wanted.order_by(proposals.c.id).limit(limit))
    return [_proposal(row) for row in rows]


def by_id(connection: sa.Connection, project_id: int, proposal_id: int) -> Proposal:
    """Raises `NotFoundError`."""
    row = connection.execute(
        _proposals(project_id).where(proposals.c.id == proposal_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("proposal", str(proposal_id), "Look for it among its image's.")
    return _proposal(row)


def project_of(connection: sa.Connection, proposal_id: int) -> int:
    """For whoever is on this machine and names no project. Raises `NotFoundError`."""
    found: int | None = connection.execute(
        sa.select(proposals.c.project_id).where(proposals.c.id == proposal_id).limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise NotFoundError("proposal", str(proposal_id), "Its images and jobs have others.")
    return found


def lock(connection: sa.Connection, project_id: int, proposal_id: int) -> Proposal:
    """Until the end of the transaction nobody decides it, and no queue hands it to anybody.

    Raises `NotFoundError`.
    """
    wanted = sa.select(proposals.c.id).where(
        proposals.c.project_id == project_id, proposals.c.id == proposal_id
    )
    connection.execute(wanted.with_for_update(key_share=True))
    return by_id(connection, project_id, proposal_id)


def lock_all(connection: sa.Connection, project_id: int, proposal_ids: Collection[int]) -> None:
    """`lock` of several, by id: so two who lock the same do not wait for each other."""
    wanted = (
        sa.select(proposals.c.id)
        .where(proposals.c.project_id == project_id, proposals.c.id.in_(proposal_ids))
        .order_by(proposals.c.id)
    )
    connection.execute(wanted.with_for_update(key_share=True))


def undecide(connection: sa.Connection, project_id: int, proposal_id: int) -> None:
    """Pending again: its verdict was withdrawn."""
    connection.execute(
        sa.update(proposals)
        .where(proposals.c.project_id == project_id, proposals.c.id == proposal_id)
        .values(state=ProposalState.PENDING)
    )


def decide(
    connection: sa.Connection, project_id: int, proposal_id: int, state: ProposalState
) -> bool:
    """Whether it was pending, and has the state now; waits for others who decide it."""
    statement = (
        sa.update(proposals)
        .where(
            proposals.c.project_id == project_id,
            proposals.c.id == proposal_id,
            proposals.c.state == ProposalState.PENDING,
        )
        .values(state=state)
    )
    return connection.execute(statement).rowcount == 1


def _proposals(project_id: int) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(proposals, images.c.height, images.c.width)
        .join(images, images.c.id == proposals.c.image_id)
        .where(proposals.c.project_id == project_id)
    )


def _proposal(row: sa.Row[tuple[object, ...]]) -> Proposal:
    x, y, width, height = row.bbox_xywh
    left, top, across, down = row.crop_box_xywh
    mask = GeneratedMask(
        rle=Rle((row.height, row.width), bytes(row.rle_counts)),
        bbox_xywh=(x, y, width, height),
        area=row.area,
        predicted_iou=row.predicted_iou,
        stability_score=row.stability_score,
        point_xy=(row.point_xy[0], row.point_xy[1]),
        crop_box_xywh=(left, top, across, down),
    )
    return Proposal(
        id=row.id,
        image_id=row.image_id,
        state=ProposalState(row.state),
        mask=mask,
        job_id=row.job_id,
        model_version_id=row.model_version_id,
        created_at=row.created_at,
    )
