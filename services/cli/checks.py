"""`maskloop checks …`"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.states import CheckKind, Defect
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.platform.db.checks import Check
    from maskloop.services.checks import Listed

checks = typer.Typer(
    no_args_is_help=True,
    help="Gold and planted errors: what people are asked though the answer is known.",
)


@checks.command("gold")
def gold(
    project_name: ProjectName,
    annotation_ids: Annotated[
        list[int], typer.Argument(metavar="ANNOTATION…", help="Numbers of annotations.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make annotations gold as they are: known to be right, and trained on no more."""
    from maskloop.services.gold import make_gold
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        made = make_gold(opened, project_id, annotation_ids, by=local_user(opened).id)
    _tell(made, as_json=as_json)


@checks.command("gold-image")
def gold_image(
    project_name: ProjectName,
    image_ids: Annotated[
        list[int], typer.Argument(metavar="IMAGE…", help="Numbers of images that are done.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make images gold with all that is on them: queues of images give them to people who know
    nothing of them, to see what they miss."""
    from maskloop.services.gold_images import make
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        made = make(opened, project_id, image_ids, by=local_user(opened).id)
    if as_json:
        console.write_json([vars(one) for one in made])
        return
    for one in made:
        console.say(f"Gold image {one.id}: image {one.image_id}, objects on it: {one.objects}")


@checks.command("gold-images")
def gold_images(
    project_name: ProjectName,
    retired: Annotated[bool, typer.Option("--retired", help="The retired ones instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest gold images, and how many people labelled each without knowing."""
    from maskloop.services.gold_images import page
    from maskloop.services.projects import find_project

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        found = page(opened, project_id, limit=limit, retired=retired)
    if as_json:
        console.write_json([vars(one) for one in found])
    elif found:
        columns = ["gold image", "image", "source", "objects", "people"]
        rows = [(o.id, o.image_id, o.source_uri, o.objects, o.passes) for o in found]
        console.table(columns, rows)
    else:
        console.say(
            f"No gold images. Make some with: maskloop checks gold-image {project_name} IMAGE…"
        )


@checks.command("plant")
def plant(
    project_name: ProjectName,
    count: Annotated[int, typer.Option(help="How many at most.")] = 20,
    defect: Annotated[
        list[Defect] | None, typer.Option(help="Give several; without: all of them.")
    ] = None,
    iou: Annotated[
        float | None, typer.Option(help="Of a spoiled mask with the truth; without: 0.6.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same one plants the same.")] = None,
    as_json: AsJson = False,
) -> None:
    """Plant errors, made of gold and of masks that reviews accepted."""
    from maskloop.platform.defects import IOU
    from maskloop.services.planting import plant as plant_errors
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        made = plant_errors(
            opened,
            find_project(opened, project_name).id,
            count,
            defects=defect or None,
            iou=IOU if iou is None else iou,
            by=local_user(opened).id,
            seed=seed,
        )
    _tell(made, as_json=as_json)
    if len(made) < count:
        console.note(f"{len(made)} of {count}: there is not enough to make more of.")


@checks.command("list")
def list_all(
    project_name: ProjectName,
    kind: Annotated[CheckKind | None, typer.Option(help="Without: both.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="The retired ones instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest checks, with how often they were answered, and rightly."""
    from maskloop.services.checks import page
    from maskloop.services.projects import find_project

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        found = page(opened, project_id, limit=limit, kind=kind, retired=retired)
    if as_json:
        console.write_json([_json_of(one.check) | vars(one.tally) for one in found])
    elif found:
        columns = ["check", "kind", "defect", "annotation", "shown as", "IoU", "answers", "right"]
        console.table(columns, [_row(one) for one in found])
    else:
        console.say(f"No checks. Make gold with: maskloop checks gold {project_name} ANNOTATION…")


@checks.command("needed")
def needed() -> None:
    """How many planted errors a person has to meet until the 95 % interval of the share that they
    let through is so wide at most."""
    from maskloop.platform.checks_needed import WIDTHS, needed_table

    columns = ["let through", *(f"width {width:g}" for width in WIDTHS)]
    console.table(columns, [(f"{share:.0%}", *row) for share, row in needed_table()])


def _row(found: "Listed") -> tuple[object, ...]:
    new = found.check.new
    return (
        found.check.id,
        new.kind,
        new.defect or "",
        new.truth[0],
        found.check.category,
        f"{new.iou:.2f}",
        found.tally.answers,
        found.tally.passed,
    )


def _json_of(check: "Check") -> dict[str, Any]:
    new = check.new
    return {
        "id": check.id,
        "kind": new.kind,
        "defect": new.defect,
        "image_id": new.image_id,
        "annotation_id": new.truth[0],
        "annotation_revision": new.truth[1],
        "category": check.category,
        "iou": new.iou,
        "created_by": check.created_by,
        "created_at": check.created_at,
        "retired_at": check.retired_at,
    }


def _tell(made: "list[Check]", *, as_json: bool) -> None:
    if as_json:
        console.write_json([_json_of(one) for one in made])
        return
    for one in made:
        what = f"planted, {one.new.defect}" if one.new.defect else "gold"
        console.say(f"Check {one.id}: {what}, of annotation {one.new.truth[0]}")
