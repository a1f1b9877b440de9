"""`maskloop training-set …`"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.states import Split
from maskloop.platform.training import SetRule
from maskloop.platform.training_statistics import Statistics
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime
from maskloop.services.cli.rule_options import with_rule_options

if TYPE_CHECKING:
    from maskloop.platform.db.training_sets import TrainingSet

training_set = typer.Typer(
    no_args_is_help=True, help="What versions are trained on and measured by, frozen."
)
SetId = Annotated[int, typer.Argument(metavar="SET", help="The training set's number.")]

_SHOWN = 20
"""Leaks that are printed."""


@training_set.command("freeze")
@with_rule_options
def freeze(
    project_name: ProjectName,
    name: Annotated[str | None, typer.Option(help="Without: by its content.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would hold; freeze nothing.")
    ] = False,
    as_json: AsJson = False,
    rule: SetRule | None = None,
) -> None:
    """Freeze what the project's current annotations are. The same content is frozen once."""
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user
    from maskloop.services.training_sets import freeze as freeze_set
    from maskloop.services.training_sets import preview

    wanted = rule or SetRule()
    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        if dry_run:
            statistics = preview(opened, project_id, wanted)
            if as_json:
                console.write_json(statistics.model_dump(mode="json"))
            else:
                _tell_statistics(statistics)
            return
        made = freeze_set(opened, project_id, wanted, name=name, by=local_user(opened).id)
    _tell(made, as_json=as_json)


@training_set.command("list")
def list_all(
    project_name: ProjectName,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest training sets."""
    from maskloop.services.projects import find_project
    from maskloop.services.training_sets import page

    with runtime() as opened:
        found = page(opened, find_project(opened, project_name).id, limit=limit)
    if as_json:
        console.write_json([json_of(one) for one in found])
    elif not found:
        console.say(
            f"No training sets yet. Freeze one with: maskloop training-set freeze {project_name}"
        )
    else:
        console.table(["set", "name", *Split, "frozen"], [_row(one) for one in found])


def _row(found: "TrainingSet") -> tuple[object, ...]:
    splits = found.statistics.splits
    sizes = (splits.train.annotations, splits.validation.annotations, splits.holdout.annotations)
    return found.id, found.name, *sizes, f"{found.created_at:%Y-%m-%d %H:%M}"


@training_set.command("show")
def show(project_name: ProjectName, set_id: SetId, as_json: AsJson = False) -> None:
    """One training set in figures."""
    from maskloop.services.projects import find_project
    from maskloop.services.training_sets import get

    with runtime() as opened:
        found = get(opened, find_project(opened, project_name).id, set_id)
    _tell(found, as_json=as_json)


@training_set.command("compare")
def compare(
    project_name: ProjectName,
    set_id: SetId,
    other_id: Annotated[int, typer.Argument(metavar="OTHER", help="Another one's number.")],
    as_json: AsJson = False,
) -> None:
    """In what another set differs."""
    from maskloop.services.projects import find_project
    from maskloop.services.training_sets import compare as compare_sets

    with runtime() as opened:
        found = compare_sets(opened, find_project(opened, project_name).id, set_id, other_id)
    changes = {split: asdict(found.changes[split]) for split in Split}
    if as_json:
        console.write_json({"changes": changes, "rule": list(found.rule)})
        return
    columns = list(changes[Split.TRAIN])
    rows = [(split, *changes[split].values()) for split in Split]
    console.table(["", *(column.replace("_", " ") for column in columns)], rows)
    for sentence in found.rule or ["The rules are the same."]:
        console.say(sentence)


def json_of(found: "TrainingSet") -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "digest": found.digest.hex(),
        "rule": found.rule.model_dump(mode="json"),
        "statistics": found.statistics.model_dump(mode="json"),
        "created_by": found.created_by_name,
        "created_at": found.created_at,
    }


def _tell(found: "TrainingSet", *, as_json: bool) -> None:
    if as_json:
        console.write_json(json_of(found))
        return
    console.say(f"Training set {found.id}, {found.name}, by {found.created_by_name}")
    console.say(f"digest {found.digest.hex()}")
    _tell_statistics(found.statistics)


def _tell_statistics(found: Statistics) -> None:
    splits = found.splits
    contents = [splits.train, splits.validation, splits.holdout]
    rows: list[tuple[object, ...]] = [
        ("images", *(one.images for one in contents)),
        ("annotations", *(one.annotations for one in contents)),
    ]
    for name, counts in found.categories.items():
        rows.append((f"  {name}", counts.train, counts.validation, counts.holdout))
    console.table(["", *Split], rows)
    console.say(f"origins: {_counted(found.origins)}")
    console.say(f"areas: {_counted(found.area.model_dump())}")
    console.say(f"left out: {_counted(found.excluded.model_dump())}")
    for leak in found.leaks[:_SHOWN]:
        console.say(
            f"{leak.source} ({leak.split}) shows what {leak.twin_source} ({leak.twin_split}) "
            "shows, and was left out"
        )
    if found.leaked_images > _SHOWN:
        console.say(f"… and {found.leaked_images - _SHOWN} more images; see --json")


def _counted(counts: dict[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
