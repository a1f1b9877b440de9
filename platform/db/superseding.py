"""Pending proposals that a later job's take the place of; what people judged is left alone."""

from collections.abc import Sequence

import sqlalchemy as sa

from maskloop.platform.db.annotations import of_image as annotations_of_image
from maskloop.platform.db.proposals import of_image as proposals_of_image
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState

_JUDGED = (ProposalState.ACCEPTED, ProposalState.CORRECTED, ProposalState.REJECTED)


def lock_image(connection: sa.Connection, project_id: int, image_id: int) -> None:
    """Until the end of the transaction no other job writes proposals of the image."""
    wanted = sa.select(images.c.id).where(
        images.c.project_id == project_id, images.c.id == image_id
    )
    connection.execute(wanted.with_for_update(key_share=True))


def supersede(
    connection: sa.Connection, *, project_id: int, image_id: int, job_id: int, version_id: int
) -> int:
    """Pending proposals that jobs before this one made by other versions; how many.

    By the jobs' order and not the versions': after a roll-back an older version proposes anew, and
    a job of a replaced version that ends late replaces nothing. Waits for reviews under way; what
    they decide is not pending any more.
    """
    found = _locked(
        connection,
        proposals.c.project_id == project_id,
        proposals.c.image_id == image_id,
        proposals.c.state == ProposalState.PENDING,
        proposals.c.model_version_id != version_id,
        proposals.c.job_id < job_id,
    )
    statement = (
        sa.update(proposals)
        .where(proposals.c.project_id == project_id, proposals.c.id.in_(found))
        .values(state=ProposalState.SUPERSEDED)
    )
    return connection.execute(statement).rowcount


def _locked(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[int]:
    """In the order in which everybody locks several, else two would wait for each other."""
    wanted = sa.select(proposals.c.id).where(*conditions).order_by(proposals.c.id)
    return list(connection.execute(wanted.with_for_update(key_share=True)).scalars())


def judged_masks(connection: sa.Connection, project_id: int, image_id: int) -> list[Rle]:
    """Current annotations of an image, and the proposals on it that people decided."""
    drawn = [
        annotation.drawing.mask.rle
        for annotation in annotations_of_image(connection, project_id, image_id)
    ]
    decided = proposals_of_image(connection, project_id, image_id, _JUDGED)
    return drawn + [proposal.mask.rle for proposal in decided]


def revive(
    connection: sa.Connection,
    masks: Sequence[Rle],
    *,
    project_id: int,
    image_id: int,
    job_id: int,
    version_id: int,
) -> int:
    """A version that serves again proposes what it had proposed: pending again; how many."""
    if not masks:
        return 0
    found = _locked(
        connection,
        proposals.c.project_id == project_id,
        proposals.c.image_id == image_id,
        proposals.c.model_version_id == version_id,
        proposals.c.state == ProposalState.SUPERSEDED,
        proposals.c.mask_digest.in_([mask.digest for mask in masks]),
    )
    statement = (
        sa.update(proposals)
        .where(proposals.c.project_id == project_id, proposals.c.id.in_(found))
        .values(state=ProposalState.PENDING, job_id=job_id)
    )
    return connection.execute(statement).rowcount
