"""Seats of a crowd: cards are taken, answered, accepted together, withdrawn and given back."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from sites.crowd import Crowd, Seat

if TYPE_CHECKING:
    from sites.table import Table

Card = dict[str, Any]

MORE = """
INSERT INTO proposals (project_id, image_id, job_id, model_version_id, mask_digest, rle_counts,
    bbox_xywh, area, predicted_iou, stability_score, point_xy, crop_box_xywh)
SELECT project_id, image_id, job_id, model_version_id, sha256(n::text::bytea), rle_counts,
    bbox_xywh, area, (n * 7919 % 1000) / 1000.0, stability_score, point_xy, crop_box_xywh
FROM proposals, generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
WHERE proposals.id = :id
"""


@dataclass
class Stock:
    """Proposals that differ by their score."""

    table: "Table"
    count: int = 0

    def bring(self, count: int) -> None:
        chosen = {
            "id": self.table.proposal_ids[0],
            "first": self.count + 1,
            "last": self.count + count,
        }
        with self.table.runtime.engine.begin() as connection:
            connection.execute(sa.text(MORE), chosen)
        self.count += count


@dataclass
class Heard:
    """Of all seats, by the ids of cards."""

    answered: set[int] = field(default_factory=set)
    """And told so, and not taken back since."""
    unheard: set[int] = field(default_factory=set)
    """Cards whose answer nobody waited for."""


class CardSeat(Seat):
    category_id: int
    heard: Heard

    def turn(self) -> tuple[int, int]:
        if self.chance(0.02):
            self.cut_off("cards/next", {"count": 3})
        asked_at = time.monotonic()
        hand = self.ask("cards/next", {"count": self.random.randint(1, 12)}).json()
        held: list[Card] = hand["cards"]
        for card in held:
            self.crowd.ledger.hold(card["id"], self.name, asked_at)
        got = len(held)
        while held and self._go_on(held):
            pass
        return got, hand["left"]

    def _go_on(self, held: list[Card]) -> bool:
        """Whether there is something in hand still."""
        chance = self.random.random()
        if chance < 0.01:
            self.vanish()
            return False
        if chance < 0.03:
            self._give_back(held)
            return False
        if chance < 0.05:
            self._renew(held)
        elif chance < 0.07:
            return self._accept_many(held)
        else:
            self._answer(held)
        return True

    def _give_back(self, held: list[Card]) -> None:
        self._let_go(held)
        self.crowd.count("gave back")
        self.ask("cards/return", _named(held))

    def _renew(self, held: list[Card]) -> None:
        asked_at = time.monotonic()
        lost = {one["id"] for one in self.ask("cards/renew", _named(held)).json()["lost"]}
        self.crowd.count("renewed")
        held[:] = [card for card in held if card["id"] not in lost]
        for card in held:
            self.crowd.ledger.hold(card["id"], self.name, asked_at)

    def _accept_many(self, held: list[Card]) -> bool:
        """Every other time nobody waits for what comes of it, and the next request meets it."""
        self._let_go(held)
        batch = _named(held) | {"category_id": self.category_id}
        if self.chance(0.5):
            self.heard.unheard.update(card["id"] for card in held)
            self.cut_off("cards/accept-many", batch)
            return False
        done = self.ask("cards/accept-many", batch).json()
        self.crowd.count("accepted many")
        self.heard.answered.update(done["accepted"])
        held[:] = [card for card in held if card["id"] in done["audit"]]
        return True

    def _answer(self, held: list[Card]) -> None:
        card = held.pop(0)
        said = {"token": card["token"], "verdict": "rejected"}
        if self.chance(0.7):
            said |= {"verdict": "accepted", "category_id": self.category_id}
        self._let_go([card])
        ask = self.ask_twice if self.chance(0.03) else self.ask
        if not ask(f"cards/{card['id']}/answer", said).is_success:
            return
        self.heard.answered.add(card["id"])
        if self.chance(0.05):
            held.insert(0, self._withdrawn(card))

    def _withdrawn(self, card: Card) -> Card:
        asked_at = time.monotonic()
        again: Card = self.ask(f"cards/{card['id']}/withdraw", {"token": card["token"]}).json()
        self.crowd.count("withdrew")
        self.heard.answered.discard(card["id"])
        self.crowd.ledger.hold(card["id"], self.name, asked_at)
        return again

    def _let_go(self, cards: list[Card]) -> None:
        for card in cards:
            self.crowd.ledger.let_go(card["id"], self.name)


def seat_of(table: "Table", heard: Heard) -> type[CardSeat]:
    return type("CardSeat", (CardSeat,), {"category_id": table.cat, "heard": heard})


def _named(held: list[Card]) -> dict[str, Any]:
    return {"cards": [{"id": card["id"], "token": card["token"]} for card in held]}


def proposals_by_card(crowd: Crowd) -> dict[int, int]:
    with crowd.runtime.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, proposal_id FROM cards"))
        return {row.id: row.proposal_id for row in rows}


def answered_cards(crowd: Crowd) -> set[int]:
    wanted = "SELECT id FROM cards WHERE outcome = 'answered'"
    with crowd.runtime.engine.connect() as connection:
        return set(connection.execute(sa.text(wanted)).scalars())


def outcomes(crowd: Crowd) -> dict[str, int]:
    """What the database says afterwards."""
    statement = """
    SELECT count(*) AS proposals, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE counted <> 1) AS not_once,
        (SELECT count(*) FROM cards WHERE outcome = 'answered') AS answered,
        (SELECT count(*) FROM cards WHERE outcome = 'taken' AND ended_at < until) AS taken_early
    FROM (SELECT state, (SELECT count(*) FROM reviews WHERE proposal_id = proposals.id
        AND NOT EXISTS (SELECT FROM withdrawals WHERE review_id = reviews.id)) AS counted
        FROM proposals) AS each
    """
    with crowd.runtime.engine.connect() as connection:
        return dict(connection.execute(sa.text(statement)).one()._mapping)
