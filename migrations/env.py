"""What Alembic runs: revisions on the connection handed over, or on MASKLOOP_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import Connection

from maskloop.platform.db.database import connect
from maskloop.platform.db.every_table import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with connect(os.environ["MASKLOOP_DATABASE_URL"]).connect() as opened:
        _run(opened)
        opened.commit()
