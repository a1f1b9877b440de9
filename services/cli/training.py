"""`maskloop train`, and showing how far a training is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.training import Recipe, SetRule
from maskloop.services.cli import console, remote
from maskloop.services.cli.autolabel import LOG_SECONDS, end_as
from maskloop.services.cli.console import INTERRUPTED
from maskloop.services.cli.model_options import with_given, with_options_of
from maskloop.services.cli.options import AsJson, ProjectName, runtime
from maskloop.services.cli.rule_options import with_rule_options

if TYPE_CHECKING:
    from maskloop.actors.training.plan import TrainingPoint
    from maskloop.platform.db.trainings import Training
    from maskloop.services.jobs import JobView
    from maskloop.services.runtime import Runtime

_HELP = {
    "epochs": "Times that every annotation is trained on.",
    "rounds": "Prompts of an object in a row; the paper has 11.",
    "rounds_without_point": "Of these, the last ones that only feed the mask back.",
    "objects_per_step": "Of one image, prompted together.",
    "learning_rate": "After the warm-up.",
    "weight_decay": "Of AdamW.",
    "warmup_steps": "Until the learning rate is reached.",
    "recorded_share": "Of first prompts, taken from what people really clicked.",
    "replay_share": "Of steps, on images outside the set, against forgetting.",
    "train_prompt_encoder": "Also the prompt encoder.",
    "lora_rank": "Above 0 adapts the encoder too, which needs embeddings of its own.",
    "validations": "In the whole training.",
    "patience": "Validations without a better one until it stops.",
    "seed": "The same seed and set give the same weights.",
    "budget_minutes": "Of computing; what is best by then is kept.",
}


@with_options_of(Recipe, _HELP, panel="Recipe")
@with_rule_options
def train(
    project_name: ProjectName,
    set_id: Annotated[
        int | None,
        typer.Option("--set", metavar="ID", help="A training set; else one by the policy's rule."),
    ] = None,
    parent: Annotated[
        int | None,
        typer.Option(metavar="VERSION", help="Train from this one, not from the one that serves."),
    ] = None,
    because: Annotated[str | None, typer.Option(help="Why, in words.")] = None,
    evaluate: Annotated[
        bool, typer.Option(help="Queue its comparison with the version that serves.")
    ] = True,
    detach: Annotated[
        bool, typer.Option("--detach", help="Only queue it; `maskloop up` works on it.")
    ] = False,
    as_json: AsJson = False,
    *,
    rule: SetRule | None = None,
    given: dict[str, Any],
) -> None:
    """Train a model version on what people corrected."""
    if set_id is not None and rule is not None:
        raise typer.BadParameter("name either --set or what a new one is to hold, not both")
    if (server := remote.client()) is not None:
        asked = {
            "training_set_id": set_id,
            "rule": None if rule is None else rule.model_dump(mode="json"),
            "parent": parent,
            "because": because,
            "evaluate": evaluate,
        }
        remote.train(server, project_name, asked, recipe=given, detach=detach, as_json=as_json)
        return
    from maskloop.services import trainings
    from maskloop.services.model_versions import register_pulled
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user
    from maskloop.services.training_policies import get as policy_of

    with runtime() as opened:
        register_pulled(opened)
        project, by = find_project(opened, project_name), local_user(opened).id
        recipe = with_given(policy_of(opened, project.id).policy.recipe, given)
        prepared = trainings.prepare(
            opened,
            project.id,
            by=by,
            training_set_id=set_id,
            rule=rule,
            parent=parent,
            recipe=recipe,
        )
        job_id = trainings.submit_by_hand(
            opened, project.id, prepared, by=by, because=because, evaluate=evaluate
        )
        if detach:
            _tell(trainings.get(opened, project.id, job_id), as_json=as_json)
            return
        view = _train_here(opened, job_id)
        _tell(trainings.get(opened, project.id, job_id), as_json=as_json)
    end_as(view)


def _train_here(opened: "Runtime", job_id: int) -> "JobView":
    console.note(f"Training {job_id}. Ctrl-C stops it cleanly; it goes on from its checkpoint.")
    from maskloop.services.training_runs import run_training

    with training_progress(job_id) as show:
        return run_training(opened, job_id, on_point=show)


@contextmanager
def training_progress(job_id: int) -> "Iterator[Callable[[TrainingPoint], None]]":
    """A bar of steps while the block runs, with the newest loss and validation behind it."""
    said = time.monotonic()
    trained = validated = ""
    with console.progress() as bar:
        task = bar.add_task(f"training {job_id}", total=None, detail="reading images")

        def show(point: "TrainingPoint") -> None:
            nonlocal said, trained, validated
            if (one_click := point.figures.get("validation/one_click")) is not None:
                validated = f"  one-click {one_click:.3f}"
            if (loss := point.figures.get("train/loss")) is not None:
                trained = f"loss {loss:.3f}"
            detail = trained + validated
            if not console.err.is_terminal and time.monotonic() - said > LOG_SECONDS:
                said = time.monotonic()
                console.note(f"training {job_id}: step {point.step} of {point.steps}, {detail}")
            bar.update(task, total=point.steps, completed=point.step, detail=detail)

        try:
            yield show
        except KeyboardInterrupt:
            bar.stop()
            console.note(f"Stopped. Go on with: maskloop jobs resume {job_id}")
            raise typer.Exit(INTERRUPTED) from None


def _tell(training: "Training", *, as_json: bool) -> None:
    if as_json:
        console.write_json(json_of(training))
        return
    version = training.version
    console.say(
        f"Training {training.job_id} is {training.state}: version {version.number} "
        f"({version.name}) from version {training.parent.number}, on training set "
        f"{training.training_set_id} ({training.training_set})."
    )
    if training.error:
        console.note(training.error)
    if training.outcome is not None:
        _tell_outcome(training.outcome)
    elif training.started_at is None:
        console.say("`maskloop up` works on it.")


def _tell_outcome(outcome: dict[str, Any]) -> None:
    """What validation said of the parent and of what was kept, and what happens next."""
    figures = outcome["figures"]
    names = [name.removeprefix("kept/") for name in figures if name.startswith("kept/")]
    if names:
        rows = [
            (name, _rounded(figures.get(f"parent/{name}")), _rounded(figures[f"kept/{name}"]))
            for name in names
        ]
        console.table(["validation", "parent", "now"], rows)
    console.say(
        f"{outcome['steps']} steps in {outcome['seconds'] / 60:.1f} minutes "
        f"(stopped: {outcome['stopped']}), the best at step {outcome['best_step']}; "
        f"{outcome['encoder_calls']} images encoded."
    )
    follows = outcome.get("evaluation", {})
    if "job" in follows:
        console.say(
            f"Evaluation {follows['job']} is queued: `maskloop up` works on it, or "
            f"`maskloop jobs resume {follows['job']}` here."
        )
    elif "error" in follows:
        console.note(f"It is not evaluated: {follows['error']}")


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


def json_of(training: "Training") -> dict[str, object]:
    return {
        "job": training.job_id,
        "state": training.state,
        "version": training.version.number,
        "name": training.version.name,
        "parent": training.parent.number,
        "training_set": training.training_set_id,
        "recipe": training.recipe.model_dump(mode="json"),
        "reason": training.reason,
        "because": training.because,
        "outcome": training.outcome,
        "error": training.error,
        "created_at": training.created_at,
        "started_at": training.started_at,
        "finished_at": training.finished_at,
    }
