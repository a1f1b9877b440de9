"""Commands as they are typed, in the test's own database and home."""

from collections.abc import Callable

import typer
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from maskloop.platform.settings import Settings
from maskloop.services.cli.app import app
from maskloop.services.cli.commands import add_to

Run = Callable[..., Result]


def command_of(settings: Settings, commands: typer.Typer) -> Run:
    """Takes the words that follow the name of `commands`."""
    assert settings.database_url is not None
    # The test's server listens on a socket; the setting wants a host, which the socket overrides.
    url = make_url(settings.database_url.get_secret_value()).set(host="localhost")
    own = {
        "MASKLOOP_HOME": str(settings.home),
        "MASKLOOP_DATABASE_URL": url.render_as_string(hide_password=False),
        "COLUMNS": "200",
    }
    return lambda *words: CliRunner(env=own).invoke(commands, list(map(str, words)))


def all_commands() -> typer.Typer:
    """`maskloop` itself."""
    if not app.registered_commands:
        add_to(app)
    return app
