"""Review queues and cards through the Python client, against the real server."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from maskloop.platform.access import Role
from maskloop.platform.errors import RemoteError
from maskloop.platform.masks import Rle
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.people import create_user, set_roles
from maskloop.services.runtime import Runtime
from maskloop.services.sdk import Client
from maskloop.services.tokens import create_token
from sites.idle import Idle
from sites.table import Table, lay, square

if TYPE_CHECKING:
    from sites.bench import Bench


@dataclass
class Room:
    """A project with six proposals of falling predicted IoU, who manages it, and a reviewer."""

    table: Table
    boss: Client
    rae: Client

    @property
    def project_id(self) -> int:
        return self.table.project_id


@pytest.fixture
def room(runtime: Runtime, bench: "Bench") -> Iterator[Room]:
    table = lay(runtime, bench, 6)
    tokens = []
    for name, role in (("boss", Role.ADMIN), ("rae", Role.REVIEWER)):
        create_user(runtime, name)
        set_roles(runtime, table.project_id, name, roles=[role])
        tokens.append(create_token(runtime, name, name="test").text)
    boss, rae = tokens
    with (
        running(make_context(runtime, Idle(), host="127.0.0.1")) as server,
        Client(server.url, token=boss) as manages,
        Client(server.url, token=rae) as reviews,
    ):
        yield Room(table, manages, reviews)


def test_queues_are_made_listed_and_closed(room: Room) -> None:
    made = room.boss.create_queue(
        room.project_id, "low", rule={"predicted_iou_most": 0.65}, ordering="score", people=["rae"]
    )
    assert (made.name, made.ordering, made.people, made.left) == ("low", "score", ("rae",), 3)
    assert [queue.id for queue in room.rae.queues(room.project_id)] == [made.id]
    assert len(room.rae.next_cards(room.project_id, queue_id=made.id).cards) == 3
    closed = room.boss.change_queue(room.project_id, made.id, closed=True)
    assert closed.closed_at is not None
    with pytest.raises(RemoteError) as refused:
        room.rae.next_cards(room.project_id, queue_id=made.id)
    assert refused.value.remote_code == "queue_closed"


def test_cards_are_accepted_corrected_rejected_and_withdrawn(room: Room) -> None:
    room.boss.create_queue(room.project_id, "all", ordering="oldest")
    first, second, third = room.rae.next_cards(room.project_id, count=3).cards
    assert [reason.reason for reason in first.why] == ["oldest"]
    assert (first.segmentation.rle.decode() == square(0, 0)).all()

    cat = room.table.cat
    accepted = room.rae.accept_card(room.project_id, first, category_id=cat, seconds=1.5)
    drawn = Rle.encode(square(8, 8))
    corrected = room.rae.correct_card(room.project_id, second, category_id=cat, mask=drawn)
    rejected = room.rae.reject_card(room.project_id, third, reason="merged")
    assert [one.verdict for one in (accepted, corrected, rejected)] == [
        "accepted",
        "corrected",
        "rejected",
    ]
    masks = {one.segmentation.rle for one in room.rae.annotations(room.project_id, first.image.id)}
    assert masks == {first.segmentation.rle, drawn}

    again = room.rae.withdraw_card(room.project_id, first)
    assert (again.id, again.token) == (first.id, first.token)
    left = room.rae.annotations(room.project_id, first.image.id)
    assert [one.segmentation.rle for one in left] == [drawn]
    room.rae.reject_card(room.project_id, again)
    with pytest.raises(RemoteError) as answered:
        room.rae.reject_card(room.project_id, again)
    assert answered.value.remote_code == "card_answered"


def test_cards_are_held_for_longer_and_given_back(room: Room) -> None:
    room.boss.create_queue(room.project_id, "all", ordering="oldest")
    kept, returned = room.rae.next_cards(room.project_id, count=2).cards
    room.rae.return_cards(room.project_id, [returned])
    renewed = room.rae.renew_cards(room.project_id, [kept, returned])
    assert [(one.id, one.holder) for one in renewed.lost] == [(returned.id, "nobody")]
    assert renewed.seconds == 600.0
    (theirs, *_) = room.boss.next_cards(room.project_id, count=1).cards
    assert theirs.segmentation == returned.segmentation
    with pytest.raises(RemoteError, match="boss") as lost:
        room.rae.accept_card(room.project_id, returned, category_id=room.table.cat)
    assert lost.value.remote_code == "card_lost"


def test_an_answer_that_was_lost_on_the_way_is_asked_again_and_counts_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends after the server has done it."""
    room.boss.create_queue(room.project_id, "all", ordering="oldest")
    (card,) = room.rae.next_cards(room.project_id, count=1).cards
    send = httpx.Client.send
    lost: list[int] = []

    def lossy(self: httpx.Client, request: httpx.Request, **more: object) -> httpx.Response:
        answer = send(self, request, **more)
        if len(lost) % 2 == 0:
            lost.append(answer.status_code)
            raise httpx.ReadError("the connection was lost", request=request)
        lost.append(answer.status_code)
        return answer

    monkeypatch.setattr(httpx.Client, "send", lossy)
    monkeypatch.setattr(room.rae._http, "_wait", lambda _: None)
    room.rae.accept_card(room.project_id, card, category_id=room.table.cat)
    again = room.rae.withdraw_card(room.project_id, card)
    assert lost == [200, 200, 200, 200]
    assert again.token == card.token
