"""Review queues and cards from Python: what a `Client` does of them."""

from collections.abc import Sequence
from typing import Any

from maskloop.platform.masks import Rle
from maskloop.services.sdk.drawing import drawing
from maskloop.services.sdk.models import Answered, Card, Hand, Queue, Renewal
from maskloop.services.sdk.transport import Transport


class Reviewing:
    _http: Transport

    def queues(self, project_id: int) -> list[Queue]:
        """Those that one may take cards from; whoever manages the project sees all of them."""
        answer = self._http.ask("GET", f"/projects/{project_id}/queues")
        return [Queue.model_validate(item) for item in answer["items"]]

    def create_queue(
        self,
        project_id: int,
        name: str,
        *,
        subject: str = "proposals",
        rule: dict[str, Any] | None = None,
        ordering: str = "doubt",
        people: Sequence[str] = (),
        **more: Any,
    ) -> Queue:
        """`subject`: proposals or annotations; `ordering`: doubt, score, random or oldest;
        `people`: names of members, none for everybody who may review. `more`: priority, gold_rate,
        planted_rate, feedback, fold."""
        body = {
            "name": name,
            "subject": subject,
            "rule": rule or {},
            "ordering": ordering,
            "people": list(people),
            **more,
        }
        return Queue.model_validate(
            self._http.ask("POST", f"/projects/{project_id}/queues", json=body)
        )

    def change_queue(self, project_id: int, queue_id: int, **changes: Any) -> Queue:
        """What is left out stays as it is; `closed=True` has it hand out no more cards."""
        path = f"/projects/{project_id}/queues/{queue_id}"
        return Queue.model_validate(self._http.ask("PATCH", path, json=changes))

    def next_cards(self, project_id: int, *, queue_id: int | None = None, count: int = 12) -> Hand:
        """One's own open cards first, then new ones; without a queue from all that are open to one,
        by priority."""
        body = {"queue_id": queue_id, "count": count}
        answer = self._http.ask("POST", f"/projects/{project_id}/cards/next", json=body)
        return Hand.model_validate(answer)

    def accept_card(
        self, project_id: int, card: Card, *, category_id: int, seconds: float | None = None
    ) -> Answered:
        """The mask as it is shown. A `RemoteError` of code `card_lost` names who was handed the
        same meanwhile; so for every answer."""
        said = {"verdict": "accepted", "category_id": category_id, "seconds": seconds}
        return self._answer(project_id, card, said)

    def correct_card(
        self,
        project_id: int,
        card: Card,
        *,
        category_id: int,
        mask: Rle,
        prompts: Sequence[dict[str, Any]] = (),
        model_version: int | None = None,
        seconds: float | None = None,
    ) -> Answered:
        """Another mask in its place, drawn as in `Client.annotate`."""
        drawn = drawing(category_id, mask, prompts, model_version, seconds)
        return self._answer(project_id, card, {"verdict": "corrected", "mask": drawn})

    def reject_card(
        self,
        project_id: int,
        card: Card,
        *,
        reason: str | None = None,
        seconds: float | None = None,
    ) -> Answered:
        said = {"verdict": "rejected", "reason": reason, "seconds": seconds}
        return self._answer(project_id, card, said)

    def _answer(self, project_id: int, card: Card, said: dict[str, Any]) -> Answered:
        path = f"/projects/{project_id}/cards/{card.id}/answer"
        return Answered.model_validate(
            self._http.ask("POST", path, json={"token": card.token, **said})
        )

    def withdraw_card(self, project_id: int, card: Card) -> Card:
        """Take the answer back: what it made is undone, and the card is open again."""
        path = f"/projects/{project_id}/cards/{card.id}/withdraw"
        return Card.model_validate(self._http.ask("POST", path, json={"token": card.token}))

    def renew_cards(self, project_id: int, cards: Sequence[Card]) -> Renewal:
        """For longer, as long as somebody works on them."""
        answer = self._http.ask("POST", f"/projects/{project_id}/cards/renew", json=_held(cards))
        return Renewal.model_validate(answer)

    def return_cards(self, project_id: int, cards: Sequence[Card]) -> None:
        """For somebody else. Nothing happens to those that are not one's own any more."""
        self._http.ask("POST", f"/projects/{project_id}/cards/return", json=_held(cards))


def _held(cards: Sequence[Card]) -> dict[str, Any]:
    return {"cards": [{"id": card.id, "token": card.token} for card in cards]}
