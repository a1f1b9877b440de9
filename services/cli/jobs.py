"""`maskloop jobs …`"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.platform.forecast import Budget
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services.cli import console
from maskloop.services.cli.autolabel import json_of, progress_of, tell, tell_forecast
from maskloop.services.cli.options import AsJson, JobId, runtime
from maskloop.services.cli.training import training_progress

if TYPE_CHECKING:
    from maskloop.platform.db.job_items import Counts
    from maskloop.platform.db.job_ledger import LedgerRow
    from maskloop.services.jobs import JobView

jobs = typer.Typer(no_args_is_help=True, help="Background work: see it, stop it, go on with it.")


_SHOWN = 50
"""Bad images that `show` prints."""


@jobs.command("list")
def list_all(
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest jobs."""
    from maskloop.services.jobs import list_jobs

    with runtime() as opened:
        views = list_jobs(opened, limit=limit)
    if as_json:
        console.write_json([json_of(view) for view in views])
    elif not views:
        console.say("No jobs yet. Start one with: maskloop autolabel PROJECT")
    else:
        columns = [column for column in _COLUMNS if column.is_wanted(views)]
        rows = [[column.of(view) for column in columns] for view in views]
        console.table([column.name for column in columns], rows)


@dataclass(frozen=True)
class _Column:
    """`is_rare`: left out where it would be empty or zero throughout."""

    name: str
    of: Callable[["JobView"], object]
    is_rare: bool = False

    def is_wanted(self, views: Sequence["JobView"]) -> bool:
        return not self.is_rare or any(self.of(view) for view in views)


def _counted(figure: Callable[["Counts"], int]) -> Callable[["JobView"], int | None]:
    """Only autolabel has images of its own to count."""
    return lambda view: figure(view.counts) if view.job.kind is JobKind.AUTOLABEL else None


_COLUMNS = (
    _Column("job", lambda view: view.job.id),
    _Column("kind", lambda view: view.job.kind),
    _Column("project", lambda view: view.project),
    _Column("state", lambda view: view.state),
    _Column("priority", lambda view: view.job.priority, is_rare=True),
    _Column("done", _counted(lambda counts: counts.done)),
    _Column("of", _counted(lambda counts: counts.total)),
    _Column("put off", _counted(lambda counts: counts.put_off), is_rare=True),
    _Column("quarantined", _counted(lambda counts: counts.quarantined)),
    _Column("failed", _counted(lambda counts: counts.failed)),
    _Column("masks", _counted(lambda counts: counts.masks)),
)


@jobs.command("show")
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """One job, with the images that could not be done, or not yet, and why."""
    from maskloop.services.jobs import troubled_items, view

    with runtime() as opened:
        found = view(opened, job_id)
        troubles = troubled_items(opened, job_id)
    if as_json:
        items = [
            {
                "source": row.source_uri,
                "state": row.state,
                "code": row.error_code,
                "error": row.error,
                "retry_at": row.retry_at,
            }
            for row in troubles
        ]
        console.write_json(json_of(found) | {"troubles": items})
        return
    for name, value in json_of(found).items():
        if value is not None and name != "forecast":
            console.say(f"{name:14} {_plain(value)}")
    tell_forecast(found)
    for row in troubles[:_SHOWN]:
        console.say(f"{_trouble(row)} {row.error_code}: {row.error}")
    if len(troubles) > _SHOWN:
        console.say(f"… and {len(troubles) - _SHOWN} more; --json has all of them")


def _trouble(row: "LedgerRow") -> str:
    if row.retry_at is None:
        return str(row.state)
    return f"put off until {row.retry_at:%H:%M:%S %Z} (try {row.retries + 1})"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)


@jobs.command("cancel")
def cancel(job_id: JobId) -> None:
    """Stop a job; what is done stays, and it can be resumed."""
    from maskloop.services.steering import cancel as cancel_job

    with runtime() as opened:
        state = cancel_job(opened, job_id)
    if state is JobState.CANCELLED:
        console.say(f"Job {job_id} is cancelled.")
    else:
        console.say(f"Job {job_id} was asked to stop; its worker ends after the images in hand.")


@jobs.command("pause")
def pause(job_id: JobId) -> None:
    """Let a job wait until it is resumed; what is done stays."""
    from maskloop.services.steering import pause as pause_job

    with runtime() as opened:
        state = pause_job(opened, job_id)
    if state is JobState.PAUSED:
        console.say(f"Job {job_id} is paused. Go on with: maskloop jobs resume {job_id}")
    else:
        console.say(
            f"Job {job_id} was asked to wait; its worker leaves it after the image in hand."
        )


@jobs.command("priority")
def priority(
    job_id: JobId,
    value: Annotated[int, typer.Argument(metavar="PRIORITY", help="From -100 to 100.")],
) -> None:
    """Put a job before those of a lower priority (0 is usual)."""
    from maskloop.services.steering import prioritize

    with runtime() as opened:
        prioritize(opened, job_id, value)
    console.say(f"Job {job_id} has priority {value}.")


@jobs.command("budget")
def budget(
    job_id: JobId,
    value: Annotated[
        str | None,
        typer.Argument(metavar="BUDGET", help="In all: 8h of workers, 50GB, 1000000masks."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="As much as it takes.")] = False,
) -> None:
    """How much a job may spend in all; it is paused when that is spent."""
    from maskloop.services.steering import set_budget

    if (value is None) != none:
        raise typer.BadParameter("give either a BUDGET or --none")
    wanted = Budget() if value is None else Budget.parse(value)
    with runtime() as opened:
        set_budget(opened, job_id, wanted)
    console.say(f"Job {job_id} may spend {str(wanted) or 'as much as it takes'}.")


@jobs.command("resume")
def resume(
    job_id: JobId,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Even if another worker seems alive.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a job that was stopped or paused, failed, or lost its worker."""
    from maskloop.services.jobs import check_resumable, view

    with runtime() as opened:
        check_resumable(opened, job_id)  # before seconds go into loading Ray and the model
        from maskloop.services.running import run

        if view(opened, job_id).job.kind is JobKind.TRAIN:
            with training_progress(job_id) as curve:
                found = run(opened, job_id, take_over=take_over, on_point=curve)
        else:
            with progress_of(job_id) as bar:
                found = run(opened, job_id, take_over=take_over, on_progress=bar)
    tell(found, as_json=as_json)


@jobs.command("retry")
def retry(
    job_id: JobId,
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="The images that were set aside as bad.")
    ] = False,
) -> None:
    """Put a job's bad images back into its queue, then `maskloop jobs resume` does them."""
    from maskloop.services.jobs import retry_quarantined

    if not quarantined:
        raise typer.BadParameter("say which: --quarantined (failed ones come back by `resume`)")
    with runtime() as opened:
        count = retry_quarantined(opened, job_id)
    if count:
        console.say(f"{count} images are queued again. Go on with: maskloop jobs resume {job_id}")
    else:
        console.say(f"Job {job_id} has no {ItemState.QUARANTINED} images.")
