"""A photograph of coins whose masks are real, proposed by a model and reviewed by anna and ben."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa
from skimage import data as photographs
from skimage import measure
from skimage.filters import threshold_otsu
from skimage.morphology import closing, disk

from maskloop.platform.db import cards as card_rows
from maskloop.platform.db import projects, proposals
from maskloop.platform.db.cards import NewCard, Shows
from maskloop.platform.db.checks import Check
from maskloop.platform.db.images import Image
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.db.queues import Plan, Queue
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import cards, queues, reviews
from maskloop.services.answers import Answered, answer_in
from maskloop.services.cards import ShownCard
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement
from maskloop.services.runtime import Runtime
from maskloop.services.withdrawals import withdraw

if TYPE_CHECKING:
    from sites.bench import Bench

Mask = npt.NDArray[np.bool_]
_LEAST_AREA, _MOST_AREA = 1000, 3000
"""Of what thresholding finds there, what is one coin."""


def coin_masks() -> list[Mask]:
    """20 coins that do not overlap, on 303×384 pixels."""
    photograph = photographs.coins()
    bright = closing(photograph > threshold_otsu(photograph), disk(3))
    found = [np.asarray(region) for region in _regions(measure.label(bright))]
    return [mask for mask in found if _LEAST_AREA <= mask.sum() <= _MOST_AREA]


def _regions(labels: npt.NDArray[np.int64]) -> list[Mask]:
    return [labels == label for label in range(1, labels.max() + 1)]


@dataclass
class Tray:
    """Twenty coins, each with a pending proposal of its own score."""

    runtime: Runtime
    project_id: int
    image: Image
    masks: list[Mask]
    old: int
    new: int
    anna: int
    ben: int

    @property
    def proposals(self) -> list[Proposal]:
        with self.runtime.engine.connect() as connection:
            return proposals.page(connection, self.project_id, limit=1000)

    def accept(self, count: int, *, category_id: int | None = None) -> list[int]:
        """Anna accepts the first of those that wait; ids of the annotations."""
        waiting = [one for one in self.proposals if one.state == "pending"][:count]
        made = []
        for one in waiting:
            judgement = Judgement.accept(category_id or self.old)
            found = reviews.review(
                self.runtime, self.project_id, one.id, judgement, reviewer_id=self.anna
            )
            assert found.annotation is not None
            made.append(found.annotation[0])
        return made

    def queue(self, **plan: Any) -> Queue:
        """Of proposals, by their score, unless it is said otherwise."""
        wanted = {"name": "look", "subject": QueueSubject.PROPOSALS} | plan
        wanted.setdefault("ordering", QueueOrder.SCORE)
        with self.runtime.engine.begin() as connection:
            return queues.create_in(
                connection, self.project_id, Plan(**wanted), created_by=self.anna
            )

    def take(self, queue: Queue, count: int, *, person: Person | None = None) -> list[ShownCard]:
        hand = cards.take(
            self.runtime,
            self.project_id,
            person=person or self.ben_as_person,
            queue_id=queue.id,
            count=count,
        )
        return list(hand.cards)

    def give_back(self, taken: list[ShownCard], *, person: Person | None = None) -> None:
        held = [(one.card.id, one.card.token) for one in taken]
        cards.give_back(self.runtime, self.project_id, held, person=person or self.ben_as_person)

    def handed(self, check: Check, queue: Queue, *, person: Person | None = None) -> ShownCard:
        """A card of this very check."""
        holder = person or self.ben_as_person
        with self.runtime.engine.begin() as connection:
            ids = card_rows.insert_new(
                connection,
                self.project_id,
                [NewCard(Shows(check_id=check.id))],
                queue_id=queue.id,
                user_id=holder.user_id,
                duration=timedelta(minutes=10),
            )
            (shown,) = cards.show(connection, self.project_id, ids)
            return shown

    def answer(
        self, shown: ShownCard, judgement: Judgement, *, person: Person | None = None
    ) -> Answered:
        with self.runtime.engine.begin() as connection:
            return answer_in(
                connection,
                self.project_id,
                shown.card.id,
                judgement,
                token=shown.card.token,
                person=person or self.ben_as_person,
            )

    def withdraw(self, shown: ShownCard, *, person: Person | None = None) -> ShownCard:
        return withdraw(
            self.runtime,
            self.project_id,
            shown.card.id,
            token=shown.card.token,
            person=person or self.ben_as_person,
        )

    @property
    def anna_as_person(self) -> Person:
        return Person(self.anna, "anna", judges_people=True)

    @property
    def ben_as_person(self) -> Person:
        return Person(self.ben, "ben", judges_people=True)

    def count(self, table: str) -> int:
        with self.runtime.engine.connect() as connection:
            found: int = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            return found


@pytest.fixture
def tray(runtime: Runtime, bench: "Bench") -> Tray:
    project_id = bench.make_project(categories=["old", "new"])
    photograph = np.repeat(photographs.coins()[..., None], 3, axis=2)
    image = bench.add_image(project_id, bench.png(photograph), "/photos/coins.png")
    masks = coin_masks()
    job = bench.start_job(project_id)
    scores = [0.80 + place / 100 for place in range(len(masks))]
    job.done(
        image,
        [bench.mask_of(m, predicted_iou=score) for m, score in zip(masks, scores, strict=True)],
    )
    job.finish()
    with runtime.engine.begin() as connection:
        old, new = projects.list_categories(connection, project_id)
        statement = sa.text("INSERT INTO users (name, is_admin) VALUES (:name, false) RETURNING id")
        anna, ben = (
            connection.execute(statement, {"name": name}).scalar_one() for name in ("anna", "ben")
        )
    return Tray(runtime, project_id, image, masks, old.id, new.id, anna, ben)
