"""How a queue's next cards come into somebody's hands: picked, placed, mixed with checks.

Each try is a transaction of its own that waits for nobody while it holds a row: else two whose
queues have different orders would wait for each other.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count as places_from_zero

import sqlalchemy as sa

from maskloop.platform.db import card_picking, cards
from maskloop.platform.db.card_picking import Picked, Place
from maskloop.platform.db.cards import NewCard, Shows
from maskloop.platform.db.queues import Queue
from maskloop.platform.states import CheckKind, QueueOrder, QueueSubject
from maskloop.services import check_draws

_CHANCE = secrets.SystemRandom()
_MOST_TRIES = 8
"""A try falls short when others were quicker at that moment; then one looks again."""


def hand_out(
    engine: sa.Engine,
    project_id: int,
    tiers: Sequence[Sequence[Queue]],
    *,
    user_id: int,
    count: int,
    duration: timedelta,
    wait: bool,
) -> list[int]:
    """Ids of up to `count` new cards. Queues of a tier get equal shares; a later tier comes where
    those before have nothing more. `wait`: for others, where nothing else is left."""
    turn = _Turn(engine, project_id, user_id, duration)
    found: list[int] = []
    for tier in tiers:
        for number, queue in enumerate(tier):
            share = -(-(count - len(found)) // (len(tier) - number))
            found += turn.take(queue, share)
        for queue in tier:
            found += turn.take(queue, count - len(found))
    if wait and not found and count > 0:
        for queue in (queue for tier in tiers for queue in tier):
            found += turn.wait_for_one(queue)
            if found:
                break
    return found


class _Turn:
    """One person's, in one project."""

    def __init__(
        self, engine: sa.Engine, project_id: int, user_id: int, duration: timedelta
    ) -> None:
        self._engine = engine
        self._project_id = project_id
        self._user_id = user_id
        self._duration = duration

    def take(self, queue: Queue, wanted: int) -> list[int]:
        found: list[int] = []
        for number in range(_MOST_TRIES):
            if len(found) >= wanted:
                break
            # What others were quicker with was to be no check, and stays so.
            mixed = number == 0
            new, fell_short = self._try(queue, wanted - len(found), mixed=mixed)
            found += new
            if not fell_short:
                break
        return found

    def wait_for_one(self, queue: Queue) -> list[int]:
        for _ in range(_MOST_TRIES):
            with self._engine.begin() as connection:
                picked, fell_short = card_picking.wait_for_first(
                    connection, self._project_id, queue, user_id=self._user_id
                )
                placed = self._place(connection, queue, picked)
                new = self._insert(connection, queue, placed)
            if new or not (picked or fell_short):
                return new
        return []

    def _try(self, queue: Queue, wanted: int, *, mixed: bool) -> tuple[list[int], bool]:
        """Ids, and whether others were quicker with some of what was picked."""
        with self._engine.begin() as connection:
            checks = self._draw(connection, queue, wanted) if mixed else {}
            real = wanted - len(checks)
            picked = card_picking.pick(
                connection,
                self._project_id,
                queue,
                user_id=self._user_id,
                limit=max(1, real),  # one tells whether anything waits
            )
            goes_on = len(picked) == max(1, real)
            picked = picked[:real]
            placed = self._place(connection, queue, picked)
            new = list(_mixed(placed, checks, goes_on=goes_on))
            ids = self._insert(connection, queue, new)
        return ids, len(placed) < len(picked)

    def _insert(self, connection: sa.Connection, queue: Queue, new: Sequence[NewCard]) -> list[int]:
        return cards.insert_new(
            connection,
            self._project_id,
            new,
            queue_id=queue.id,
            user_id=self._user_id,
            duration=self._duration,
        )

    def _draw(self, connection: sa.Connection, queue: Queue, wanted: int) -> dict[int, NewCard]:
        """Checks by their place among the cards; each place is one by the queue's rates."""
        plan = queue.plan
        gold, planted = CheckKind.GOLD, CheckKind.PLANTED
        kinds = _CHANCE.choices(
            (gold, planted, None),
            (plan.gold_rate, plan.planted_rate, 1 - plan.gold_rate - plan.planted_rate),
            k=wanted,
        )
        found: dict[int, NewCard] = {}
        for kind in (gold, planted):
            places = [place for place, one in enumerate(kinds) if one is kind]
            if places:
                drawn = check_draws.draw_in(
                    connection, self._project_id, queue, self._user_id, kind, count=len(places)
                )
                for place, check_id in zip(places, drawn, strict=False):
                    found[place] = NewCard(Shows(check_id=check_id), at_random=_is_at_random(queue))
        return found

    def _place(
        self, connection: sa.Connection, queue: Queue, picked: Sequence[Picked]
    ) -> list[NewCard]:
        """The rows of what was picked are locked, and only now is it sure who has what of it."""
        ids = [subject_id for subject_id, _ in picked]
        places: dict[int, list[Place]] = defaultdict(list)
        for place in card_picking.places(connection, self._project_id, queue, ids):
            places[place.subject_id].append(place)
        free = {one: _free_slot(queue, places[one], self._user_id) for one in ids}
        lapsed = [slot.card_id for slot in free.values() if isinstance(slot, Place)]
        taken = cards.take_lapsed(connection, self._project_id, lapsed)
        new = []
        for one in picked:
            slot = free[one[0]]
            if isinstance(slot, Place):
                slot = slot.slot if slot.card_id in taken else None
            if slot is not None:
                new.append(NewCard(_shows(queue, one), slot, _is_at_random(queue)))
        return new


def _free_slot(queue: Queue, places: Sequence[Place], user_id: int) -> int | Place | None:
    """One that nobody has, or else a lapsed card's."""
    if any(place.user_id == user_id for place in places):
        return None
    free = set(range(queue.plan.fold)) - {place.slot for place in places}
    if free:
        return min(free)
    within = (place for place in places if place.lapsed and place.slot < queue.plan.fold)
    return next(within, None)


def _mixed(
    placed: Sequence[NewCard], checks: dict[int, NewCard], *, goes_on: bool
) -> Iterator[NewCard]:
    """Where the queue ends, so does this with the last card that is no check: in an empty queue
    there are none. Where it goes on, the last one may be a check as well as any other."""
    real, waiting = list(placed)[::-1], dict(checks)
    for place in places_from_zero():
        if not real and not (goes_on and waiting):
            return
        if place in waiting:
            yield waiting.pop(place)
        elif real:
            yield real.pop()


def _is_at_random(queue: Queue) -> bool:
    return queue.plan.ordering is QueueOrder.RANDOM


def _shows(queue: Queue, picked: Picked) -> Shows:
    if queue.plan.subject is QueueSubject.PROPOSALS:
        return Shows(proposal_id=picked[0])
    return Shows(annotation=picked)
