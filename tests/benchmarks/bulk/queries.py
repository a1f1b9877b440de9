"""How long people wait for the hot queries where there are many proposals."""

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from sites.hot_queries import hot_queries
from sites.warehouse import Warehouse, fill, take_some

SEED: Final = 8
_IN_HAND: Final = 200
"""Cards that somebody has, and that others' hand-outs pass over."""


@dataclass(frozen=True)
class Waited:
    """`seconds`: of each asking, rising."""

    name: str
    seconds: list[float]

    def quantile(self, share: float) -> float:
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def filled(engine: sa.Engine, proposals: int) -> Warehouse:
    begun = time.perf_counter()

    def tell(made: int) -> None:
        if made % 1_000_000 == 0:
            print(f"{made} proposals, {time.perf_counter() - begun:.0f} s", file=sys.stderr)

    warehouse = fill(engine, proposals, tell)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM (ANALYZE)"))
    take_some(engine, warehouse, _IN_HAND)
    return warehouse


def waits(engine: sa.Engine, warehouse: Warehouse, runs: int) -> Iterator[Waited]:
    """Each in a transaction of its own that is rolled back, at a random place each time. The
    queries take turns, so that none finds its own rows in the cache because it just asked."""
    queries = dict(hot_queries(warehouse))
    found: dict[str, list[float]] = {name: [] for name in queries}
    place = random.Random(SEED)
    for turn in range(runs + 1):
        for name, query in queries.items():
            number = place.randrange(warehouse.images - 100)
            with engine.connect() as connection:
                begun = time.perf_counter()
                query(connection, number)
                took = time.perf_counter() - begun
                connection.rollback()
            if turn:  # the first one parses, plans and prepares
                found[name].append(took)
    yield from (Waited(name, sorted(seconds)) for name, seconds in found.items())


def sizes(engine: sa.Engine) -> dict[str, int]:
    """Bytes of the table of proposals, of each index of it, and of the database."""
    query = (
        "SELECT 'proposals', pg_table_size('proposals') UNION ALL "
        "SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index "
        "WHERE indrelid = 'proposals'::regclass UNION ALL "
        "SELECT 'database', pg_database_size(current_database())"
    )
    with engine.connect() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(sa.text(query))}
