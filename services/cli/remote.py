"""Commands against another machine's server: MASKLOOP_SERVER and MASKLOOP_TOKEN."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from maskloop.platform.forecast import Budget
from maskloop.services.cli import console

if TYPE_CHECKING:
    from maskloop.services.sdk import Client


def client() -> "Client | None":
    """None where the commands mean this machine."""
    from maskloop.platform.settings import load_settings

    settings = load_settings()
    if settings.server is None:
        return None
    from maskloop.services.sdk import Client

    token = None if settings.token is None else settings.token.get_secret_value()
    return Client(settings.server, token=token)


def local_files(locations: Sequence[str]) -> list[Path]:
    """The images that are sent. What lies in a bucket is added by a command on the server."""
    from maskloop.platform.storage.sources import find_images

    if any(location.startswith("s3://") for location in locations):
        reason = "s3:// is read by the server: run the command there, without MASKLOOP_SERVER"
        raise typer.BadParameter(reason)
    return [Path(found.uri) for location in locations for found in find_images(location)]


def add_images(
    server: "Client", project_name: str, locations: Sequence[str], on_seen: Callable[[int], None]
) -> dict[str, Any]:
    """Added, known, and what was refused with its reason."""
    project = server.project(project_name)
    report: dict[str, Any] = {"added": 0, "known": 0, "refused": []}
    for seen, file in enumerate(server.add_images(project.id, local_files(locations)), start=1):
        if file.outcome == "refused":
            reason = {"uri": file.name, "code": file.code, "reason": file.reason}
            report["refused"].append(reason)
        else:
            report[file.outcome] += 1
        on_seen(seen)
    return report


def autolabel(
    server: "Client",
    project_name: str,
    parameters: dict[str, Any],
    *,
    supersede: bool,
    priority: int,
    sample_images: int | None,
    budget: Budget,
    detach: bool,
    as_json: bool,
) -> None:
    """The server's worker does it; without `detach` it is followed to its end."""
    with server:
        project = server.project(project_name)
        job = server.autolabel(
            project.id,
            parameters,
            supersede=supersede,
            priority=priority,
            sample_images=sample_images,
            budget=budget.to_json(),
        )
        if not detach:
            console.note(f"Job {job.id} on the server. Ctrl-C leaves it running there.")
            with console.progress() as bar:
                task = bar.add_task(f"job {job.id}", total=None, detail="")
                job = server.wait_for(
                    project.id,
                    job.id,
                    on_progress=lambda now: bar.update(
                        task, total=now.images, completed=now.settled, detail=now.state
                    ),
                )
    if as_json:
        console.write_json(job.model_dump(mode="json"))
    else:
        console.say(f"Job {job.id} is {job.state}: {job.counts.get('masks', 0)} masks.")
    if job.state in ("failed", "cancelled"):
        raise typer.Exit(1)


def train(
    server: "Client",
    project_name: str,
    asked: dict[str, Any],
    *,
    recipe: dict[str, Any],
    detach: bool,
    as_json: bool,
) -> None:
    """As `autolabel`; `asked`: of `Client.train`; `recipe`: what differs from the policy's."""
    with server:
        project = server.project(project_name)
        whole = server.training_policy(project.id)["recipe"] | recipe
        training = server.train(project.id, recipe=whole, **asked)
        if not detach:
            console.note(f"Training {training.job_id} runs on the server; Ctrl-C leaves it there.")
            with console.progress() as bar:
                task = bar.add_task(f"training {training.job_id}", total=None, detail="")
                training = server.wait_for_training(
                    project.id,
                    training.job_id,
                    on_progress=lambda now: bar.update(
                        task,
                        total=now.steps,
                        completed=0 if now.last_point is None else now.last_point.step,
                        detail=now.state,
                    ),
                )
    if as_json:
        console.write_json(training.model_dump(mode="json"))
    else:
        version = training.model_version
        console.say(
            f"Training {training.job_id} is {training.state}: version {version.number} "
            f"({version.name}) is {version.state}."
        )
        if training.error:
            console.note(training.error)
    if training.state in ("failed", "cancelled"):
        raise typer.Exit(1)
