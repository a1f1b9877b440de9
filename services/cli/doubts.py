"""`maskloop doubts`"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.services.doubts import Doubting


def doubts(
    project_name: ProjectName,
    again: Annotated[
        bool, typer.Option("--again", help="Those that have one too: a challenger runs now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compute what speaks against pending proposals, so that queues begin with it.

    A running platform does this by itself where a queue is open in that order.
    """
    from maskloop.services.doubts import compute_doubts, drop, here, progress
    from maskloop.services.projects import find_project

    with runtime() as opened, console.progress() as bar:
        project_id = find_project(opened, project_name).id
        if again:
            drop(opened, project_id)
        task = bar.add_task("doubting", total=progress(opened, project_id).waiting, detail="")

        def show(done: "Doubting") -> None:
            bar.update(task, completed=done.proposals)

        done = compute_doubts(opened, project_id, crew=here, on_progress=show)
    if as_json:
        console.write_json(asdict(done))
    else:
        console.say(f"{done.proposals} proposals on {done.images} images have a doubt now.")
    if done.missing:
        console.note(
            f"{done.missing} images have no stored embedding of the version that serves: autolabel "
            "them by it, or their proposals go by score."
        )
