"""`maskloop evaluate`"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.platform.states import JobState
from maskloop.services.cli import console
from maskloop.services.cli.autolabel import end_as, progress_of
from maskloop.services.cli.options import AsJson, ProjectName, Version, runtime

if TYPE_CHECKING:
    from maskloop.platform.db.gate_results import StoredGateResult
    from maskloop.platform.evaluation import GateRule
    from maskloop.services.jobs import JobView


def evaluate(
    project_name: ProjectName,
    number: Version,
    against: Annotated[
        int | None, typer.Option(metavar="VERSION", help="The champion; else what serves.")
    ] = None,
    training_set: Annotated[
        int | None,
        typer.Option("--set", metavar="SET", help="Whose hold-out; else the newest set's."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Only queue it; `maskloop up` works on it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a version beside another one and ask the gate; exits 1 where the gate refuses."""
    from maskloop.services.evaluations import submit_evaluation
    from maskloop.services.gates import of_job
    from maskloop.services.jobs import view
    from maskloop.services.projects import find_project

    with runtime() as opened:
        project = find_project(opened, project_name)
        job_id = submit_evaluation(
            opened,
            project.id,
            challenger_id=number,
            champion_id=against,
            training_set_id=training_set,
        )
        if detach:
            _tell_queued(job_id, as_json=as_json)
            return
        console.note(f"Job {job_id}. Ctrl-C stops it cleanly; what was measured stays.")
        from maskloop.services.evaluation_runs import run_evaluation

        with progress_of(job_id) as bar:
            run_evaluation(opened, job_id, on_progress=bar)
        _tell(view(opened, job_id), of_job(opened, project.id, job_id), as_json=as_json)


def _tell_queued(job_id: int, *, as_json: bool) -> None:
    if as_json:
        console.write_json({"job": job_id, "state": JobState.QUEUED})
    else:
        console.say(f"Job {job_id} is queued. `maskloop up` works on it.")


def _tell(view: "JobView", result: "StoredGateResult | None", *, as_json: bool) -> None:
    if as_json:
        console.write_json(_json_of(view, result))
    elif result is None:
        console.say(f"Evaluation {view.job.id} {view.state}.")
    else:
        _tell_result(result)
    end_as(view)
    if result is not None and not result.passed:
        raise typer.Exit(1)


def _tell_result(result: "StoredGateResult") -> None:
    rows = [_row(rule) for rule in result.result.rules]
    console.table(["rule", "outcome", "measured", "interval", "bound"], rows)
    pair = f"version {result.challenger_id} beside version {result.champion_id}"
    if result.passed:
        console.say(f"The gate lets {pair} through, by result {result.id}.")
        console.say(f"Have it serve: maskloop promote {result.challenger_id}")
    else:
        console.say(f"The gate refuses {pair}: {', '.join(result.broken_rules)}.")
        for sentence in _reasons(result.result.rules, result.broken_rules):
            console.say(f"  {sentence}")


def _row(rule: "GateRule") -> tuple[object, ...]:
    interval = None
    if rule.low is not None and rule.high is not None:
        interval = f"{rule.low:+.4f} to {rule.high:+.4f}"
    return rule.name, rule.outcome, f"{rule.measured:+.4f}", interval, f"{rule.bound:+.4f}"


def _reasons(rules: Sequence["GateRule"], broken: Sequence[str]) -> list[str]:
    return [rule.sentence for rule in rules if rule.name in broken]


def _json_of(view: "JobView", result: "StoredGateResult | None") -> dict[str, object]:
    told: dict[str, object] = {"job": view.job.id, "state": view.state, "error": view.job.error}
    if result is None:
        return told | {"gate": None}
    gate = {
        "id": result.id,
        "passed": result.passed,
        "challenger": result.challenger_id,
        "champion": result.champion_id,
        "training_set": result.training_set_id,
        "general_set": result.general_set_id,
        "rules": [rule.model_dump(mode="json") for rule in result.result.rules],
        "comparison": result.comparison.model_dump(mode="json"),
    }
    return told | {"gate": gate}
