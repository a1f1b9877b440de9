"""Photographs with proposals and annotations on some of them, people who label, and queues of
images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from maskloop.platform.db import model_versions, projects, proposal_doubts, queues
from maskloop.platform.db.proposal_doubts import NewDoubt
from maskloop.platform.db.queues import Plan
from maskloop.platform.db.tables import proposals
from maskloop.platform.masks import Rle
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import QueueOrder, QueueSubject, SubmissionOutcome
from maskloop.services import annotations, labeling
from maskloop.services.annotations import Submitted
from maskloop.services.labeling import Conclusion, Turn
from maskloop.services.queues import Person, create_in, listed
from maskloop.services.runtime import Runtime
from sites.table import square, user

if TYPE_CHECKING:
    from sites.bench import Bench

SCORES: tuple[tuple[float, ...], ...] = ((0.9, 0.5), (0.8,), (0.4,), (), (0.7,), ())
"""Of the proposals on each photograph; the fifth one's is another job's, by another version."""


@dataclass
class Shelf:
    runtime: Runtime
    project_id: int
    images: list[int]
    cat: int
    dog: int
    jobs: tuple[int, int]
    versions: tuple[int, int]
    people: dict[str, int] = field(default_factory=dict)

    def person(self, name: str) -> int:
        if name not in self.people:
            self.people[name] = user(self.runtime, name)
        return self.people[name]

    def queue(self, name: str = "all", *, people: Sequence[str] = (), **more: Any) -> int:
        """Of images by id, unless something else is said; fields of the rule stand among them."""
        rule = Rule(**{key: more.pop(key) for key in set(more) & set(Rule.model_fields)})
        usual: dict[str, Any] = {"subject": QueueSubject.IMAGES, "ordering": QueueOrder.OLDEST}
        plan = Plan(**{"name": name, "rule": rule} | usual | more)
        boss, ids = self.person("boss"), [self.person(one) for one in people]
        with self.runtime.engine.begin() as connection:
            made = create_in(connection, self.project_id, plan, created_by=boss)
            queues.assign(connection, self.project_id, made.id, ids)
        return made.id

    def close(self, queue_id: int) -> None:
        with self.runtime.engine.begin() as connection:
            queues.close(connection, self.project_id, queue_id, closed=True)

    def next(self, name: str, queue_id: int | None = None, **more: Any) -> Turn:
        return labeling.next_turn(
            self.runtime, self.project_id, user_id=self.person(name), queue_id=queue_id, **more
        )

    def number(self, turn: Turn) -> int | None:
        """Of the photograph, 0 for the first."""
        return None if turn.image is None else self.images.index(turn.image.image.id)

    def submit(self, name: str, turn: Turn) -> None:
        assert turn.image is not None
        assert turn.lease is not None
        with self.runtime.engine.begin() as connection:
            labeling.submit_in(
                connection,
                self.project_id,
                turn.image.image.id,
                Conclusion(turn.lease.token, SubmissionOutcome.DONE),
                user_id=self.person(name),
            )

    def release(self, name: str, turn: Turn) -> None:
        assert turn.image is not None
        assert turn.lease is not None
        labeling.give_back(
            self.runtime,
            self.project_id,
            turn.image.image.id,
            user_id=self.person(name),
            token=turn.lease.token,
        )

    def label(self, name: str, queue_id: int | None = None, *, most: int = 100) -> list[int]:
        """One image after the other until nothing is left; their numbers."""
        found: list[int] = []
        after = None
        while len(found) < most:
            turn = self.next(name, queue_id, after=after)
            number = self.number(turn)
            if number is None:
                break
            self.submit(name, turn)
            found.append(number)
            after = self.images[number]
        return found

    def left(self, queue_id: int) -> int:
        """As a manager's list of queues says."""
        boss = Person(self.person("boss"), "boss", judges_people=True)
        found = listed(self.runtime, self.project_id, person=boss, manages=True)
        return next(one.left for one in found if one.queue.id == queue_id)

    def doubt(self, scores: dict[int, float]) -> None:
        """Of the first proposal on each of these photographs."""
        first = sa.select(sa.func.min(proposals.c.id))
        with self.runtime.engine.begin() as connection:
            new = [
                NewDoubt(
                    connection.execute(
                        first.where(proposals.c.image_id == self.images[number])
                    ).scalar_one(),
                    score,
                    [],
                )
                for number, score in scores.items()
            ]
            proposal_doubts.put(connection, self.project_id, new, model_version_id=self.versions[0])

    def annotate(self, number: int, category_id: int) -> None:
        drawn = Submitted(category_id, Rle.encode(square(9, 9)).counts, seconds=1.5)
        boss, image_id = self.person("boss"), self.images[number]
        annotations.create(self.runtime, self.project_id, image_id, drawn, author_id=boss)


def fill(runtime: Runtime, bench: "Bench") -> Shelf:
    project_id = bench.make_project(categories=["cat", "dog"])
    names = ["north/0.png", "north/1.png", "south/2.png", "south/3.png", "south/4.png", "100%.png"]
    made = [
        bench.add_image(project_id, bench.png(np.full((16, 20, 3), shade, np.uint8)), name)
        for shade, name in enumerate(names)
    ]
    first = bench.start_job(project_id)
    with runtime.engine.begin() as connection:
        tuned = model_versions.register(
            connection, name="tuned", encoder_digest="e" * 64, decoder_digest="f" * 64
        )
        cat, dog = projects.list_categories(connection, project_id)
    jobs = (first, bench.start_job(project_id, version_id=tuned.id))
    for number, scores in enumerate(SCORES):
        masks = [
            bench.mask_of(square(1, 4 * place), predicted_iou=score)
            for place, score in enumerate(scores)
        ]
        if masks:
            jobs[number == 4].done(made[number], masks)
    for job in jobs:
        job.finish()
    return Shelf(
        runtime,
        project_id,
        [image.id for image in made],
        cat.id,
        dog.id,
        (jobs[0].id, jobs[1].id),
        (jobs[0].model_version_id, tuned.id),
    )
