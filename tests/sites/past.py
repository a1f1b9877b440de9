"""A project's past: proposals, verdicts, masks and checks at times of the test's choice, put
straight into the tables, which services date by the clock."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import projects
from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.learning_tables import never_trained
from maskloop.platform.db.model_versions import register
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import (
    annotation_reviews,
    auto_accepts,
    cards,
    check_answers,
    checks,
    queues,
    votes,
    withdrawals,
)
from maskloop.platform.db.tables import proposals
from maskloop.platform.masks import MeasuredMask, Rle, read_mask
from maskloop.platform.states import CheckKind, Defect, NeverTrained, Verdict
from maskloop.services.runtime import Runtime
from sites.bench import Bench

SIZE_HW = (8, 10)


def mask(number: int = 0) -> MeasuredMask:
    """Another one for every number below 2^16."""
    pixels = np.zeros(SIZE_HW, dtype=np.bool_)
    pixels[1:4, 1:4] = True
    pixels[6:, :8] = np.array([number >> bit & 1 for bit in range(16)]).reshape(2, 8)
    return read_mask(Rle.encode(pixels).counts, SIZE_HW)


@pytest.fixture
def past(runtime: Runtime, bench: Bench) -> "Past":
    return make_past(runtime, bench)


def make_past(
    runtime: Runtime, bench: Bench, categories: tuple[str, ...] = ("cat", "dog")
) -> "Past":
    project_id = bench.make_project(categories=categories)
    picture = bench.png(np.zeros((*SIZE_HW, 3), dtype=np.uint8))
    image = bench.add_image(project_id, picture, "/photos/one.png")
    job = bench.start_job(project_id)
    job.finish()
    with runtime.engine.connect() as connection:
        named = {one.name: one.id for one in projects.list_categories(connection, project_id)}
    versions = {"minisam": job.model_version_id}
    return Past(runtime, project_id, image.id, {"minisam": job.id}, named, versions)


@dataclass
class Past:
    runtime: Runtime
    project_id: int
    image_id: int
    jobs: dict[str, int]
    """By the name of the version that they asked."""
    categories: dict[str, int]
    versions: dict[str, int]
    people: dict[str, int] = field(default_factory=dict)
    _made: int = 0
    _queue: int | None = None

    def person(self, name: str) -> int:
        if name not in self.people:
            self.people[name] = self._insert(users, name=name, is_admin=False)
        return self.people[name]

    def version(self, name: str) -> int:
        if name not in self.versions:
            with self.runtime.engine.begin() as connection:
                digest = f"{len(self.versions):064d}"
                made = register(
                    connection, name=name, encoder_digest="e" * 64, decoder_digest=digest
                )
            self.versions[name] = made.id
        return self.versions[name]

    def job(self, version: str) -> int:
        if version not in self.jobs:
            job = Bench(self.runtime).start_job(self.project_id, version_id=self.version(version))
            job.finish()
            self.jobs[version] = job.id
        return self.jobs[version]

    def proposal(self, version: str = "minisam") -> int:
        self._made += 1
        drawn = mask(self._made)
        return self._insert(
            proposals,
            **self._mask_columns(drawn),
            project_id=self.project_id,
            image_id=self.image_id,
            job_id=self.job(version),
            model_version_id=self.version(version),
            mask_digest=drawn.rle.digest,
            predicted_iou=0.9,
            stability_score=0.95,
            point_xy=[1.0, 1.0],
            crop_box_xywh=[0, 0, 10, 8],
        )

    def drawn(
        self,
        at: datetime,
        who: str,
        category: str = "cat",
        *,
        version: str | None = None,
        seconds: float | None = None,
        prompts: tuple[dict[str, Any], ...] = (),
        proposal_id: int | None = None,
        parent_iou: float | None = None,
    ) -> int:
        self._made += 1
        made = mask(self._made)
        return self._insert(
            annotations,
            **self._mask_columns(made),
            revision=1,
            project_id=self.project_id,
            image_id=self.image_id,
            category_id=self.categories[category],
            mask_digest=made.rle.digest,
            prompts=list(prompts),
            model_version_id=None if version is None else self.version(version),
            seconds=seconds,
            author_id=self.person(who),
            proposal_id=proposal_id,
            parent_iou=parent_iou,
            created_at=at,
        )

    def verdict(
        self,
        at: datetime,
        who: str,
        verdict: Verdict,
        category: str = "cat",
        *,
        version: str = "minisam",
        seconds: float | None = None,
        prompts: tuple[dict[str, Any], ...] = (),
        parent_iou: float | None = None,
        by_itself: bool = False,
        proposal_id: int | None = None,
    ) -> int:
        """A review; its proposal is made too, unless it is named."""
        proposed = self.proposal(version) if proposal_id is None else proposal_id
        made = None
        if verdict is not Verdict.REJECTED:
            made = self.drawn(
                at,
                who,
                category,
                version=version,
                seconds=seconds,
                prompts=prompts,
                proposal_id=proposed,
                parent_iou=1.0 if verdict is Verdict.ACCEPTED else parent_iou,
            )
        taken = sa.select(sa.func.count()).where(reviews.c.proposal_id == proposed)
        with self.runtime.engine.connect() as connection:
            rounds = connection.execute(taken).scalar_one()
        return self._insert(
            reviews,
            project_id=self.project_id,
            proposal_id=proposed,
            round=rounds + 1,
            verdict=verdict,
            reviewer_id=self.person(who),
            annotation_id=made,
            annotation_revision=None if made is None else 1,
            seconds=seconds,
            auto_accept_id=self._auto_accept(who, category) if by_itself else None,
            created_at=at,
        )

    def second_look(self, at: datetime, who: str, annotation_id: int) -> int:
        return self._insert(
            annotation_reviews,
            project_id=self.project_id,
            annotation_id=annotation_id,
            annotation_revision=1,
            verdict=Verdict.ACCEPTED,
            reviewer_id=self.person(who),
            created_at=at,
        )

    def vote(
        self,
        at: datetime,
        who: str,
        proposal_id: int,
        verdict: Verdict = Verdict.REJECTED,
        category: str | None = None,
    ) -> int:
        return self._insert(
            votes,
            project_id=self.project_id,
            proposal_id=proposal_id,
            card_id=self._card(at, who, proposal_id=proposal_id),
            user_id=self.person(who),
            verdict=verdict,
            category_id=None if category is None else self.categories[category],
            created_at=at,
        )

    def check(self, kind: CheckKind, defect: Defect | None = None, who: str = "boss") -> int:
        long_ago = datetime.fromisoformat("2020-01-01T00:00Z")
        truth = self.drawn(long_ago, who, next(iter(self.categories)))
        reason = NeverTrained.GOLD if kind is CheckKind.GOLD else NeverTrained.PLANTED
        with self.runtime.engine.begin() as connection:
            kept = sa.insert(never_trained).values(
                project_id=self.project_id, annotation_id=truth, reason=reason
            )
            connection.execute(kept)
        return self._insert(
            checks,
            **self._mask_columns(mask(truth)),
            project_id=self.project_id,
            kind=kind,
            defect=defect,
            image_id=self.image_id,
            annotation_id=truth,
            annotation_revision=1,
            category_id=next(iter(self.categories.values())),
            iou=1.0 if defect is None else 0.6,
            created_by=self.person(who),
        )

    def check_answer(
        self,
        at: datetime,
        who: str,
        check_id: int,
        verdict: Verdict,
        *,
        passed: bool,
        iou: float | None = None,
    ) -> int:
        return self._insert(
            check_answers,
            project_id=self.project_id,
            check_id=check_id,
            card_id=self._card(at, who, check_id=check_id),
            user_id=self.person(who),
            verdict=verdict,
            passed=passed,
            iou=iou,
            created_at=at,
        )

    def withdraw(self, who: str, *, at: datetime | None = None, **subject: int) -> None:
        """`subject`: one of `review_id`, `check_answer_id`, `vote_id`, `annotation_review_id`;
        without `at` it is done now."""
        when = {} if at is None else {"created_at": at}
        by = self.person(who)
        self._insert(withdrawals, project_id=self.project_id, user_id=by, **when, **subject)

    def _auto_accept(self, who: str, category: str) -> int:
        return self._insert(
            auto_accepts,
            project_id=self.project_id,
            model_version_id=self.versions["minisam"],
            category_id=self.categories[category],
            threshold=0.9,
            wanted_precision=0.95,
            confidence=0.95,
            audit_share=0.1,
            evidence={},
            switched_on_by=self.person(who),
            revoked_at=datetime.fromisoformat("2020-01-01T00:00Z"),
            revoked_because="a test",
        )

    def _card(self, at: datetime, who: str, **subject: int) -> int:
        if self._queue is None:
            self._queue = self._insert(
                queues,
                project_id=self.project_id,
                name="all",
                subject="proposals",
                ordering="random",
                created_by=self.person(who),
            )
        return self._insert(
            cards,
            project_id=self.project_id,
            queue_id=self._queue,
            user_id=self.person(who),
            token=uuid.uuid4(),
            at_random=True,
            leased_at=at,
            until=at,
            ended_at=at,
            outcome="answered",
            **subject,
        )

    def _mask_columns(self, drawn: MeasuredMask) -> dict[str, Any]:
        return {
            "rle_counts": drawn.rle.counts,
            "bbox_xywh": list(drawn.bbox_xywh),
            "area": drawn.area,
        }

    def _insert(self, table: sa.Table, **values: Any) -> int:
        with self.runtime.engine.begin() as connection:
            statement = sa.insert(table).values(values).returning(table.c.id)
            made: int = connection.execute(statement).scalar_one()
            return made
