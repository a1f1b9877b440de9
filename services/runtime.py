"""What every use case stands on: settings, database, object store and weights, opened once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import sqlalchemy as sa

from maskloop.platform.db.database import open_database
from maskloop.platform.db.pass_schema import engine_in_passes
from maskloop.platform.settings import Settings
from maskloop.platform.storage import open_store
from maskloop.platform.storage.store import ObjectStore


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    engine: sa.Engine
    objects: ObjectStore

    @cached_property
    def in_passes(self) -> "Runtime":
        """The same, for what is labelled blindly: every transaction of its engine is in passes."""
        return replace(self, engine=engine_in_passes(self.engine))


@contextmanager
def open_runtime(settings: Settings) -> Iterator[Runtime]:
    """Start or join the database, bring it to the newest schema, and open the object store."""
    settings.home.mkdir(parents=True, exist_ok=True)
    objects = open_store(settings.objects, s3_endpoint_url=settings.s3_endpoint_url)
    with open_database(settings) as engine:
        yield Runtime(settings, engine, objects)
