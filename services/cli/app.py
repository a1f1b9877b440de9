"""The command line put together, and what becomes of errors in it."""

import os
import signal
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from maskloop.platform.errors import (
    BadNameError,
    BadParametersError,
    BadPasswordError,
    BadPricesError,
    BadPromptError,
    BadSettingError,
    MaskloopError,
)
from maskloop.services.cli import console

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

BAD_USAGE = (
    BadNameError,
    BadParametersError,
    BadPasswordError,
    BadPricesError,
    BadPromptError,
    BadSettingError,
)


class Commands(TyperGroup):
    """Turns our errors into one sentence on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            console.note("Stopped.")
            raise typer.Exit(console.INTERRUPTED) from None
        except MaskloopError as error:
            console.fail(error)
            raise typer.Exit(2 if isinstance(error, BAD_USAGE) else 1) from None
        except OSError as error:
            console.err.print("[bold red]error[/] [dim]system[/]", end=" ")
            console.note(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Image masks, proposed by a model and corrected by people.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from maskloop import __version__

        console.say(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and leave.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    pass


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """The entry point. A termination request ends work as Ctrl-C does: cleanly."""
    from maskloop.services.cli import commands

    commands.add_to(app)
    signal.signal(signal.SIGTERM, _interrupt)
    app()
