"""`maskloop segment`"""

import json
from pathlib import Path
from typing import Annotated

import typer

from maskloop.platform.generation import GenerationParameters
from maskloop.platform.settings import load_settings
from maskloop.services.cli import console
from maskloop.services.cli.options import with_generation_options


@with_generation_options
def segment(
    path: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files, folders, patterns, s3:// URLs.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for one SA-1B JSON per image.")],
    stats: Annotated[
        Path | None, typer.Option(help="Write seconds per stage to this file, as JSON.")
    ] = None,
    *,
    parameters: GenerationParameters,
) -> None:
    """Masks of everything in images, without a server."""
    from maskloop.services.local_model import open_local_model
    from maskloop.services.segment import Segmented, count_images, stats_json, write_whole
    from maskloop.services.segment import segment as segment_images

    if stats is not None and not stats.parent.is_dir():
        raise typer.BadParameter(f"--stats {stats}: there is no folder {stats.parent}")
    settings = load_settings()
    total = count_images(settings, path)
    model = open_local_model(settings)
    done: list[Segmented] = []
    with console.progress() as bar:
        task = bar.add_task("segmenting", total=total, detail="")
        for image in segment_images(settings, model, path, out, parameters):
            done.append(image)
            if image.refusal is not None:
                console.note(f"refused {image.refusal.code}: {image.refusal}")
            else:
                console.say(f"{image.out}  {image.masks} masks  {image.wall_seconds:.1f} s")
            bar.update(task, advance=1)
    if stats is not None:
        write_whole(stats, json.dumps(stats_json(model.weights.name, done), indent=2))
    if any(image.refusal is not None for image in done):
        raise typer.Exit(1)
