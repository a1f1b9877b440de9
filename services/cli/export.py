"""`maskloop export`"""

from pathlib import Path
from typing import Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime
from maskloop.services.export import ExportFormat, ExportSource


def export(
    project_name: ProjectName,
    export_format: Annotated[ExportFormat, typer.Option("--format", help="The form of the files.")],
    out: Annotated[Path, typer.Option(help="A folder to make; it must not exist yet.")],
    source: Annotated[
        ExportSource, typer.Option(help="Whose masks; with both, nothing is in there twice.")
    ] = ExportSource.BOTH,
    with_pictures: Annotated[
        bool, typer.Option("--with-pictures", help="Copy the pictures beside the masks.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a project's masks in the form of other tools."""
    from maskloop.services.export import export_project

    with runtime() as opened, console.progress() as bar:
        task = bar.add_task("exporting", total=None, detail="")
        done = export_project(
            opened,
            project_name,
            format=export_format,
            out=out,
            source=source,
            with_pictures=with_pictures,
            progress=lambda count, total: bar.update(task, completed=count, total=total),
        )
    if as_json:
        console.write_json({"images": done.images, "masks": done.masks, "folder": str(done.folder)})
        return
    console.say(f"{done.masks:,} masks of {done.images:,} images in {done.folder}")
    if done.pictures_gone:
        console.note(f"{done.pictures_gone} pictures are gone from the object store")
