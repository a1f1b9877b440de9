"""`maskloop report`"""

from pathlib import Path
from typing import Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, JobId, runtime


def report(
    job_id: JobId,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; default: reports/ under MASKLOOP_HOME.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """One HTML page that shows what a job found; it needs nothing else to be looked at."""
    from maskloop.services.report import default_path, write_report

    with runtime() as opened:
        path = write_report(opened, job_id, out or default_path(opened, job_id))
    if as_json:
        console.write_json({"job": job_id, "report": str(path)})
    else:
        console.say(str(path))
