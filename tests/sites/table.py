"""Photographs with proposals on them, people who review, and queues over both."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from maskloop.platform.db import cards as card_rows
from maskloop.platform.db import projects, proposals
from maskloop.platform.db.cards import Card
from maskloop.platform.db.images import Image
from maskloop.platform.db.queues import Plan
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState, QueueOrder, QueueSubject
from maskloop.services import answers, cards, queues, withdrawals
from maskloop.services.annotations import Submitted
from maskloop.services.answers import Answered
from maskloop.services.cards import ShownCard
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench


def square(top: int, left: int, side: int = 3) -> npt.NDArray[np.bool_]:
    """On the 16×20 pixels of a photograph."""
    pixels = np.zeros((16, 20), dtype=np.bool_)
    pixels[top : top + side, left : left + side] = True
    return pixels


def user(runtime: Runtime, name: str) -> int:
    statement = sa.text("INSERT INTO users (name, is_admin) VALUES (:name, false) RETURNING id")
    with runtime.engine.begin() as connection:
        made: int = connection.execute(statement, {"name": name}).scalar_one()
    return made


@dataclass
class Table:
    """What the tests sit at: one photograph with proposals of falling predicted IoU."""

    runtime: Runtime
    project_id: int
    image: Image
    job_id: int
    cat: int
    dog: int
    version_id: int
    proposal_ids: list[int]
    people: dict[str, Person] = field(default_factory=dict)

    square = staticmethod(square)

    def person(self, name: str, *, judges_people: bool = True) -> Person:
        if name not in self.people:
            self.people[name] = Person(user(self.runtime, name), name, judges_people)
        return self.people[name]

    def queue(self, name: str = "all", *, people: Sequence[str] = (), **more: Any) -> int:
        """In the order in which proposals were made, unless another is named."""
        plan = Plan(
            **{"name": name, "subject": QueueSubject.PROPOSALS, "ordering": QueueOrder.OLDEST}
            | more
        )
        with self.runtime.engine.begin() as connection:
            boss = self.person("boss").user_id
            made = queues.create_in(connection, self.project_id, plan, created_by=boss)
            ids = [self.person(name).user_id for name in people]
            queues.queues.assign(connection, self.project_id, made.id, ids)
        return made.id

    def close(self, queue_id: int, *, closed: bool = True) -> None:
        with self.runtime.engine.begin() as connection:
            queues.queues.close(connection, self.project_id, queue_id, closed=closed)

    def take(self, name: str, count: int = 1, queue_id: int | None = None) -> list[ShownCard]:
        hand = cards.take(
            self.runtime,
            self.project_id,
            person=self.person(name),
            queue_id=queue_id,
            count=count,
        )
        return list(hand.cards)

    def left(self, name: str, queue_id: int | None = None) -> int:
        """After taking a card."""
        hand = cards.take(
            self.runtime, self.project_id, person=self.person(name), queue_id=queue_id, count=1
        )
        return hand.left

    def answer(
        self,
        name: str,
        card: ShownCard | Card,
        judgement: Judgement | None = None,
        *,
        token: uuid.UUID | None = None,
    ) -> Answered:
        """Accepted as a cat, unless said otherwise."""
        held = card.card if isinstance(card, ShownCard) else card
        with self.runtime.engine.begin() as connection:
            return answers.answer_in(
                connection,
                self.project_id,
                held.id,
                judgement or Judgement.accept(self.cat),
                token=token or held.token,
                person=self.person(name),
            )

    def withdraw(self, name: str, card: ShownCard) -> ShownCard:
        return withdrawals.withdraw(
            self.runtime,
            self.project_id,
            card.card.id,
            token=card.card.token,
            person=self.person(name),
        )

    def renew(self, name: str, *held: ShownCard) -> list[tuple[int, str]]:
        """What was lost."""
        found = cards.renew(
            self.runtime,
            self.project_id,
            [(one.card.id, one.card.token) for one in held],
            person=self.person(name),
        )
        return list(found.lost)

    def give_back(self, name: str, *held: ShownCard) -> None:
        cards.give_back(
            self.runtime,
            self.project_id,
            [(one.card.id, one.card.token) for one in held],
            person=self.person(name),
        )

    def lapse(self, *held: ShownCard) -> None:
        """Nobody was heard of for so long."""
        with self.runtime.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE cards SET until = now() - interval '1 s' WHERE id = ANY(:ids)"),
                {"ids": [one.card.id for one in held]},
            )

    def card(self, card_id: int) -> Card:
        with self.runtime.engine.connect() as connection:
            return card_rows.by_id(connection, self.project_id, card_id)

    def state_of(self, proposal_id: int) -> ProposalState:
        with self.runtime.engine.connect() as connection:
            return proposals.by_id(connection, self.project_id, proposal_id).state

    def drawn(self, pixels: npt.NDArray[np.bool_], category_id: int | None = None) -> Submitted:
        return Submitted(category_id or self.cat, Rle.encode(pixels).counts, seconds=1.5)


def proposals_of(held: Sequence[ShownCard]) -> list[int | None]:
    return [one.card.shows.proposal_id for one in held]


def lay(runtime: Runtime, bench: "Bench", count: int) -> Table:
    project_id = bench.make_project(categories=["cat", "dog"])
    picture = bench.png(np.zeros((16, 20, 3), dtype=np.uint8))
    image = bench.add_image(project_id, picture, "/photos/one.png")
    job = bench.start_job(project_id)
    masks = [
        bench.mask_of(square(number // 16, number % 16), predicted_iou=0.9 - 0.1 * (number % 9))
        for number in range(count)
    ]
    job.done(image, masks)
    job.finish()
    with runtime.engine.begin() as connection:
        cat, dog = projects.list_categories(connection, project_id)
        found = proposals.page(connection, project_id, limit=10_000)
    ids = [proposal.id for proposal in found]
    return Table(runtime, project_id, image, job.id, cat.id, dog.id, job.model_version_id, ids)
