"""Whoever takes several rows takes them in one order, or waits for one while holding no other: so
no two requests end in a deadlock, however they meet."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.db import proposals
from maskloop.platform.states import ProposalState, QueueOrder
from maskloop.services.accepting_many import Batch, accept_many_in
from maskloop.services.runtime import Runtime
from sites.table import Table, lay

if TYPE_CHECKING:
    from sites.bench import Bench


@pytest.fixture
def pair(runtime: Runtime, bench: "Bench") -> Table:
    """Two proposals, of which the second has the lower score."""
    return lay(runtime, bench, 2)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


@contextmanager
def in_hand(table: Table, place: int, *, decided: bool) -> Iterator[None]:
    """Somebody else's transaction holds a proposal until the end of the block."""
    with table.runtime.engine.begin() as connection:
        proposals.lock(connection, table.project_id, table.proposal_ids[place])
        if decided:
            assert proposals.decide(
                connection, table.project_id, table.proposal_ids[place], ProposalState.REJECTED
            )
        yield


def until(table: Table, holds: Callable[[int], bool]) -> None:
    """Asked with how many sessions wait for another's lock."""
    blocked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    deadline, patience = time.monotonic() + 60, threading.Event()
    with table.runtime.engine.connect() as connection:
        watching = connection.execution_options(isolation_level="AUTOCOMMIT")
        while not holds(watching.execute(blocked).scalar_one()):
            assert time.monotonic() < deadline, "they did not come to that"
            patience.wait(0.01)


def test_a_batch_and_a_renewal_of_the_same_cards_do_not_wait_for_each_other(
    pair: Table, pool: ThreadPoolExecutor
) -> None:
    """The cards' order is that of the queue, and not that of the proposals."""
    pair.queue(ordering=QueueOrder.SCORE)
    held = pair.take("rae", 2)
    assert [one.card.shows.proposal_id for one in held] == pair.proposal_ids[::-1]

    def accept() -> Batch:
        with pair.runtime.engine.begin() as connection:
            return accept_many_in(
                connection,
                pair.project_id,
                [(one.card.id, one.card.token) for one in held],
                category_id=pair.cat,
                audit_share=0,
                person=pair.person("rae"),
            )

    with in_hand(pair, 1, decided=False):
        batch = pool.submit(accept)
        until(pair, lambda blocked: blocked == 1)
        renewal = pool.submit(pair.renew, "rae", *held)
        until(pair, lambda blocked: blocked == 2 or renewal.done())
    assert renewal.result(timeout=60) == []
    assert batch.result(timeout=60).accepted == [one.card.id for one in held]


def test_two_who_wait_in_queues_of_different_orders_do_not_wait_for_each_other(
    pair: Table, pool: ThreadPoolExecutor
) -> None:
    queues = [
        pair.queue("as made", ordering=QueueOrder.OLDEST),
        pair.queue("by score", ordering=QueueOrder.SCORE),
    ]
    people = ["rae", "ben"]
    for name in people:
        pair.person(name)
    waiting: list[Future[list[object]]] = []
    with in_hand(pair, 1, decided=True):
        with in_hand(pair, 0, decided=True):
            for number, (name, queue) in enumerate(zip(people, queues, strict=True), start=1):
                waiting.append(pool.submit(pair.take, name, 1, queue))
                until(pair, lambda blocked, number=number: blocked == number)
        until(pair, lambda blocked: blocked == 2)
    assert [one.result(timeout=60) for one in waiting] == [[], []]
