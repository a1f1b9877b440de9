"""`maskloop database …`"""

from pathlib import Path
from typing import Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, runtime

database = typer.Typer(no_args_is_help=True, help="Back the database up, and bring it back.")


@database.command("dump")
def dump(
    file: Annotated[Path, typer.Argument(help="Written when all of it is there.")],
    as_json: AsJson = False,
) -> None:
    """Write the whole database into one file, while everything goes on.

    Copy the object store afterwards, not before: the rows of the dump name objects.
    """
    from maskloop.services.dumps import dump_database

    with runtime() as opened:
        made = dump_database(opened, file)
    if as_json:
        console.write_json({"file": str(made.file), "bytes": made.bytes, "objects": made.objects})
    else:
        console.say(
            f"{made.file}, {made.bytes / 1e6:,.1f} MB. Now copy the objects in {made.objects}."
        )


@database.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Of `database dump`.")],
) -> None:
    """Bring a dump back, into a database that has nothing in it yet."""
    from maskloop.services.dumps import restore_database

    with runtime() as opened:
        restore_database(opened, file)
        console.say(f"{file} is restored. Jobs that ran then can be resumed.")
