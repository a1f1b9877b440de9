"""A connected, migrated database."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
import sqlalchemy as sa
from psycopg.rows import TupleRow
from sqlalchemy.engine import URL, make_url

from maskloop.platform.db.embedded import start_embedded
from maskloop.platform.db.migrate import upgrade
from maskloop.platform.errors import DatabaseUnavailableError
from maskloop.platform.settings import Settings


@contextmanager
def open_database(settings: Settings) -> Iterator[sa.Engine]:
    """The database of the settings at the newest schema; its server is left when the block ends.

    Raises `DatabaseUnavailableError`, `SchemaTooNewError`.
    """
    if settings.database_url is not None:
        engine = connect(settings.database_url.get_secret_value())
        try:
            upgrade(engine)
            yield engine
        finally:
            engine.dispose()
        return
    server = start_embedded(settings.home / "postgres")
    try:
        engine = connect(server.url)
        try:
            upgrade(engine)
            yield engine
        finally:
            engine.dispose()
    finally:
        server.leave()


def connect(url: str) -> sa.Engine:
    """An engine for a `postgresql://` URL that is known to answer."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        address,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": f"maskloop@{socket.gethostname()}",
        },
    )
    _translate_errors(engine, where(address))
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except DatabaseUnavailableError:
        engine.dispose()
        raise
    except sa.exc.DBAPIError as error:  # an option that the driver does not know
        engine.dispose()
        raise DatabaseUnavailableError(where(address), first_line(error.orig)) from error
    return engine


def _translate_errors(engine: sa.Engine, place: str) -> None:
    """A server that is gone, restarts or gives up a deadlock is one error of ours, everywhere."""

    @sa.event.listens_for(engine, "handle_error")
    def translate(context: sa.engine.ExceptionContext) -> None:
        original = context.original_exception
        if not isinstance(original, Exception):
            return  # Ctrl-C during a query: SQLAlchemy calls that a disconnect too
        operational = isinstance(context.sqlalchemy_exception, sa.exc.OperationalError)
        if operational or context.is_disconnect:
            raise DatabaseUnavailableError(place, first_line(original)) from original


@contextmanager
def of_the_driver(connection: sa.Connection) -> Iterator["psycopg.Connection[TupleRow]"]:
    """The driver's own connection below, for what only it can do; its errors are ours there too."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        yield driver
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(where(connection.engine.url), first_line(error)) from error


def now(connection: sa.Connection) -> datetime:
    """The database's clock, which is the one that leases are measured by."""
    return connection.execute(sa.select(sa.func.now())).scalar_one()


def server_version(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SHOW server_version")).scalar_one())


def where(address: URL) -> str:
    """Without its parameters: a password may stand there too."""
    return address.set(query={}).render_as_string(hide_password=True)


def first_line(error: BaseException | None) -> str:
    """A driver's message without its second half, which quotes the statement."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
