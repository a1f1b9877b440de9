"""Backing up the database and bringing it back; objects are the object store's to back up."""

from dataclasses import dataclass
from pathlib import Path

from maskloop.platform.db import dumps
from maskloop.platform.db.migrate import upgrade
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Dumped:
    file: Path
    bytes: int
    objects: str
    """What is to be copied now: the store that the dump's rows name objects of."""


def dump_database(runtime: Runtime, file: Path) -> Dumped:
    """Raises `DumpFailedError`."""
    file = file.absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    dumps.dump(runtime.engine.url, file)
    return Dumped(file, file.stat().st_size, runtime.objects.url)


def restore_database(runtime: Runtime, file: Path) -> None:
    """Into a database that nobody has used yet, and then to the newest schema.

    Raises `DatabaseNotEmptyError`, `DumpFailedError`, and `SchemaTooNewError` for a dump of a newer
    version of maskloop.
    """
    with runtime.engine.connect() as connection:
        dumps.check_empty(connection)
    dumps.restore(runtime.engine.url, file)
    upgrade(runtime.engine)
