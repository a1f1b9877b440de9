"""Sixteen people who pull and answer at once, some of whom vanish with their cards in hand."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from maskloop.platform.errors import CardLostError
from maskloop.services import answers, cards, withdrawals
from maskloop.services.cards import ShownCard
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from sites.table import Table

LEASE_SECONDS = 2.0

MORE = """
INSERT INTO proposals (project_id, image_id, job_id, model_version_id, mask_digest, rle_counts,
    bbox_xywh, area, predicted_iou, stability_score, point_xy, crop_box_xywh)
SELECT project_id, image_id, job_id, model_version_id, sha256(n::text::bytea), rle_counts,
    bbox_xywh, area, (n * 7919 % 1000) / 1000.0, stability_score, point_xy, crop_box_xywh
FROM proposals, generate_series(1, :count) AS n WHERE proposals.id = :id
"""


@dataclass
class Crowd:
    table: "Table"
    clients: int = 16
    seed: int = 0
    claims: dict[int, tuple[str, float]] = field(default_factory=dict)
    """By proposal: who holds it, and until when they surely do."""
    held_twice: list[str] = field(default_factory=list)
    handed: Counter[int] = field(default_factory=Counter)
    """Cards by client."""
    events: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        settings = self.table.runtime.settings
        short = settings.model_copy(update={"card_lease_minutes": LEASE_SECONDS / 60})
        url = self.table.runtime.engine.url
        engine = sa.create_engine(url, pool_size=self.clients)  # a connection each
        self.runtime = replace(self.table.runtime, settings=short, engine=engine)

    def add_proposals(self, count: int) -> None:
        with self.runtime.engine.begin() as connection:
            chosen = {"count": count, "id": self.table.proposal_ids[0]}
            connection.execute(sa.text(MORE), chosen)

    def work(self, *, most_seconds: float) -> float:
        """Until nothing is left; how long it took. What went wrong in a client is raised."""
        began, together = time.monotonic(), threading.Barrier(self.clients)

        def run(number: int) -> None:
            together.wait(timeout=60)
            _Client(self, number).work(began + most_seconds)

        with ThreadPoolExecutor(self.clients) as pool:
            list(pool.map(run, range(self.clients)))
        self.runtime.engine.dispose()
        return time.monotonic() - began

    def claim(self, name: str, asked_at: float, shown: ShownCard) -> None:
        """No sooner than the request that handed it out, and for a lease."""
        proposal_id = shown.card.shows.proposal_id
        assert proposal_id is not None
        now, until = time.monotonic(), asked_at + LEASE_SECONDS
        with self.lock:
            holder, held_until = self.claims.get(proposal_id, (name, 0.0))
            if holder != name and now < held_until:
                self.held_twice.append(f"proposal {proposal_id} of {holder} went to {name}")
            self.claims[proposal_id] = (name, until)

    def release(self, shown: ShownCard) -> None:
        with self.lock:
            self.claims.pop(shown.card.shows.proposal_id or 0, None)

    def count(self, event: str) -> None:
        with self.lock:
            self.events[event] += 1


class _Client:
    """One place at which somebody works; a crash puts another person there."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.crowd, self.number = crowd, number
        self.random = random.Random(f"{crowd.seed}:{number}")
        self.person = self._somebody()

    def _somebody(self) -> Person:
        name = f"client-{self.number}-{self.random.randrange(10**9)}"
        statement = "INSERT INTO users (name, is_admin) VALUES (:name, false) RETURNING id"
        with self.crowd.runtime.engine.begin() as connection:
            made = connection.execute(sa.text(statement), {"name": name}).scalar_one()
        return Person(made, name, judges_people=True)

    def work(self, deadline: float) -> None:
        while True:
            assert time.monotonic() < deadline, "the crowd got stuck"
            asked_at = time.monotonic()
            hand = cards.take(
                self.crowd.runtime,
                self.crowd.table.project_id,
                person=self.person,
                queue_id=None,
                count=self.random.randint(1, 12),
            )
            if hand.left == 0:
                return
            with self.crowd.lock:
                self.crowd.handed[self.number] += len(hand.cards)
            for shown in hand.cards:
                self.crowd.claim(self.person.name, asked_at, shown)
            self._judge(list(hand.cards))

    def _judge(self, held: list[ShownCard]) -> None:
        while held:
            chance = self.random.random()
            if chance < 0.01:
                self.crowd.count("crash")
                self.person = self._somebody()
                return
            if chance < 0.03:
                self._give_back(held)
                return
            shown = held.pop(0)
            if self._answer(shown) and chance > 0.97:
                self._withdraw(shown)

    def _give_back(self, held: list[ShownCard]) -> None:
        for shown in held:
            self.crowd.release(shown)
        named = [(one.card.id, one.card.token) for one in held]
        self.crowd.count("return")
        cards.give_back(self.crowd.runtime, self.crowd.table.project_id, named, person=self.person)

    def _answer(self, shown: ShownCard) -> bool:
        table = self.crowd.table
        judgement = Judgement.reject() if self.random.random() < 0.3 else None
        self.crowd.release(shown)
        try:
            with self.crowd.runtime.engine.begin() as connection:
                answers.answer_in(
                    connection,
                    table.project_id,
                    shown.card.id,
                    judgement or Judgement.accept(table.cat),
                    token=shown.card.token,
                    person=self.person,
                )
        except CardLostError:
            self.crowd.count("lost")
            return False
        return True

    def _withdraw(self, shown: ShownCard) -> None:
        asked_at = time.monotonic()
        self.crowd.count("withdraw")
        again = withdrawals.withdraw(
            self.crowd.runtime,
            self.crowd.table.project_id,
            shown.card.id,
            token=shown.card.token,
            person=self.person,
        )
        self.crowd.claim(self.person.name, asked_at, again)


def outcomes(table: "Table") -> dict[str, Any]:
    """What the database says afterwards."""
    statement = """
    SELECT count(*) AS proposals, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE counted <> 1) AS not_once
    FROM (SELECT state, (SELECT count(*) FROM reviews WHERE proposal_id = proposals.id
        AND NOT EXISTS (SELECT FROM withdrawals WHERE review_id = reviews.id)) AS counted
        FROM proposals) AS each
    """
    with table.runtime.engine.connect() as connection:
        found = dict(connection.execute(sa.text(statement)).one()._mapping)
        open_cards = "SELECT count(*) FROM cards WHERE outcome = 'answered'"
        return found | {"answered": connection.execute(sa.text(open_cards)).scalar_one()}
