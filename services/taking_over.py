"""What one of several drew on their copy of an image becomes what is on the image."""

import sqlalchemy as sa

from maskloop.platform.db import folds, images, proposals
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.folds import FoldPass, drawn_in
from maskloop.platform.db.pass_schema import in_passes
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.states import STATE_AFTER, FoldState, ProposalState
from maskloop.services.annotations import Submitted, create_in
from maskloop.services.reviews import Judgement, review_in

_DECIDED = (ProposalState.ACCEPTED, ProposalState.CORRECTED, ProposalState.REJECTED)


def take_over(connection: sa.Connection, project_id: int, one: FoldPass, *, finish: bool) -> None:
    """Into the image, whose row is locked: what the person drew is theirs there too, and with
    `finish` what they said. Proposals that they decided are decided, where they still wait."""
    theirs = _decided_in(connection, project_id, one)
    twins = _twins(_waiting(connection, project_id, one.image_id), list(theirs.values()))
    for each in drawn_in(connection, project_id, one):
        source = None if each.proposal_id is None else theirs.get(each.proposal_id)
        twin = None if source is None else twins.pop(source.id, None)
        new = _submitted(each)
        if source is None or twin is None:
            create_in(connection, project_id, one.image_id, new, author_id=one.user_id)
            continue
        as_proposed = source.mask.rle.digest == each.drawing.mask.rle.digest
        judgement = (
            Judgement.accept(new.category_id, seconds=new.seconds)
            if as_proposed
            else Judgement.correct(new)
        )
        review_in(connection, project_id, twin, judgement, reviewer_id=one.user_id)
    for proposal_id, twin in twins.items():
        if theirs[proposal_id].state is ProposalState.REJECTED:
            review_in(connection, project_id, twin, Judgement.reject(), reviewer_id=one.user_id)
    if finish:
        outcome = folds.copy_submission(connection, project_id, one)
        images.set_state(connection, project_id, one.image_id, STATE_AFTER[outcome])
    folds.set_state(connection, project_id, one.image_id, FoldState.SETTLED, taken_pass_id=one.id)


def _decided_in(connection: sa.Connection, project_id: int, one: FoldPass) -> dict[int, Proposal]:
    with in_passes(connection):
        found = list(proposals.of_image(connection, project_id, one.pass_image_id, _DECIDED))
    return {each.id: each for each in found}


def _waiting(connection: sa.Connection, project_id: int, image_id: int) -> list[Proposal]:
    """Locked, so that nobody decides one of them meanwhile."""
    pending = [ProposalState.PENDING]
    seen = proposals.of_image(connection, project_id, image_id, pending)
    proposals.lock_all(connection, project_id, [each.id for each in seen])
    return list(proposals.of_image(connection, project_id, image_id, pending))


def _twins(waiting: list[Proposal], theirs: list[Proposal]) -> dict[int, int]:
    """The id of the image's by that of its copy: the same mask of the same version."""
    ours = {(each.model_version_id, each.mask.rle.digest): each.id for each in waiting}
    same = {each.id: ours.get((each.model_version_id, each.mask.rle.digest)) for each in theirs}
    return {each: twin for each, twin in same.items() if twin is not None}


def _submitted(found: Annotation) -> Submitted:
    drawing = found.drawing
    return Submitted(
        drawing.category_id,
        drawing.mask.rle.counts,
        tuple(drawing.prompts),
        drawing.model_version_id,
        drawing.predicted_iou,
        drawing.seconds,
    )
