"""`maskloop project …` and `maskloop images …`"""

from typing import Annotated, Any

import typer

from maskloop.services.cli import console, remote
from maskloop.services.cli.options import AsJson, ProjectName, runtime

project = typer.Typer(no_args_is_help=True, help="Projects: images and categories.")
images = typer.Typer(no_args_is_help=True, help="Images of a project.")


@project.command("create")
def create(
    name: ProjectName,
    category: Annotated[list[str] | None, typer.Option(help="A category; repeat for more.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a project."""
    from maskloop.services.projects import create_project

    number: int
    if (server := remote.client()) is not None:
        with server:
            number = server.create_project(name, category or []).id
    else:
        with runtime() as opened:
            number = create_project(opened, name, category or []).id
    if as_json:
        console.write_json({"id": number, "name": name, "categories": category or []})
    else:
        console.say(f"Project {name}. Add images with: maskloop images add {name} FOLDER")


@project.command("list")
def list_all(as_json: AsJson = False) -> None:
    """All projects."""
    from maskloop.services.projects import list_projects

    if (server := remote.client()) is not None:
        with server:
            rows = [(p.name, p.images, p.categories) for p in server.projects()]
    else:
        with runtime() as opened:
            rows = [(s.project.name, s.images, s.categories) for s in list_projects(opened)]
    if as_json:
        console.write_json([{"name": n, "images": i, "categories": c} for n, i, c in rows])
    elif rows:
        console.table(["project", "images", "categories"], rows)
    else:
        console.say("No projects yet. Make one with: maskloop project create NAME")


@images.command("add")
def add(
    project_name: ProjectName,
    uri: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URI…]", help="Files, folders, patterns, s3:// URLs."),
    ] = None,
    manifest: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="A list of images: CSV, Parquet or an S3 Inventory, here or at an s3:// URL.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Names of the manifest's columns, where its first line is an image."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check images and add them to a project; the same bytes are added once."""
    if bool(uri) == (manifest is not None) or (columns is not None and manifest is None):
        reason = "name either URIs, or a --manifest (which may have --columns)"
        raise typer.BadParameter(reason)
    server = remote.client()
    if server is not None and manifest is not None:
        reason = "a manifest is read by the server: run the command there, without MASKLOOP_SERVER"
        raise typer.BadParameter(reason)
    if server is not None:
        with server, console.progress() as bar:
            task = bar.add_task("sending", total=None, detail="")
            report = remote.add_images(
                server, project_name, uri or [], lambda seen: bar.update(task, completed=seen)
            )
            bar.update(task, total=report["added"] + report["known"] + len(report["refused"]))
    else:
        report = _add_here(project_name, uri or [], manifest, columns)
    if as_json:
        console.write_json(report)
    else:
        _tell(project_name, report)
    if report["refused"]:
        raise typer.Exit(1)


def _add_here(
    project_name: str, uri: list[str], manifest: str | None, columns: str | None
) -> dict[str, Any]:
    from maskloop.services.adding_images import AddReport, add_images, add_manifest

    names = None if columns is None else columns.split(",")
    with runtime() as opened, console.progress() as bar:
        task = bar.add_task("adding", total=None, detail="")

        def show(report: AddReport) -> None:
            detail = f"[red]{report.refusals} refused[/]" if report.refusals else ""
            bar.update(task, completed=report.seen, detail=detail)

        if manifest is None:
            report = add_images(opened, project_name, uri, on_progress=show)
        else:
            report = add_manifest(opened, project_name, manifest, columns=names, on_progress=show)
        bar.update(task, total=report.seen)
    refused = [{"uri": r.uri, "code": r.code, "reason": r.reason} for r in report.refused]
    counts = {"added": report.added, "known": report.known, "left_out": report.left_out}
    return {**counts, "refused": refused, "refused_untold": report.refused_untold}


def _tell(project_name: str, report: dict[str, Any]) -> None:
    there = f", {report['known']} were there already" if report["known"] else ""
    left = report.get("left_out", 0)
    others = f", {left} lines of the inventory were left out" if left else ""
    console.say(f"{report['added']} images added to {project_name}{there}{others}.")
    for refusal in report["refused"]:
        console.note(f"refused {refusal['code']}: {refusal['reason']}")
    if report.get("refused_untold"):
        console.note(f"{report['refused_untold']} more were refused; mend these and run again.")
