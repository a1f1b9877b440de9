"""Bringing a database to the newest schema. Safe when several processes start at once."""

from functools import cache

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from maskloop.platform.errors import SchemaTooNewError

_LOCK = 0x6D61736B  # "mask"; an advisory lock of the database, held while it is upgraded


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's settings for the revisions that ship inside the package."""
    config = _of_package()
    config.attributes["connection"] = connection
    return config


def _of_package() -> Config:
    config = Config()
    config.set_main_option("script_location", "maskloop:migrations")
    return config


def upgrade(engine: sa.Engine) -> None:
    """To the newest revision. Raises `SchemaTooNewError` for one this version does not know."""
    with engine.begin() as connection:
        if current_revision(connection) == newest_revision():
            return
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        found = current_revision(connection)
        config = alembic_config(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise SchemaTooNewError(found)
        command.upgrade(config, "head")


def current_revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str | None:
    """Once: reading it runs every revision's file."""
    return ScriptDirectory.from_config(_of_package()).get_current_head()
