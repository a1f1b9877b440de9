"""Export jobs: a project's masks as a ZIP in the object store, made by whoever works on jobs."""

import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from maskloop.platform.db import audit_events, jobs, projects
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Job
from maskloop.platform.errors import (
    ExportNotReadyError,
    LeaseLostError,
    ObjectMissingError,
    WrongJobKindError,
)
from maskloop.platform.states import JobKind, JobState
from maskloop.services.export.formats import ExportParameters
from maskloop.services.export.project import export_project
from maskloop.services.held_jobs import (
    HeldJob,
    Interrupted,
    end,
    end_as_cancelled,
    held_job,
)
from maskloop.services.jobs import JobView, view
from maskloop.services.runtime import Runtime


def submit_export(
    runtime: Runtime, project_id: int, parameters: ExportParameters, *, by: int | None = None
) -> int:
    """Queue an export of a project as it will be when a worker begins; the job's id. `by`: who asks
    for it, None on the command line.

    Raises `NotFoundError`.
    """
    with runtime.engine.begin() as connection:
        return submit_export_in(connection, project_id, parameters, by=by)


def submit_export_in(
    connection: sa.Connection,
    project_id: int,
    parameters: ExportParameters,
    *,
    by: int | None = None,
) -> int:
    """`submit_export` in the caller's transaction."""
    projects.by_id(connection, project_id)
    job_id = jobs.insert(
        connection,
        project_id=project_id,
        kind=JobKind.EXPORT,
        parameters=parameters.to_json(),
        keep_candidates=False,
    )
    audit_events.record(
        connection,
        project_id=project_id,
        user_id=by,
        action="export asked for",
        subject="job",
        subject_id=job_id,
        detail=parameters.to_json(),
    )
    return job_id


def run_export(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
    when_interrupted: Interrupted = end_as_cancelled,
    stop: threading.Event | None = None,
) -> JobView:
    """Claim an export and make its file; a resume makes it from the beginning.

    What stops it ends as `held_job` says. `stop` leaves the job to another worker, between images.
    """
    with held_job(
        runtime,
        job_id,
        kind=JobKind.EXPORT,
        take_over=take_over,
        when_interrupted=when_interrupted,
        stop=stop,
    ) as held:
        _finish(held, _export(held, on_progress))
    return view(runtime, job_id)


def _export(held: HeldJob, on_progress: Callable[[Counts], None]) -> str:
    """The key of the file, which is in the object store and in nobody's row yet."""
    runtime, job = held.runtime, held.job
    parameters = ExportParameters.from_json(job.parameters)
    with runtime.engine.connect() as connection:
        project = projects.by_id(connection, job.project_id)
    with tempfile.TemporaryDirectory(prefix="maskloop-export-") as name:
        folder = Path(name)
        export_project(
            runtime,
            project.name,
            format=parameters.format,
            out=folder / "export",
            source=parameters.source,
            states=parameters.states,
            with_pictures=parameters.with_pictures,
            progress=lambda done, total: on_progress(Counts(queued=total - done, done=done)),
            check_stop=held.check_stop,
        )
        packed = folder / "export.zip"
        pack(folder / "export", packed, check_stop=held.check_stop)
        key = f"{_prefix(job)}{held.lease.token.hex}.zip"
        with packed.open("rb") as data:
            runtime.objects.put(key, data)
    return key


def pack(folder: Path, packed: Path, *, check_stop: Callable[[], None]) -> None:
    """A ZIP of a folder's files; pictures are compressed already and stored as they are."""
    with zipfile.ZipFile(packed, "w", strict_timestamps=False) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            check_stop()
            is_text = path.suffix == ".json"
            method = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
            archive.write(path, path.relative_to(folder).as_posix(), compress_type=method)


def _prefix(job: Job) -> str:
    """Of the files of one job: each worker that held it writes under its lease's token."""
    return f"exports/{job.project_id}/{job.id}-"


def _finish(held: HeldJob, key: str) -> None:
    """The file is the job's, or nobody's and removed."""
    objects = held.runtime.objects
    try:
        end(held.runtime, held.job.id, held.lease, JobState.SUCCEEDED, result_key=key)
    except LeaseLostError:
        objects.delete(key)
        raise
    for found in list(objects.list(_prefix(held.job))):
        if found.key != key:  # of a worker that died between its file and its row
            objects.delete(found.key)


def open_result(runtime: Runtime, project_id: int, job_id: int) -> tuple[BinaryIO, int]:
    """The ZIP and its size in bytes; the caller closes it.

    Raises `NotFoundError`, `WrongJobKindError`, `ExportNotReadyError`, `ObjectMissingError`.
    """
    with runtime.engine.connect() as connection:
        job = jobs.by_id(connection, job_id, project_id)
    if job.kind is not JobKind.EXPORT:
        raise WrongJobKindError(job_id, job.kind, JobKind.EXPORT)
    if job.result_key is None:
        raise ExportNotReadyError(job_id, job.state)
    stream = runtime.objects.open(job.result_key)
    info = runtime.objects.info(job.result_key)
    if info is None:
        with closing(stream):
            raise ObjectMissingError(job.result_key, runtime.objects.url)
    return stream, info.size
