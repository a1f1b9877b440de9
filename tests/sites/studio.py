"""Photographs that anna labelled, and people who label them again without knowing that."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from maskloop.platform.db import passes, projects
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.gold_images import GoldImage
from maskloop.platform.db.images import Image
from maskloop.platform.db.passes import Pass
from maskloop.platform.masks import Rle
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import annotations, blind_passes, gold_images, labeling, people
from maskloop.services.annotations import Submitted
from maskloop.services.labeling import Conclusion
from maskloop.services.runtime import Runtime
from sites.bench import Bench, mask_of

SIZE_HW = (40, 60)
Box = tuple[int, int, int, int]
"""Top, left, height, width."""
Drawn = tuple[Box, int]
"""With the category."""


def pixels(box: Box) -> npt.NDArray[np.bool_]:
    top, left, height, width = box
    found = np.zeros(SIZE_HW, dtype=np.bool_)
    found[top : top + height, left : left + width] = True
    return found


@dataclass
class Studio:
    """Every photograph has proposals of two boxes of ten by ten: those of `ONE` and `TWO`."""

    runtime: Runtime
    project_id: int
    images: list[Image]
    cat: int
    dog: int
    users: dict[str, int] = field(default_factory=dict)

    ONE = (2, 2, 10, 10)
    TWO = (2, 30, 10, 10)
    THREE = (25, 2, 10, 10)

    pixels = staticmethod(pixels)

    def user(self, name: str) -> int:
        if name not in self.users:
            self.users[name] = people.create_user(self.runtime, name).id
        return self.users[name]

    def submitted(self, drawn: Drawn) -> Submitted:
        box, category = drawn
        return Submitted(category, Rle.encode(pixels(box)).counts)

    def label(self, image: Image, drawn: Sequence[Drawn], *, by: str = "anna") -> list[int]:
        """As anybody labels an image; ids of the annotations."""
        token = labeling.take(self.runtime, self.project_id, image.id, user_id=self.user(by)).token
        made = [
            annotations.create(
                self.runtime,
                self.project_id,
                image.id,
                self.submitted(one),
                author_id=self.user(by),
            ).id
            for one in drawn
        ]
        with self.runtime.engine.begin() as connection:
            labeling.submit_in(
                connection,
                self.project_id,
                image.id,
                Conclusion(token, SubmissionOutcome.DONE),
                user_id=self.user(by),
            )
        return made

    def gold(self, *images: Image) -> list[GoldImage]:
        return gold_images.make(
            self.runtime, self.project_id, [one.id for one in images], by=self.user("anna")
        )

    def begin(self, name: str = "ben", *, behind: int = 0) -> Pass | None:
        with self.runtime.engine.begin() as connection:
            return blind_passes.begin_gold(
                connection, self.project_id, user_id=self.user(name), behind=behind
            )

    def begun(self, name: str = "ben", *, behind: int = 0) -> Pass:
        made = self.begin(name, behind=behind)
        assert made is not None
        return made

    def pass_of(self, pass_image_id: int) -> Pass:
        with self.runtime.engine.connect() as connection:
            found = passes.of_copy(connection, self.project_id, pass_image_id)
        assert found is not None
        return found

    def draw(self, found: Pass, *drawn: Drawn) -> list[Annotation]:
        return [
            annotations.create(
                self.runtime.in_passes,
                self.project_id,
                found.pass_image_id,
                self.submitted(one),
                author_id=found.new.user_id,
            )
            for one in drawn
        ]

    def submit(self, found: Pass, outcome: SubmissionOutcome = SubmissionOutcome.DONE) -> None:
        """By the lease that the person takes for it."""
        there, user_id = self.runtime.in_passes, found.new.user_id
        image_id = found.pass_image_id
        token = labeling.take(there, self.project_id, image_id, user_id=user_id).token
        reason = "too dark" if outcome is SubmissionOutcome.SKIPPED else None
        with there.engine.begin() as connection:
            blind_passes.lock_original(connection, self.project_id, image_id)
            labeling.submit_in(
                connection,
                self.project_id,
                image_id,
                Conclusion(token, outcome, reason),
                user_id=user_id,
            )
            blind_passes.conclude_in(connection, self.project_id, image_id, outcome)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.runtime.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def count(self, table: str) -> int:
        ((found,),) = self.rows(f"SELECT count(*) FROM {table}")
        assert isinstance(found, int)
        return found


def open_studio(runtime: Runtime, photographs: int = 6) -> Studio:
    """In an empty database; its project is `photos`."""
    bench = Bench(runtime)
    project_id = bench.make_project(categories=["cat", "dog"])
    images = [
        bench.add_image(
            project_id,
            bench.png(np.full((*SIZE_HW, 3), shade, dtype=np.uint8)),
            f"/photos/{shade}.png",
        )
        for shade in range(photographs)
    ]
    job = bench.start_job(project_id)
    for image in images:
        job.done(image, [mask_of(pixels(Studio.ONE)), mask_of(pixels(Studio.TWO))])
    job.finish()
    with runtime.engine.begin() as connection:
        cat, dog = projects.list_categories(connection, project_id)
    return Studio(runtime, project_id, images, cat.id, dog.id)


@pytest.fixture
def studio(runtime: Runtime) -> Studio:
    return open_studio(runtime)
