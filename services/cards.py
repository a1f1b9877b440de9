"""Cards: what queues hand to people, for how long, and how it is given back."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from maskloop.platform.access import Permission
from maskloop.platform.db import card_faces, card_picking, cards, image_summaries, queues, reviews
from maskloop.platform.db.card_faces import Face, Reasons
from maskloop.platform.db.cards import Card
from maskloop.platform.db.database import now
from maskloop.platform.db.image_summaries import ImageSummary
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.votes import Vote
from maskloop.platform.errors import ForbiddenError
from maskloop.platform.settings import Settings
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import open_queues
from maskloop.services.disputes import disputed_votes
from maskloop.services.handing_out import hand_out
from maskloop.services.queues import Person
from maskloop.services.runtime import Runtime

Held = Collection[tuple[int, uuid.UUID]]
"""Cards by id and token, as their holder names them."""


@dataclass(frozen=True)
class ShownCard:
    """`why` it is worth a look: mappings with reason, text and value. `votes`: in a queue of
    disputes what was said of it."""

    card: Card
    image: ImageSummary
    face: Face
    why: Reasons
    votes: Sequence[Vote] = ()


@dataclass(frozen=True)
class Hand:
    """`left`: what waits for an answer, whoever has it; what two queues admit counts twice."""

    cards: Sequence[ShownCard]
    left: int


@dataclass(frozen=True)
class Renewal:
    """`lost`: ids, with who has what they show now."""

    lost: Sequence[tuple[int, str]]
    until: datetime
    seconds: float


def duration_of(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.card_lease_minutes)


def take(
    runtime: Runtime, project_id: int, *, person: Person, queue_id: int | None, count: int
) -> Hand:
    """The person's own open cards, for longer, then new ones up to `count`.

    `queue_id`: None takes from all open queues that are theirs, those of the highest priority
    first and equal ones in turn. Raises `NotFoundError`, `ForbiddenError`, `QueueClosedError`.
    """
    with runtime.engine.begin() as connection:
        cards.overtake(connection, project_id, user_id=person.user_id)
    with runtime.engine.begin() as connection:
        mine = _open_queues(connection, project_id, person, queue_id)
        own = _own(runtime, connection, project_id, person, mine, count)
        newest = cards.newest(connection, project_id, [queue.id for queue in mine])
        order = open_queues.in_tiers(mine, newest)
    new = hand_out(
        runtime.engine,
        project_id,
        order,
        user_id=person.user_id,
        count=count - len(own),
        duration=duration_of(runtime.settings),
        wait=not own,
    )
    with runtime.engine.connect() as connection:
        left = sum(
            card_picking.left(connection, project_id, queue, user_id=person.user_id)
            for queue in mine
        )
        return Hand(show(connection, project_id, [*own, *new]), left)


def _own(
    runtime: Runtime,
    connection: sa.Connection,
    project_id: int,
    person: Person,
    mine: Sequence[Queue],
    count: int,
) -> list[int]:
    own = cards.lock_own(
        connection,
        project_id,
        user_id=person.user_id,
        queue_ids=[queue.id for queue in mine],
        limit=count,
    )
    cards.prolong(connection, project_id, own, duration=duration_of(runtime.settings))
    return own


def _open_queues(
    connection: sa.Connection, project_id: int, person: Person, queue_id: int | None
) -> list[Queue]:
    user_id, cards_of = person.user_id, open_queues.OF_CARDS
    if queue_id is None:
        found = open_queues.all_of(connection, project_id, cards_of, user_id=user_id)
        return [queue for queue in found if person.may_take_from(queue)]
    queue = open_queues.named(connection, project_id, queue_id, cards_of, user_id=user_id)
    if not person.may_take_from(queue):
        raise ForbiddenError(person.name, Permission.ANNOTATE_ALL)
    open_queues.refuse_closed(queue)
    return [queue]


def renew(runtime: Runtime, project_id: int, held: Held, *, person: Person) -> Renewal:
    """Cards for longer; a lapsed one goes on if nobody else was handed the same meanwhile."""
    duration = duration_of(runtime.settings)
    ids = [card_id for card_id, _ in held]
    with runtime.engine.begin() as connection:
        cards.overtake(connection, project_id, user_id=person.user_id, card_ids=ids)
    with runtime.engine.begin() as connection:
        renewed = cards.renew(
            connection, project_id, held, user_id=person.user_id, duration=duration
        )
        lost = [card_id for card_id in ids if card_id not in renewed]
        holders = {
            card.id: holder_of(connection, project_id, card)
            for card in cards.by_ids(connection, project_id, lost)
        }
        until = now(connection) + duration
    named = [(card_id, holders.get(card_id, "nobody")) for card_id in lost]
    return Renewal(named, until, duration.total_seconds())


def holder_of(connection: sa.Connection, project_id: int, card: Card) -> str:
    """Who was handed what it shows after its holder, or decided it elsewhere; or "nobody"."""
    holder = cards.holder(connection, project_id, card)
    if holder is None and card.shows.proposal_id is not None:
        decided = reviews.of_proposal(connection, project_id, card.shows.proposal_id)
        holder = None if decided is None else decided.reviewer
    return holder or "nobody"


def give_back(runtime: Runtime, project_id: int, held: Held, *, person: Person) -> None:
    """Nothing happens to those that are not the person's any more."""
    with runtime.engine.begin() as connection:
        cards.give_back(connection, project_id, held, user_id=person.user_id)


def show(connection: sa.Connection, project_id: int, card_ids: Sequence[int]) -> list[ShownCard]:
    """In the order in which they were handed out."""
    found = cards.by_ids(connection, project_id, card_ids)
    plans = {
        queue_id: queues.by_id(connection, project_id, queue_id).plan
        for queue_id in {card.queue_id for card in found}
    }
    faces = card_faces.of_cards(connection, project_id, found)
    for card in found:
        if plans[card.queue_id].subject is QueueSubject.PROPOSALS:
            # Proposals have no category, so a check among them shows none.
            faces[card.id] = replace(faces[card.id], category_id=None)
    image_ids = sorted({face.image_id for face in faces.values()})
    images = {
        one.image.id: one for one in image_summaries.of_images(connection, project_id, image_ids)
    }
    doubted = [card for card in found if plans[card.queue_id].ordering is QueueOrder.DOUBT]
    doubts = card_faces.doubts(connection, project_id, doubted)
    said = disputed_votes(connection, project_id, found)
    shown = []
    for card in found:
        face, ordering = faces[card.id], plans[card.queue_id].ordering
        why = doubts.get(card.id) or [_reason(ordering, face.predicted_iou)]
        votes = said.get(card.id, ())
        shown.append(ShownCard(card, images[face.image_id], face, why, votes))
    return shown


def _reason(ordering: QueueOrder, score: float | None) -> dict[str, object]:
    if ordering is QueueOrder.RANDOM:
        return {"reason": "random", "text": "drawn at random", "value": None}
    if ordering is QueueOrder.OLDEST or score is None:
        return {"reason": "oldest", "text": "what has waited longest comes first", "value": None}
    text = f"the model expects an IoU of {score:.2f}; the lowest come first"
    return {"reason": "score", "text": text, "value": score}
