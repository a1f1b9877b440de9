"""A re-run by another version: its proposals replace pending ones, and human work stays."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from maskloop.actors.work import ItemResult, Outcome
from maskloop.platform import sa1b
from maskloop.platform.db import job_items, jobs, model_versions, projects, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.errors import AlreadyReviewedError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState, Verdict
from maskloop.services import annotations, reviews
from maskloop.services.annotations import Submitted
from maskloop.services.jobs import claim, submit_autolabel
from maskloop.services.people import create_user
from maskloop.services.proposals import apply_result
from maskloop.services.reviews import Judgement, review
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

Pixels = npt.NDArray[np.bool_]
SIZE_HW = (40, 60)


def square(left: int, side: int = 10) -> Pixels:
    pixels = np.zeros(SIZE_HW, dtype=np.bool_)
    pixels[5 : 5 + side, left : left + side] = True
    return pixels


A, B, C, D = (square(left) for left in (0, 12, 24, 36))


@dataclass
class Desk:
    """One image, two versions, and anna who reviews."""

    runtime: Runtime
    bench: "Bench"
    project_id: int
    image: Image
    cat: int
    anna: int

    def serve(self, digit: str) -> int:
        """The version with this digit in its digest serves from now on; its number."""
        with self.runtime.engine.begin() as connection:
            version = model_versions.register(
                connection, name=f"v{digit}", encoder_digest="e" * 64, decoder_digest=digit * 64
            )
            model_versions.promote(connection, version, because="a test")
            return version.id

    def submit(self, *, supersede: bool = False) -> int:
        return submit_autolabel(
            self.runtime, self.bench.project, GenerationParameters(), supersede=supersede
        )

    def propose(self, job_id: int, masks: Sequence[Pixels]) -> None:
        """The job's worker applies these masks."""
        lease = claim(self.runtime, job_id)
        document = sa1b.document(
            [self.bench.mask_of(mask) for mask in masks],
            image_id=self.image.id,
            file_name=self.image.source_uri,
            size_hw=SIZE_HW,
        )
        key = f"results/{job_id}.json.gz"
        self.runtime.objects.put(key, sa1b.pack(document))
        with self.runtime.engine.begin() as connection:
            job = jobs.by_id(connection, job_id)
            (item,) = job_items.lease(connection, job_id, lease, limit=10)
        done = ItemResult(item.id, Outcome.DONE, key, len(masks), {}, "", "")
        apply_result(self.runtime, job, lease, item, done)

    def rerun(self, masks: Sequence[Pixels]) -> None:
        self.propose(self.submit(supersede=True), masks)

    def all(self) -> list[Proposal]:
        with self.runtime.engine.connect() as connection:
            return proposals.page(connection, self.project_id, limit=100)

    def states(self) -> list[tuple[int, int, str]]:
        """Version, left edge, state."""
        return [(p.model_version_id, p.mask.bbox_xywh[0], p.state.value) for p in self.all()]

    def of(self, mask: Pixels) -> Proposal:
        digest = Rle.encode(mask).digest
        return next(p for p in self.all() if p.mask.rle.digest == digest)

    def judge(self, mask: Pixels, verdict: Verdict, kept: Pixels | None = None) -> None:
        counts = Rle.encode(mask if kept is None else kept).counts
        drawn = Submitted(self.cat, counts) if verdict is Verdict.CORRECTED else None
        category = self.cat if verdict is Verdict.ACCEPTED else None
        judgement = Judgement(verdict, category_id=category, mask=drawn, reason="no")
        review(
            self.runtime,
            self.project_id,
            self.of(mask).id,
            judgement,
            reviewer_id=self.anna,
        )


@pytest.fixture
def desk(runtime: Runtime, bench: "Bench") -> Desk:
    project_id = bench.make_project(categories=["cat"])
    picture = bench.png(np.zeros((*SIZE_HW, 3), dtype=np.uint8))
    image = bench.add_image(project_id, picture, "/photos/one.png")
    with runtime.engine.connect() as connection:
        (cat,) = projects.list_categories(connection, project_id)
    return Desk(runtime, bench, project_id, image, cat.id, create_user(runtime, "anna").id)


def test_pending_proposals_of_another_version_are_replaced(desk: Desk) -> None:
    old = desk.serve("1")
    desk.propose(desk.submit(), [A, B])
    new = desk.serve("2")
    desk.rerun([A, C])
    assert desk.states() == [
        (old, 0, "superseded"),
        (old, 12, "superseded"),
        (new, 0, "pending"),
        (new, 24, "pending"),
    ]


def test_without_being_asked_to_nothing_is_replaced(desk: Desk) -> None:
    old = desk.serve("1")
    desk.propose(desk.submit(), [A])
    new = desk.serve("2")
    desk.propose(desk.submit(), [A])
    assert desk.states() == [(old, 0, "pending"), (new, 0, "pending")]


def test_what_people_did_stays_and_does_not_come_back(desk: Desk) -> None:
    desk.serve("1")
    desk.propose(desk.submit(), [A, B, C, D])
    desk.judge(A, Verdict.ACCEPTED)
    desk.judge(B, Verdict.CORRECTED, square(12, 13))
    desk.judge(C, Verdict.REJECTED)
    kept = annotations.of_image(desk.runtime, desk.project_id, desk.image.id)
    new = desk.serve("2")

    desk.rerun([A, B, C, D, square(12, 13)])

    assert desk.of(A).state is ProposalState.ACCEPTED
    assert desk.of(B).state is ProposalState.CORRECTED
    assert desk.of(C).state is ProposalState.REJECTED
    assert annotations.of_image(desk.runtime, desk.project_id, desk.image.id) == kept
    fresh = [p for p in desk.all() if p.model_version_id == new]
    assert [(p.mask.rle, p.state) for p in fresh] == [(Rle.encode(D), ProposalState.PENDING)]


def test_a_mask_that_nearly_is_one_that_was_judged_does_not_come_back(desk: Desk) -> None:
    desk.serve("1")
    drawn = Submitted(desk.cat, Rle.encode(A).counts)
    annotations.create(desk.runtime, desk.project_id, desk.image.id, drawn, author_id=desk.anna)
    nearly, less = A.copy(), A.copy()
    nearly[5, :10] = False  # IoU 0.9
    less[5, :10] = less[6, 0] = False  # 0.89
    desk.rerun([nearly, less])
    assert [p.mask.rle for p in desk.all()] == [Rle.encode(less)]


def test_a_version_that_serves_again_proposes_again_what_it_had(desk: Desk) -> None:
    old = desk.serve("1")
    desk.propose(desk.submit(), [A, B])
    new = desk.serve("2")
    desk.rerun([A, C])
    desk.serve("1")
    desk.rerun([A, B])
    assert sorted(desk.states()) == sorted(
        [
            (old, 0, "pending"),
            (old, 12, "pending"),
            (new, 0, "superseded"),
            (new, 24, "superseded"),
        ]
    )


def test_a_job_that_ends_late_replaces_nothing_newer(desk: Desk) -> None:
    desk.serve("1")
    late = desk.submit(supersede=True)
    new = desk.serve("2")
    desk.rerun([A])
    desk.propose(late, [B])
    assert (new, 0, "pending") in desk.states()


def test_a_review_under_way_goes_first_and_its_mask_does_not_come_back(desk: Desk) -> None:
    desk.serve("1")
    desk.propose(desk.submit(), [A, B])
    new = desk.serve("2")
    job_id = desk.submit(supersede=True)
    judgement = Judgement(Verdict.ACCEPTED, category_id=desk.cat)
    with ThreadPoolExecutor(1) as pool, desk.runtime.engine.begin() as connection:
        reviews.review_in(
            connection, desk.project_id, desk.of(A).id, judgement, reviewer_id=desk.anna
        )
        applying = pool.submit(desk.propose, job_id, [A, C])
        wait_for_lock(desk.runtime)
        connection.commit()
        applying.result(timeout=60)
    assert desk.of(A).state is ProposalState.ACCEPTED
    assert desk.of(B).state is ProposalState.SUPERSEDED
    fresh = [p.mask.rle for p in desk.all() if p.model_version_id == new]
    assert fresh == [Rle.encode(C)]


def wait_for_lock(runtime: Runtime) -> None:
    """Until somebody waits for somebody else's row."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    pause = Event()
    for _ in range(600):
        with runtime.engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        pause.wait(0.05)
    pytest.fail("nobody waited")


def test_whoever_reviews_too_late_is_told(desk: Desk) -> None:
    desk.serve("1")
    desk.propose(desk.submit(), [A])
    desk.serve("2")
    desk.rerun([B])
    with pytest.raises(AlreadyReviewedError, match="superseded"):
        desk.judge(A, Verdict.ACCEPTED)
