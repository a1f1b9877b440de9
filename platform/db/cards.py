"""Rows of `cards`: what a queue handed to one person, until when by the database's clock.

Whoever decides what becomes of a proposal's or annotation's cards holds that row meanwhile
(`proposals.lock`, `annotations.lock`), and takes cards' rows after it, by id. A lapsed card stays
its holder's until somebody else is handed the same thing.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import cards
from maskloop.platform.db.tables import proposals
from maskloop.platform.errors import NotFoundError
from maskloop.platform.states import CardOutcome, ProposalState


@dataclass(frozen=True)
class Shows:
    """What a card shows: one of the three; `annotation` is (id, revision)."""

    proposal_id: int | None = None
    annotation: tuple[int, int] | None = None
    check_id: int | None = None


@dataclass(frozen=True)
class Card:
    """`user` is a name; `seconds` were left when it was read; `outcome`: None while it is open."""

    id: int
    queue_id: int
    user_id: int
    user: str
    token: uuid.UUID
    shows: Shows
    slot: int
    at_random: bool
    until: datetime
    seconds: float
    outcome: CardOutcome | None


@dataclass(frozen=True)
class NewCard:
    shows: Shows
    slot: int = 0
    at_random: bool = False


def insert_new(
    connection: sa.Connection,
    project_id: int,
    new: Sequence[NewCard],
    *,
    queue_id: int,
    user_id: int,
    duration: timedelta,
) -> list[int]:
    """Their ids, rising in the order given."""
    if not new:
        return []
    common = {
        "project_id": project_id,
        "queue_id": queue_id,
        "user_id": user_id,
        "leased_at": sa.func.now(),
        "until": sa.func.now() + sa.literal(duration),
    }
    rows = [{**common, **_columns(one)} for one in new]
    # Somebody who was handed the same at once holds its row, so that nothing is left out here.
    statement = insert(cards).values(rows).on_conflict_do_nothing().returning(cards.c.id)
    return sorted(connection.execute(statement).scalars())


def _columns(new: NewCard) -> dict[str, object]:
    annotation_id, revision = new.shows.annotation or (None, None)
    return {
        "token": uuid.uuid4(),
        "proposal_id": new.shows.proposal_id,
        "annotation_id": annotation_id,
        "annotation_revision": revision,
        "check_id": new.shows.check_id,
        "slot": new.slot,
        "at_random": new.at_random,
    }


def by_id(connection: sa.Connection, project_id: int, card_id: int) -> Card:
    """Raises `NotFoundError`."""
    found = by_ids(connection, project_id, [card_id])
    if not found:
        raise NotFoundError("card", str(card_id), "Ask a queue for cards.")
    return found[0]


def by_ids(connection: sa.Connection, project_id: int, card_ids: Collection[int]) -> list[Card]:
    """Those there are, by id."""
    return _read(connection, _cards(project_id).where(cards.c.id.in_(card_ids)))


def lock(connection: sa.Connection, project_id: int, card_id: int) -> Card:
    """Until the end of the transaction nobody else changes it. Raises `NotFoundError`."""
    wanted = sa.select(cards.c.id).where(cards.c.project_id == project_id, cards.c.id == card_id)
    connection.execute(wanted.with_for_update())
    return by_id(connection, project_id, card_id)


def lock_all(connection: sa.Connection, project_id: int, card_ids: Collection[int]) -> None:
    """`lock` of several, by id."""
    wanted = sa.select(cards.c.id).where(cards.c.project_id == project_id, cards.c.id.in_(card_ids))
    connection.execute(wanted.order_by(cards.c.id).with_for_update())


def lock_own(
    connection: sa.Connection,
    project_id: int,
    *,
    user_id: int,
    queue_ids: Collection[int],
    limit: int,
) -> list[int]:
    """Ids of a person's open cards of these queues, lapsed ones too, the oldest first."""
    wanted = (
        sa.select(cards.c.id)
        .where(
            cards.c.project_id == project_id,
            cards.c.user_id == user_id,
            cards.c.ended_at.is_(None),
            cards.c.queue_id.in_(queue_ids),
        )
        .order_by(cards.c.id)
        .limit(limit)
        .with_for_update()
    )
    return list(connection.execute(wanted).scalars())


def count_own(connection: sa.Connection, project_id: int, user_id: int) -> dict[int, int]:
    """How many cards a person has open, by queue."""
    rows = connection.execute(
        sa.select(cards.c.queue_id, sa.func.count())
        .where(
            cards.c.project_id == project_id,
            cards.c.user_id == user_id,
            cards.c.ended_at.is_(None),
        )
        .group_by(cards.c.queue_id)
    )
    return {row[0]: row[1] for row in rows}


def newest(
    connection: sa.Connection, project_id: int, queue_ids: Collection[int]
) -> dict[int, int]:
    """The id of the newest card by queue; one that handed out none is left out."""
    found = {}
    for queue_id in queue_ids:
        wanted = sa.select(sa.func.max(cards.c.id)).where(
            cards.c.project_id == project_id, cards.c.queue_id == queue_id
        )
        newest_id = connection.execute(wanted).scalar_one()
        if newest_id is not None:
            found[queue_id] = newest_id
    return found


def overtake(
    connection: sa.Connection,
    project_id: int,
    *,
    user_id: int,
    card_ids: Collection[int] | None = None,
) -> None:
    """End a person's open cards whose proposal was decided elsewhere or whose annotation is at
    another revision. Those that somebody has in hand at this moment are passed over. They are
    locked in no order: a transaction of its own.
    """
    pending = sa.exists().where(
        proposals.c.project_id == cards.c.project_id,
        proposals.c.id == cards.c.proposal_id,
        proposals.c.state == ProposalState.PENDING,
    )
    current = sa.exists().where(
        annotations.c.project_id == cards.c.project_id,
        annotations.c.id == cards.c.annotation_id,
        annotations.c.revision == cards.c.annotation_revision,
        is_current(),
    )
    overtaken = sa.or_(
        sa.and_(cards.c.proposal_id.is_not(None), ~pending),
        sa.and_(cards.c.annotation_id.is_not(None), ~current),
    )
    wanted = sa.select(cards.c.id).where(
        cards.c.project_id == project_id,
        cards.c.user_id == user_id,
        cards.c.ended_at.is_(None),
        overtaken,
    )
    if card_ids is not None:
        wanted = wanted.where(cards.c.id.in_(card_ids))
    found = list(connection.execute(wanted.with_for_update(skip_locked=True)).scalars())
    if found:
        _end(connection, project_id, found, CardOutcome.OVERTAKEN)


def renew(
    connection: sa.Connection,
    project_id: int,
    held: Collection[tuple[int, uuid.UUID]],
    *,
    user_id: int,
    duration: timedelta,
) -> set[int]:
    """Open cards by id and token for longer, lapsed ones too; the ids of those that are."""
    wanted = _open_of(project_id, user_id, held).order_by(cards.c.id).with_for_update()
    found = list(connection.execute(wanted).scalars())
    prolong(connection, project_id, found, duration=duration)
    return set(found)


def prolong(
    connection: sa.Connection, project_id: int, card_ids: Collection[int], *, duration: timedelta
) -> None:
    """Of cards that the transaction has locked."""
    connection.execute(
        sa.update(cards)
        .where(cards.c.project_id == project_id, cards.c.id.in_(card_ids))
        .values(until=sa.func.now() + sa.literal(duration))
    )


def give_back(
    connection: sa.Connection,
    project_id: int,
    held: Collection[tuple[int, uuid.UUID]],
    *,
    user_id: int,
) -> None:
    """Nothing happens to those that are not open, or not this person's by this token."""
    wanted = _open_of(project_id, user_id, held).order_by(cards.c.id).with_for_update()
    _end(
        connection,
        project_id,
        list(connection.execute(wanted).scalars()),
        CardOutcome.RETURNED,
    )


def _open_of(
    project_id: int, user_id: int, held: Collection[tuple[int, uuid.UUID]]
) -> sa.Select[int]:
    return sa.select(cards.c.id).where(
        cards.c.project_id == project_id,
        cards.c.user_id == user_id,
        cards.c.ended_at.is_(None),
        sa.tuple_(cards.c.id, cards.c.token).in_(list(held)),
    )


def take_lapsed(connection: sa.Connection, project_id: int, card_ids: Collection[int]) -> set[int]:
    """End those of these cards that have lapsed; which. One that its holder renews at this moment
    is passed over."""
    wanted = (
        sa.select(cards.c.id)
        .where(
            cards.c.project_id == project_id,
            cards.c.id.in_(card_ids),
            cards.c.ended_at.is_(None),
            ~is_alive(),
        )
        .with_for_update(skip_locked=True)
    )
    found = list(connection.execute(wanted).scalars())
    _end(connection, project_id, found, CardOutcome.TAKEN)
    return set(found)


def answered(connection: sa.Connection, project_id: int, card_id: int, *, at_random: bool) -> None:
    """End a card that the transaction has locked."""
    _end(connection, project_id, [card_id], CardOutcome.ANSWERED)
    connection.execute(
        sa.update(cards)
        .where(cards.c.project_id == project_id, cards.c.id == card_id)
        .values(at_random=at_random)
    )


def mark_at_random(connection: sa.Connection, project_id: int, card_ids: Collection[int]) -> None:
    connection.execute(
        sa.update(cards)
        .where(cards.c.project_id == project_id, cards.c.id.in_(card_ids))
        .values(at_random=True)
    )


def reopen(
    connection: sa.Connection,
    project_id: int,
    card_id: int,
    *,
    duration: timedelta,
    revision: int | None,
) -> None:
    """An answered card that the transaction has locked; `revision`: of its annotation now."""
    connection.execute(
        sa.update(cards)
        .where(cards.c.project_id == project_id, cards.c.id == card_id)
        .values(
            ended_at=None,
            outcome=None,
            annotation_revision=revision,
            until=sa.func.now() + sa.literal(duration),
        )
    )


def _end(
    connection: sa.Connection, project_id: int, card_ids: Collection[int], outcome: CardOutcome
) -> None:
    connection.execute(
        sa.update(cards)
        .where(cards.c.project_id == project_id, cards.c.id.in_(card_ids))
        .values(ended_at=sa.func.now(), outcome=outcome)
    )


def holder(connection: sa.Connection, project_id: int, card: Card) -> str | None:
    """Who was handed last what another's card shows: a name; None: nobody else, or it is free."""
    if card.shows.check_id is not None:
        return None
    wanted = _cards(project_id).where(
        _shows(card.shows),
        cards.c.slot == card.slot,
        cards.c.id != card.id,
        sa.or_(cards.c.outcome == CardOutcome.ANSWERED, cards.c.ended_at.is_(None)),
    )
    found = _read(connection, wanted)
    return found[-1].user if found else None


def _shows(shows: Shows) -> sa.ColumnElement[bool]:
    if shows.proposal_id is not None:
        return cards.c.proposal_id == shows.proposal_id
    assert shows.annotation is not None, "a check is not handed on"
    return cards.c.annotation_id == shows.annotation[0]


def is_alive() -> sa.ColumnElement[bool]:
    """Of an open row of `cards`."""
    return cards.c.until > sa.func.now()


def _cards(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    left = sa.extract("epoch", cards.c.until - sa.func.now())
    return (
        sa.select(cards, users.c.name.label("user"), sa.cast(left, sa.Double).label("seconds"))
        .join(users, users.c.id == cards.c.user_id)
        .where(cards.c.project_id == project_id)
        .order_by(cards.c.id)
    )


def _read(connection: sa.Connection, wanted: sa.Select[*tuple[Any, ...]]) -> list[Card]:
    return [_card(row) for row in connection.execute(wanted)]


def _card(row: sa.Row[*tuple[Any, ...]]) -> Card:
    annotation = None
    if row.annotation_id is not None:
        annotation = (row.annotation_id, row.annotation_revision)
    return Card(
        id=row.id,
        queue_id=row.queue_id,
        user_id=row.user_id,
        user=row.user,
        token=row.token,
        shows=Shows(row.proposal_id, annotation, row.check_id),
        slot=row.slot,
        at_random=row.at_random,
        until=row.until,
        seconds=row.seconds,
        outcome=None if row.outcome is None else CardOutcome(row.outcome),
    )
