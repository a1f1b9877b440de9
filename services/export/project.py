"""Export a project: its images and their masks in the format of other tools."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from maskloop.platform.db import images, projects
from maskloop.platform.db.projects import Project
from maskloop.platform.errors import ObjectMissingError
from maskloop.platform.states import ProposalState
from maskloop.platform.storage.store import ObjectStore
from maskloop.services.export.coco import CocoWriter
from maskloop.services.export.content import ExportedImage, exported_images
from maskloop.services.export.folder import new_folder
from maskloop.services.export.formats import WAITING_OR_ACCEPTED, ExportFormat, ExportSource
from maskloop.services.export.sa1b import Sa1bWriter
from maskloop.services.runtime import Runtime

Progress = Callable[[int, int], None]
"""Called with images written and images in all."""


@dataclass(frozen=True)
class ExportReport:
    """`pictures` were copied beside the masks; `pictures_gone` are missing in the object store."""

    format: ExportFormat
    folder: Path
    images: int = 0
    masks: int = 0
    images_without_masks: int = 0
    pictures: int = 0
    pictures_gone: int = 0


class Writer(Protocol):
    @property
    def pictures(self) -> Path:
        """The folder for the images' own files."""

    def add(self, item: ExportedImage) -> None: ...

    def close(self) -> None: ...


def export_project(
    runtime: Runtime,
    project_name: str,
    *,
    format: ExportFormat,
    out: Path,
    source: ExportSource = ExportSource.BOTH,
    states: Sequence[ProposalState] = WAITING_OR_ACCEPTED,
    with_pictures: bool = False,
    progress: Progress = lambda done, total: None,
    check_stop: Callable[[], None] = lambda: None,
) -> ExportReport:
    """Write the folder `out`, whole or not at all, from one moment of the database.

    Every image of the project is listed; masks are current annotations and the proposals
    in `states`, as `source` says. `check_stop` is called between images and may raise. Raises
    `NotFoundError`, and for `out` what `new_folder` raises.
    """
    report = ExportReport(format, out)
    with _snapshot(runtime.engine) as connection:
        project = projects.by_name(connection, project_name)
    with new_folder(out) as folder, tempfile.TemporaryFile("w+", dir=folder) as wanted:
        with (
            _snapshot(runtime.engine) as connection,
            closing(_writer(connection, project, format, folder)) as writer,
        ):
            total = images.count(connection, project.id)
            for item in exported_images(connection, project.id, source, states):
                check_stop()
                writer.add(item)
                wanted.write(json.dumps([item.image.key, item.file_name]) + "\n")
                report = _counted(report, item)
                progress(report.images, total)
        if with_pictures:
            wanted.seek(0)
            copied = _checked(map(json.loads, wanted), check_stop)
            report = _copy_pictures(runtime.objects, copied, writer, report)
    return report


def _snapshot(engine: sa.Engine) -> sa.Connection:
    """A connection that sees one moment, however long it reads."""
    return engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )


def _writer(
    connection: sa.Connection, project: Project, wanted: ExportFormat, folder: Path
) -> Writer:
    if wanted is ExportFormat.SA1B:
        return Sa1bWriter(folder)
    categories = projects.list_categories(connection, project.id)
    return CocoWriter(folder, project.name, categories)


def _counted(report: ExportReport, item: ExportedImage) -> ExportReport:
    return replace(
        report,
        images=report.images + 1,
        masks=report.masks + len(item.masks),
        images_without_masks=report.images_without_masks + (not item.masks),
    )


def _checked(
    wanted: Iterator[tuple[str, str]], check_stop: Callable[[], None]
) -> Iterator[tuple[str, str]]:
    for one in wanted:
        check_stop()
        yield one


def _copy_pictures(
    objects: ObjectStore, wanted: Iterator[tuple[str, str]], writer: Writer, report: ExportReport
) -> ExportReport:
    """Outside of any transaction, as the store may be across a network."""
    for key, file_name in wanted:
        try:
            with objects.open(key) as source, (writer.pictures / file_name).open("wb") as target:
                shutil.copyfileobj(source, target)
            report = replace(report, pictures=report.pictures + 1)
        except ObjectMissingError:
            report = replace(report, pictures_gone=report.pictures_gone + 1)
    return report
