"""`maskloop folds …`"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.states import FoldState
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.services.adjudication import ListedFold

folds = typer.Typer(
    no_args_is_help=True, help="Folds: images that several people label without knowing of it."
)


@folds.command("list")
def list_all(
    project_name: ProjectName,
    state: Annotated[FoldState | None, typer.Option(help="Without: all of them.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest images that several people label, and how far they agree."""
    from maskloop.services.adjudication import page
    from maskloop.services.projects import find_project

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        found = page(opened, project_id, state=state, limit=limit)
    if as_json:
        console.write_json([_json_of(one) for one in found])
    elif found:
        columns = ["image", "source", "state", "people", "passes", "objects", "matched", "IoU"]
        console.table(columns, [_row(one) for one in found])
    elif state is not None:
        console.say(f"No images are {state}.")
    else:
        console.say(
            "No image is labeled by several. Make a queue that asks for it with: "
            f"maskloop queues add {project_name} NAME --subject images --fold 2"
        )


@folds.command("settle")
def settle(
    project_name: ProjectName,
    image_id: Annotated[int, typer.Argument(metavar="IMAGE", help="The image's number.")],
    pass_id: Annotated[
        int, typer.Option("--pass", min=1, help="Whose is taken over, as `folds list` numbers it.")
    ],
    correct: Annotated[
        bool, typer.Option("--correct", help="Leave the image to do, leased to you.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take over into the image what one of several people drew."""
    from maskloop.services.adjudication import settle_in
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        by = local_user(opened).id
        with opened.engine.begin() as connection:
            made = settle_in(
                connection, opened, project_id, image_id, pass_id, finish=not correct, by=by
            )
    if as_json:
        console.write_json(_json_of(made))
    else:
        left = "to do, leased to you" if correct else "decided"
        console.say(f"Image {image_id} has what was drawn in pass {pass_id}, and is {left}.")


def _row(found: "ListedFold") -> tuple[object, ...]:
    fold, like = found.fold, found.likeness
    iou = None if like is None else like.mean_iou
    return (
        fold.image_id,
        fold.source_uri,
        fold.state,
        fold.fold,
        ", ".join(_pass(one.id, drawn is not None and one.outcome) for one, drawn in found.passes),
        "" if like is None else like.objects,
        "" if like is None else like.matched,
        "" if iou is None else f"{iou:.3f}",
    )


def _pass(number: int, outcome: object) -> str:
    return f"{number} {outcome}" if outcome else str(number)


def _json_of(found: "ListedFold") -> dict[str, Any]:
    """As `GET …/folds` has it, without what was drawn and by whom."""
    fold, like = found.fold, found.likeness
    return {
        "image_id": fold.image_id,
        "source_uri": fold.source_uri,
        "queue_id": fold.queue_id,
        "fold": fold.fold,
        "state": fold.state,
        "passes": [
            {
                "pass_id": one.id,
                "outcome": None if drawn is None else one.outcome,
                "objects": None if drawn is None else len(drawn),
                "taken": one.id == fold.taken_pass_id,
            }
            for one, drawn in found.passes
        ],
        "agreement": None if like is None else vars(like),
        "created_at": fold.created_at.isoformat(),
    }
