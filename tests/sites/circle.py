"""Several people who label the same photographs blindly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from maskloop.platform.db import folds
from maskloop.platform.db import queues as db_queues
from maskloop.platform.db.folds import Fold
from maskloop.platform.db.images import Image
from maskloop.platform.db.passes import Pass
from maskloop.platform.db.queues import Plan
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import QueueOrder, QueueSubject, SubmissionOutcome
from maskloop.services import adjudication, labeling, queues
from maskloop.services.adjudication import ListedFold
from maskloop.services.labeling import Turn
from maskloop.services.runtime import Runtime
from sites.studio import Drawn, Studio, open_studio

LAPSE = """
UPDATE passes.image_leases SET until = now() - interval '1 second' WHERE image_id = :image_id
"""


@dataclass(frozen=True)
class Circle:
    studio: Studio

    @property
    def images(self) -> list[Image]:
        return self.studio.images

    def queue(
        self, fold: int = 2, name: str = "folds", *, people: Sequence[str] = (), **rule: Any
    ) -> int:
        plan = Plan(
            name,
            QueueSubject.IMAGES,
            rule=Rule(**rule),
            ordering=QueueOrder.OLDEST,
            fold=fold,
        )
        with self.studio.runtime.engine.begin() as connection:
            boss = self.studio.user("anna")
            made = queues.create_in(connection, self.studio.project_id, plan, created_by=boss)
            theirs = [self.studio.user(one) for one in people]
            db_queues.assign(connection, self.studio.project_id, made.id, theirs)
        return made.id

    def close(self, queue_id: int) -> None:
        with self.studio.runtime.engine.begin() as connection:
            statement = sa.text("UPDATE queues SET closed_at = now() WHERE id = :id")
            connection.execute(statement, {"id": queue_id})

    def next(self, name: str, queue_id: int | None = None, **more: Any) -> Turn:
        return labeling.next_turn(
            self.studio.runtime,
            self.studio.project_id,
            user_id=self.studio.user(name),
            queue_id=queue_id,
            **more,
        )

    def begun(self, name: str, queue_id: int | None = None) -> Pass:
        turn = self.next(name, queue_id)
        assert turn.image is not None
        return self.studio.pass_of(turn.image.image.id)

    def number(self, turn: Turn) -> int | None:
        """Of the photograph that it is, or is a copy of, 0 for the first."""
        if turn.image is None:
            return None
        copy = turn.image.image.id
        originals = {one.id: place for place, one in enumerate(self.images)}
        if copy in originals:
            return originals[copy]
        return originals[self.studio.pass_of(copy).new.image_id]

    def label(
        self, name: str, *drawn: Drawn, outcome: SubmissionOutcome = SubmissionOutcome.DONE
    ) -> Pass:
        """The next one, from the queue to its submission."""
        found = self.begun(name)
        self.studio.draw(found, *drawn)
        self.studio.submit(found, outcome)
        return found

    def lapse(self, found: Pass) -> None:
        with self.studio.runtime.engine.begin() as connection:
            connection.execute(sa.text(LAPSE), {"image_id": found.pass_image_id})

    def fold(self, image: Image | None = None) -> Fold:
        """Of the first photograph, unless another is said."""
        image_id = (image or self.images[0]).id
        with self.studio.runtime.engine.connect() as connection:
            return folds.by_image(connection, self.studio.project_id, image_id)

    def settle(self, found: Pass, *, finish: bool = True, by: str = "anna") -> ListedFold:
        with self.studio.runtime.engine.begin() as connection:
            return adjudication.settle_in(
                connection,
                self.studio.runtime,
                self.studio.project_id,
                found.new.image_id,
                found.id,
                finish=finish,
                by=self.studio.user(by),
            )

    def on(self, image: Image | None = None) -> Sequence[tuple[object, ...]]:
        """Author, category and area of what is drawn on the photograph."""
        image_id = (image or self.images[0]).id
        return self.studio.rows(
            "SELECT u.name, c.name, a.area FROM annotations AS a "
            "JOIN users AS u ON u.id = a.author_id JOIN categories AS c ON c.id = a.category_id "
            f"WHERE a.image_id = {image_id} ORDER BY a.id"
        )

    def state_of(self, image: Image | None = None) -> object:
        image_id = (image or self.images[0]).id
        ((found,),) = self.studio.rows(f"SELECT state FROM images WHERE id = {image_id}")
        return found


@pytest.fixture
def circle(runtime: Runtime) -> Circle:
    """Three photographs."""
    return Circle(open_studio(runtime, 3))
