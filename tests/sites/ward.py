"""Photographs with many proposals of known worth, and people who judge them at random."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import model_versions, projects, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.db.review_tables import cards, queues
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.states import (
    CardOutcome,
    ProposalState,
    QueueOrder,
    QueueSubject,
    Verdict,
)
from maskloop.services import people
from maskloop.services.runtime import Runtime
from sites.bench import Bench, mask_of

SIZE_HW = (40, 60)
PROPOSALS = 300


def block(index: int) -> GeneratedMask:
    """2×2 pixels, elsewhere for every index; the highest score first: 1, then 1/300 less each."""
    pixels = np.zeros(SIZE_HW, dtype=np.bool_)
    top, left = divmod(index, SIZE_HW[1] // 2)
    pixels[2 * top : 2 * top + 2, 2 * left : 2 * left + 2] = True
    return mask_of(pixels, predicted_iou=1 - index / PROPOSALS)


@dataclass
class Ward:
    """A project, and its one version's 300 proposals on one photograph, scores 1 down to 0."""

    runtime: Runtime
    project_id: int
    image: Image
    cell: int
    stain: int
    model_version_id: int
    anna: int
    ben: int
    queue_ids: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def proposals(self) -> list[Proposal]:
        """The highest score first."""
        with self.runtime.engine.connect() as connection:
            found = proposals.page(connection, self.project_id, limit=1000)
        return sorted(found, key=lambda one: -one.mask.predicted_iou)

    def queue(
        self,
        ordering: QueueOrder = QueueOrder.RANDOM,
        rule: Mapping[str, object] | None = None,
        *,
        fold: int = 1,
    ) -> int:
        """The same one for the same plan."""
        key = (ordering.value, str(rule), fold)
        if key not in self.queue_ids:
            with self.runtime.engine.begin() as connection:
                self.queue_ids[key] = connection.execute(
                    sa.insert(queues)
                    .values(
                        project_id=self.project_id,
                        name=f"{ordering} {len(self.queue_ids)}",
                        subject=QueueSubject.PROPOSALS,
                        rule=dict(rule or {}),
                        ordering=ordering,
                        fold=fold,
                        created_by=self.anna,
                    )
                    .returning(queues.c.id)
                ).scalar_one()
        return self.queue_ids[key]

    def card(
        self,
        proposal_id: int,
        *,
        queue_id: int | None = None,
        user_id: int | None = None,
        at_random: bool = True,
        ended: bool = True,
        slot: int = 0,
    ) -> int:
        queue_id = queue_id or self.queue()
        with self.runtime.engine.begin() as connection:
            made: int = connection.execute(
                sa.insert(cards)
                .values(
                    project_id=self.project_id,
                    queue_id=queue_id,
                    user_id=user_id or self.ben,
                    token=uuid.uuid4(),
                    proposal_id=proposal_id,
                    slot=slot,
                    at_random=at_random,
                    leased_at=sa.func.now(),
                    until=sa.text("now() + interval '1 hour'"),
                    ended_at=sa.func.now() if ended else None,
                    outcome=CardOutcome.ANSWERED if ended else None,
                )
                .returning(cards.c.id)
            ).scalar_one()
        return made

    def judge(
        self,
        proposal_id: int,
        category_id: int | None = None,
        *,
        reject: bool = False,
        queue_id: int | None = None,
        at_random: bool = True,
        iou: float | None = None,
    ) -> int:
        """Ben's answer to a card, after 6 seconds: a cell, where nothing else is said; with an
        `iou` corrected by that much. The review's id."""
        card_id = self.card(proposal_id, queue_id=queue_id, at_random=at_random)
        verdict = Verdict.REJECTED if reject else Verdict.ACCEPTED
        if iou is not None:
            verdict = Verdict.CORRECTED
        with self.runtime.engine.begin() as connection:
            assert proposals.decide(
                connection, self.project_id, proposal_id, ProposalState(verdict)
            )
            made = None
            if not reject:
                made = self._annotate(connection, proposal_id, category_id or self.cell, iou or 1.0)
            return connection.execute(
                sa.insert(reviews)
                .values(
                    project_id=self.project_id,
                    proposal_id=proposal_id,
                    verdict=verdict,
                    reviewer_id=self.ben,
                    annotation_id=made,
                    annotation_revision=None if made is None else 1,
                    seconds=6.0,
                    card_id=card_id,
                )
                .returning(reviews.c.id)
            ).scalar_one()

    def _annotate(
        self, connection: sa.Connection, proposal_id: int, category_id: int, parent_iou: float
    ) -> int:
        proposal = proposals.by_id(connection, self.project_id, proposal_id)
        statement = (
            sa.insert(annotations)
            .values(
                revision=1,
                project_id=self.project_id,
                image_id=self.image.id,
                category_id=category_id,
                rle_counts=proposal.mask.rle.counts,
                mask_digest=proposal.mask.rle.digest,
                bbox_xywh=list(proposal.mask.bbox_xywh),
                area=proposal.mask.area,
                parent_iou=parent_iou,
                author_id=self.ben,
                proposal_id=proposal_id,
            )
            .returning(annotations.c.id)
        )
        made: int = connection.execute(statement).scalar_one()
        return made

    def audit(self, wrong: Sequence[int] = (), *, every: int = 3) -> None:
        """Ben judges every third proposal, in a random order; those at these places by score are no
        cells."""
        found = self.proposals()
        for place in np.random.default_rng(0).permutation(range(0, len(found), every)):
            self.judge(found[place].id, reject=int(place) in wrong)


@pytest.fixture
def ward(runtime: Runtime) -> Ward:
    return make_ward(runtime)


def make_ward(runtime: Runtime) -> Ward:
    """In an empty database; its project is `photos`."""
    bench = Bench(runtime)
    project_id = bench.make_project(categories=["cell", "stain"])
    image = bench.add_image(
        project_id, bench.png(np.zeros((*SIZE_HW, 3), dtype=np.uint8)), "/photos/one.png"
    )
    job = bench.start_job(project_id)
    job.done(image, [block(index) for index in range(PROPOSALS)])
    job.finish()
    with runtime.engine.begin() as connection:
        cell, stain = projects.list_categories(connection, project_id)
        version = model_versions.by_id(connection, job.model_version_id)
        model_versions.promote(connection, version, because="the first")
    return Ward(
        runtime,
        project_id,
        image,
        cell.id,
        stain.id,
        version.id,
        people.create_user(runtime, "anna").id,
        people.create_user(runtime, "ben").id,
    )
