"""Many cards accepted at once, but for a random sample of them that is judged one by one."""

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db import annotations, audit_events, cards, proposals
from maskloop.platform.errors import MaskloopError
from maskloop.services.answers import answer_in
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement

ALWAYS_AUDITED_FROM: Final = 5
"""Cards; fewer are looked at together anyway."""
_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True)
class Batch:
    """Card ids. `audit`: the sample, open still; `refused`: with the error of each."""

    accepted: Sequence[int]
    audit: Sequence[int]
    refused: Sequence[tuple[int, MaskloopError]]


def accept_many_in(
    connection: sa.Connection,
    project_id: int,
    held: Sequence[tuple[int, uuid.UUID]],
    *,
    category_id: int,
    audit_share: float,
    person: Person,
) -> Batch:
    """In the caller's transaction; what is refused leaves the others alone.

    Those that are accepted so are no evidence of precision: nobody looked at them one by one. The
    sample is.
    """
    audit = _sample([card_id for card_id, _ in held], audit_share)
    judgement = Judgement.accept(category_id)
    accepted: list[int] = []
    refused: list[tuple[int, MaskloopError]] = []
    tokens = dict(held)
    _lock(connection, project_id, tokens)
    for card_id in sorted(tokens):
        if card_id in audit:
            continue
        try:
            with connection.begin_nested():
                answer_in(
                    connection,
                    project_id,
                    card_id,
                    judgement,
                    token=tokens[card_id],
                    person=person,
                    at_random=False,
                )
        except MaskloopError as error:
            refused.append((card_id, error))
        else:
            accepted.append(card_id)
    mine = _own(connection, project_id, held, audit, person)
    cards.mark_at_random(connection, project_id, mine)
    for card_id in accepted[:1]:
        audit_events.record(
            connection,
            project_id=project_id,
            user_id=person.user_id,
            action="accepted_many",
            subject="card",
            subject_id=card_id,
            detail={"accepted": accepted, "audit": mine, "category_id": category_id},
        )
    return Batch(accepted, mine, refused)


def _lock(connection: sa.Connection, project_id: int, card_ids: Collection[int]) -> None:
    """All that they show, then all of them, each by id: the order in which everybody takes several,
    else a batch and its person's next request would wait for each other."""
    shows = [card.shows for card in cards.by_ids(connection, project_id, card_ids)]
    proposal_ids = {one.proposal_id for one in shows if one.proposal_id is not None}
    proposals.lock_all(connection, project_id, proposal_ids)
    revisions = {one.annotation for one in shows if one.annotation is not None}
    annotations.lock_all(connection, project_id, revisions)
    cards.lock_all(connection, project_id, card_ids)


def _sample(card_ids: Sequence[int], share: float) -> set[int]:
    known = sorted(set(card_ids))
    size = int(share * len(known) + 0.5)
    if len(known) >= ALWAYS_AUDITED_FROM:
        size = max(size, 1)
    return set(_CHANCE.sample(known, size))


def _own(
    connection: sa.Connection,
    project_id: int,
    held: Sequence[tuple[int, uuid.UUID]],
    audit: set[int],
    person: Person,
) -> list[int]:
    """Those of the sample that are the person's indeed, by their tokens, and open."""
    tokens = dict(held)
    return [
        card.id
        for card in cards.by_ids(connection, project_id, audit)
        if card.user_id == person.user_id and card.token == tokens[card.id] and card.outcome is None
    ]
