"""How far people agree who voted on the same proposals, without knowing of each other; and of
those who labelled the same images (`image_agreement`)."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Final

from maskloop.platform.agreement import Alpha, Undefined, alpha_of
from maskloop.platform.db import disputes, projects, queues, votes
from maskloop.platform.db.votes import Vote, VotedMask
from maskloop.platform.intervals import Interval, mean_of
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.states import ProposalState, Verdict
from maskloop.services.image_agreement import ImageAgreement, of_images
from maskloop.services.runtime import Runtime

_MOST: Final = 20_000
"""Votes that figures are made of: the newest."""


@dataclass(frozen=True)
class Agreement:
    """Of proposals that two people or more voted on, and of images."""

    proposals: int
    votes: int
    settled: int
    """Of these proposals, those that are decided."""
    in_dispute: int
    """Of all proposals."""
    mean_iou: Interval | None
    """Of every two masks that were kept of the same proposal, as proposed or as drawn, with an
    interval over images; None where no two were."""
    alpha: Alpha | Undefined
    """Krippendorff's, of categories; rejected is one of them."""
    images: ImageAgreement
    """Of people who labelled whole images."""


def agreement(runtime: Runtime, project_id: int, *, queue_id: int | None = None) -> Agreement:
    """Of a project, or of one queue's votes. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        if queue_id is not None:
            queues.by_id(connection, project_id, queue_id)
        found = votes.newest(connection, project_id, queue_id=queue_id, limit=_MOST)
        waiting = disputes.count(connection, project_id)
        of_whole_images = of_images(connection, project_id, queue_id=queue_id)
    units = [unit for unit in _units(found) if len(unit) > 1]
    pairs = [(iou, unit[0].image_id) for unit in units for iou in _ious(unit)]
    return Agreement(
        proposals=len(units),
        votes=sum(len(unit) for unit in units),
        settled=sum(unit[0].state is not ProposalState.PENDING for unit in units),
        in_dispute=waiting,
        mean_iou=mean_of([iou for iou, _ in pairs], [image for _, image in pairs]),
        alpha=alpha_of(
            [[_said(one.vote) for one in unit] for unit in units],
            [str(unit[0].image_id) for unit in units],
        ),
        images=of_whole_images,
    )


def _units(found: Sequence[VotedMask]) -> Iterator[list[VotedMask]]:
    """By proposal, each person's last vote."""
    ordered = sorted(found, key=lambda one: (one.vote.proposal_id, one.vote.id))
    for _, of_one in groupby(ordered, key=lambda one: one.vote.proposal_id):
        last = {one.vote.user_id: one for one in of_one}
        yield list(last.values())


def _ious(unit: Sequence[VotedMask]) -> Iterator[float]:
    kept = [one for one in unit if one.vote.verdict is not Verdict.REJECTED]
    masks: list[Rle] = [one.vote.mask or one.proposed for one in kept]
    ious = iou_matrix(masks, masks)
    for ours, theirs in combinations(range(len(masks)), 2):
        yield float(ious[ours, theirs])


def _said(vote: Vote) -> Hashable:
    return "rejected" if vote.verdict is Verdict.REJECTED else vote.category_id
