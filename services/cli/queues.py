"""`maskloop queues …`"""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.platform.queue_rules import Rule
    from maskloop.services.queues import ListedQueue

queues = typer.Typer(no_args_is_help=True, help="Queues: what people are asked to review or label.")

EVERYBODY = {
    QueueSubject.PROPOSALS: "all reviewers",
    QueueSubject.ANNOTATIONS: "all reviewers",
    QueueSubject.IMAGES: "all labelers",
}

QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's name.")]
Share = Annotated[float, typer.Option(min=0, max=0.5, help="Share of its cards.")]
Score = Annotated[float | None, typer.Option(min=0, max=2, help="Predicted IoU.")]


@queues.command("add")
def add(
    project_name: ProjectName,
    name: QueueName,
    order: Annotated[
        QueueOrder | None,
        typer.Option(help="What comes first; without: oldest of images, else doubt."),
    ] = None,
    subject: Annotated[
        QueueSubject, typer.Option(help="What it hands out.")
    ] = QueueSubject.PROPOSALS,
    image: Annotated[str | None, typer.Option(help="Text that the image's address holds.")] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Of annotations; give several. Without: any.")
    ] = None,
    least: Score = None,
    most: Score = None,
    job: Annotated[int | None, typer.Option(min=1, help="Only what this job proposed.")] = None,
    model: Annotated[int | None, typer.Option(min=1, help="Only this version's masks.")] = None,
    sample: Annotated[float, typer.Option(help="A share of them, always the same ones.")] = 1.0,
    priority: Annotated[int, typer.Option(help="Higher comes first.")] = 0,
    gold_rate: Share = 0.0,
    planted_rate: Share = 0.0,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Tell people how they did in a check.")
    ] = False,
    fold: Annotated[
        int, typer.Option(min=1, max=9, help="People asked, blindly, of each proposal or image.")
    ] = 1,
    adjudicate: Annotated[
        bool, typer.Option("--adjudicate", help="Only where votes disagree.")
    ] = False,
    person: Annotated[
        list[str] | None,
        typer.Option(help="For whom; give several. Without: all who may review or label."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a queue: a rule that hands out cards or images from now on."""
    from maskloop.platform.db.queues import Plan
    from maskloop.platform.queue_rules import usual_ordering
    from maskloop.services.projects import find_project
    from maskloop.services.queues import categories_named, create_in
    from maskloop.services.sign_in import local_user

    rule = _rule_of(
        image=image,
        predicted_iou_least=least,
        predicted_iou_most=most,
        job_id=job,
        model_version_id=model,
        sample=sample,
        adjudicate=adjudicate,
    )
    plan = Plan(
        name=name,
        subject=subject,
        rule=rule,
        ordering=order or usual_ordering(subject),
        priority=priority,
        gold_rate=gold_rate,
        planted_rate=planted_rate,
        feedback=feedback,
        fold=fold,
    )
    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        with opened.engine.begin() as connection:
            wanted = categories_named(connection, project_id, category or ())
            made = create_in(
                connection,
                project_id,
                replace(plan, rule=rule.model_copy(update={"category_ids": wanted})),
                people=person or (),
                created_by=local_user(opened).id,
            )
    if as_json:
        console.write_json({"id": made.id, "name": made.plan.name})
    else:
        console.say(
            f"Queue {made.id}: {made.plan.name}, {made.plan.subject} by {made.plan.ordering}"
        )


def _rule_of(**values: Any) -> "Rule":
    from pydantic import ValidationError

    from maskloop.platform.errors import BadParametersError
    from maskloop.platform.queue_rules import Rule

    try:
        return Rule(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name_of = ".".join(map(str, first["loc"]))
        raise BadParametersError(name_of, first["input"], first["msg"]) from error


@queues.command("list")
def list_all(project_name: ProjectName, as_json: AsJson = False) -> None:
    """All queues, with what waits in each."""
    from maskloop.services.projects import find_project

    with runtime() as opened:
        found = _listed(opened, find_project(opened, project_name).id)
    if as_json:
        console.write_json([_json_of(one) for one in found])
    elif found:
        columns = ["queue", "name", "hands out", "by", "priority", "people", "left", "state"]
        console.table(columns, [_row(one) for one in found])
    else:
        console.say(f"No queues. Make one with: maskloop queues add {project_name} NAME")


@queues.command("close")
def close(project_name: ProjectName, name: QueueName) -> None:
    """Hand out no more; what people hold may still be answered."""
    _close(project_name, name, closed=True)
    console.say(f"Closed: {name}")


@queues.command("open")
def reopen(project_name: ProjectName, name: QueueName) -> None:
    """Hand out again."""
    _close(project_name, name, closed=False)
    console.say(f"Open: {name}")


def _close(project_name: str, name: str, *, closed: bool) -> None:
    from maskloop.platform.errors import NotFoundError
    from maskloop.services.projects import find_project
    from maskloop.services.queues import change_in
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        named = [one for one in _listed(opened, project_id) if one.queue.plan.name == name]
        if not named:
            raise NotFoundError("queue", name, f"See: maskloop queues list {project_name}")
        with opened.engine.begin() as connection:
            change_in(
                connection,
                project_id,
                named[0].queue.id,
                named[0].queue.plan,
                people=None,
                closed=closed,
                changed_by=local_user(opened).id,
            )


def _listed(opened: Any, project_id: int) -> "list[ListedQueue]":
    from maskloop.services.queues import Person, listed
    from maskloop.services.sign_in import local_user

    user = local_user(opened)
    person = Person(user.id, user.name, judges_people=True)
    return listed(opened, project_id, person=person, manages=True)


def _row(found: "ListedQueue") -> tuple[object, ...]:
    plan = found.queue.plan
    return (
        found.queue.id,
        plan.name,
        plan.subject,
        plan.ordering,
        plan.priority,
        ", ".join(found.people) or EVERYBODY[plan.subject],
        found.left,
        "closed" if found.queue.closed_at else "open",
    )


def _json_of(found: "ListedQueue") -> dict[str, Any]:
    from maskloop.platform.db.queues import columns

    return {
        "id": found.queue.id,
        **columns(found.queue.plan),
        "people": found.people,
        "left": found.left,
        "closed_at": found.queue.closed_at,
    }
