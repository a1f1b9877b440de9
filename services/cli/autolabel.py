"""`maskloop autolabel`, and showing a job's progress."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.platform.db.job_items import Counts
from maskloop.platform.forecast import Budget
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.states import JobKind, JobState
from maskloop.services.cli import console, remote
from maskloop.services.cli.console import INTERRUPTED
from maskloop.services.cli.options import (
    AsJson,
    given_parameters,
    runtime,
    with_generation_options,
)

if TYPE_CHECKING:
    from maskloop.services.jobs import JobView


BUDGET_SPENT = 3
"""Exit code of a job that was paused because its budget is spent."""
LOG_SECONDS = 30.0
"""Where there is no terminal to draw a bar on, a line is written this often."""


@with_generation_options
def autolabel(
    context: typer.Context,
    project_name: Annotated[
        str | None, typer.Argument(metavar="PROJECT", help="The project's name.")
    ] = None,
    from_job: Annotated[
        int | None,
        typer.Option(
            metavar="JOB", help="Choose again among the candidates that JOB kept: no inference."
        ),
    ] = None,
    keep_candidates: Annotated[
        bool, typer.Option(help="Keep what the model answered, for --from-job.")
    ] = True,
    supersede: Annotated[
        bool,
        typer.Option("--supersede", help="Replace pending proposals of other model versions."),
    ] = False,
    priority: Annotated[
        int, typer.Option(help="From -100 to 100; `maskloop up` takes the highest first.")
    ] = 0,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Do a random sample, forecast the rest, and wait for `jobs resume`."
        ),
    ] = False,
    sample: Annotated[int, typer.Option(help="Images of a dry run's sample.")] = 32,
    budget: Annotated[
        str | None,
        typer.Option(help="Pause when it is spent: worker time (8h), 50GB written, 1000000masks."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Only queue it; `maskloop up` works on it.")
    ] = False,
    as_json: AsJson = False,
    *,
    parameters: GenerationParameters,
) -> None:
    """Propose masks for every image of a project."""
    from maskloop.services.jobs import submit_autolabel, submit_from_job, view
    from maskloop.services.model_versions import register_pulled

    if (project_name is None) == (from_job is None):
        raise typer.BadParameter("name either PROJECT or --from-job JOB")
    if from_job is not None and (dry_run or budget):
        raise typer.BadParameter("--dry-run and --budget are for jobs that ask the model")
    limit = Budget() if budget is None else Budget.parse(budget)
    sample_images = sample if dry_run else None
    if (server := remote.client()) is not None:
        if project_name is None or not keep_candidates:
            raise typer.BadParameter("with MASKLOOP_SERVER, name a PROJECT and keep candidates")
        given = given_parameters(context, parameters)
        remote.autolabel(
            server,
            project_name,
            given,
            supersede=supersede,
            priority=priority,
            sample_images=sample_images,
            budget=limit,
            detach=detach,
            as_json=as_json,
        )
        return
    with runtime() as opened:
        if from_job is not None:
            given = given_parameters(context, parameters)
            job_id = submit_from_job(
                opened, from_job, given, supersede=supersede, priority=priority
            )
        elif project_name is not None:
            register_pulled(opened)
            job_id = submit_autolabel(
                opened,
                project_name,
                parameters,
                keep_candidates=keep_candidates,
                supersede=supersede,
                priority=priority,
                sample_images=sample_images,
                budget=limit,
            )
        if not detach:
            console.note(f"Job {job_id}. Ctrl-C stops it cleanly; what is done stays.")
            from maskloop.services.autolabel import run_job

            with progress_of(job_id) as show:
                run_job(opened, job_id, on_progress=show)
        if detach and not as_json:
            console.say(f"Job {job_id} is queued. `maskloop up` works on it.")
        else:
            tell(view(opened, job_id), as_json=as_json)


@contextmanager
def progress_of(job_id: int) -> Iterator[Callable[[Counts], None]]:
    """A bar while the block runs; the rate counts what this run settles, not what was there."""
    said = time.monotonic()
    with console.progress() as bar:
        task = bar.add_task(f"job {job_id}", total=None, detail="starting workers")

        def show(counts: Counts) -> None:
            nonlocal said
            if not console.err.is_terminal and time.monotonic() - said > LOG_SECONDS:
                said = time.monotonic()
                console.note(f"job {job_id}: {counts.settled} of {counts.total} images")
            quarantined = f" [yellow]{counts.quarantined} quarantined[/]" * bool(counts.quarantined)
            failed = f" [red]{counts.failed} failed[/]" * bool(counts.failed)
            put_off = f" [yellow]{counts.put_off} put off[/]" * bool(counts.put_off)
            detail = f"{counts.masks:,} masks{put_off}{quarantined}{failed}"
            bar.update(task, total=counts.total, completed=counts.settled, detail=detail)

        try:
            yield show
        except KeyboardInterrupt:
            bar.stop()
            console.note(f"Stopped. Go on with: maskloop jobs resume {job_id}")
            raise typer.Exit(INTERRUPTED) from None


def tell(view: "JobView", *, as_json: bool) -> None:
    """How a job stands, in a few lines or as JSON. Exits 1 for a failed, 130 for a stopped one."""
    if as_json:
        console.write_json(json_of(view))
    else:
        console.say(summary(view))
        tell_forecast(view)
        if view.job.error:
            console.note(view.job.error)
        if view.counts.done:
            console.say(f"Look at it: maskloop report {view.job.id}")
    end_as(view)


def tell_forecast(view: "JobView") -> None:
    """What was forecast, and what it was in the end; nothing where nothing was forecast."""
    from maskloop.services.forecasts import NAMES, comparison, value

    lines = comparison(view.job, view.spent)
    if view.job.forecast is None or not lines:
        return
    made = view.job.forecast
    console.say(
        f"Forecast of all {made.images:,} images, from {made.sampled} at random, "
        f"with {made.workers} workers:"
    )
    rows = [
        (
            NAMES[line.quantity],
            value(line.quantity, line.expected.mean),
            value(line.quantity, line.expected.low),
            value(line.quantity, line.expected.high),
            None if line.truth is None else value(line.quantity, line.truth),
        )
        for line in lines
    ]
    console.table(["", "expected", "from", "to", "in the end"], rows)


def end_as(view: "JobView") -> None:
    """Leave with the exit code that tells a script how the job ended."""
    if view.job.state is JobState.FAILED:
        raise typer.Exit(1)
    if view.job.error_code == "forecast_made":
        return
    if view.job.error_code == "budget_spent":
        raise typer.Exit(BUDGET_SPENT)
    if view.job.state in (JobState.CANCELLED, JobState.PAUSED):
        raise typer.Exit(INTERRUPTED)


_ITEMLESS = {
    JobKind.EXPORT: "Export",
    JobKind.TRAIN: "Training",
    JobKind.EVALUATE: "Evaluation",
}
"""Kinds that have no images of their own to count, by what people call them."""


def summary(view: "JobView") -> str:
    if (name := _ITEMLESS.get(view.job.kind)) is not None:
        return f"{name} {view.job.id} {view.state}."
    counts = view.counts
    return (
        f"Job {view.job.id} {view.state}: {counts.done} of {counts.total} images done, "
        f"{counts.masks:,} masks, {counts.quarantined} quarantined, {counts.failed} failed."
    )


def json_of(view: "JobView") -> dict[str, object]:
    job, counts = view.job, view.counts
    return {
        "id": job.id,
        "project": view.project,
        "kind": job.kind,
        "state": job.state,
        "worker_lost": view.worker_lost,
        "model_version": view.model_version,
        "parameters": job.parameters,
        "from_job": job.source_job_id,
        "keep_candidates": job.keep_candidates,
        "supersede": job.supersede,
        "priority": job.priority,
        "sample_images": job.sample_images,
        "forecast": None if job.forecast is None else job.forecast.to_json(),
        "budget": job.budget.to_json() or None,
        "worked_seconds": round(job.worked_seconds, 3),
        "images": {
            "total": counts.total,
            "queued": counts.queued,
            "put_off": counts.put_off,
            "leased": counts.leased,
            "done": counts.done,
            "failed": counts.failed,
            "quarantined": counts.quarantined,
        },
        "masks": counts.masks,
        "result": job.result_key,
        "error": job.error,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
