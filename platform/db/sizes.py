"""What tables take on disk, and the log that was written."""

from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db.tables import images, job_items, proposals


@dataclass(frozen=True)
class Size:
    """Bytes."""

    table: int
    """Of values that are stored apart from their rows as well."""
    indexes: int

    @property
    def whole(self) -> int:
        return self.table + self.indexes


@dataclass(frozen=True)
class Sizes:
    proposals: Size
    images: Size
    items: Size
    log: int
    """Bytes of the write-ahead log since the server was made."""


def sizes(connection: sa.Connection) -> Sizes:
    return Sizes(
        proposals=_of(connection, proposals.name),
        images=_of(connection, images.name),
        items=_of(connection, job_items.name),
        log=int(connection.execute(sa.text(_LOG)).scalar_one()),
    )


_LOG = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"


def _of(connection: sa.Connection, table: str) -> Size:
    chosen = sa.select(sa.func.pg_table_size(table), sa.func.pg_indexes_size(table))
    found = connection.execute(chosen).one()
    return Size(int(found[0]), int(found[1]))
