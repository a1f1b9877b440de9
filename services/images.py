"""Adding images to a project."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from maskloop.platform.db import images, projects
from maskloop.platform.db.images import Registered
from maskloop.platform.errors import BadImageError, MaskloopError
from maskloop.platform.images import ImageFacts, Limits, read_image
from maskloop.platform.storage.sources import Source, find_images
from maskloop.platform.storage.store import ObjectStore
from maskloop.services.runtime import Runtime

_READERS = 4
"""Threads that read and check files; decoding frees the interpreter, reading waits."""
_AHEAD = 32
"""Files in flight: bounds memory to that many encoded images and `_READERS` decoded ones."""


@dataclass(frozen=True)
class Refusal:
    """A file that did not become an image, and why."""

    uri: str
    code: str
    reason: str


@dataclass
class AddReport:
    """What became of the files: `added` are new to the project, `known` it had already."""

    added: int = 0
    known: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def seen(self) -> int:
        return self.added + self.known + len(self.refused)


@dataclass(frozen=True)
class _Stored:
    facts: ImageFacts
    byte_size: int


@dataclass(frozen=True)
class Added:
    """`new`: the project did not have these bytes before."""

    image_id: int
    new: bool
    facts: ImageFacts


def add_image(runtime: Runtime, project_id: int, data: bytes, source_uri: str) -> Added:
    """Check, store and register one image. Raises a `BadImageError` that names the source."""
    stored = _store(runtime, data, source_uri)
    registered = _register(runtime, project_id, source_uri, stored)
    return Added(registered.id, registered.new, stored.facts)


def add_images(
    runtime: Runtime,
    project_name: str,
    locations: Sequence[str],
    *,
    on_progress: Callable[[AddReport], None] = lambda report: None,
) -> AddReport:
    """Check, store and register every image at the locations (see `sources.find_images`).

    A bad file is refused and the rest goes on. The object is written before the row, so a run that
    is cut off leaves at worst an object without a row; running it again adds what is missing.
    """
    with runtime.engine.connect() as connection:
        project = projects.by_name(connection, project_name)
    report = AddReport()
    for source, outcome in _check_and_store(runtime, _sources(runtime, locations)):
        if isinstance(outcome, MaskloopError):
            report.refused.append(Refusal(source.uri, outcome.code, str(outcome)))
        elif _register(runtime, project.id, source.uri, outcome).new:
            report.added += 1
        else:
            report.known += 1
        on_progress(report)
    return report


def _sources(runtime: Runtime, locations: Sequence[str]) -> Iterator[Source]:
    for location in locations:
        yield from find_images(location, s3_endpoint_url=runtime.settings.s3_endpoint_url)


def _check_and_store(
    runtime: Runtime, sources: Iterator[Source]
) -> Iterator[tuple[Source, _Stored | MaskloopError]]:
    """In the order of the sources, several at a time."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="add-images") as pool:
        waiting: deque[tuple[Source, Future[_Stored | MaskloopError]]] = deque()
        try:
            for source in sources:
                waiting.append((source, pool.submit(_read_and_store, runtime, source)))
                if len(waiting) >= _AHEAD:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _first(
    waiting: deque[tuple[Source, Future[_Stored | MaskloopError]]],
) -> tuple[Source, _Stored | MaskloopError]:
    source, future = waiting.popleft()
    return source, future.result()


def _read_and_store(runtime: Runtime, source: Source) -> _Stored | MaskloopError:
    """Errors of this file are its outcome; those of our own store end the run."""
    try:
        data = source.read(runtime.settings.max_image_bytes)
    except MaskloopError as error:
        if isinstance(error, BadImageError) or not error.retryable:
            return error
        raise
    try:
        return _store(runtime, data, source.uri)
    except BadImageError as error:
        return error


def _store(runtime: Runtime, data: bytes, source_uri: str) -> _Stored:
    _, facts = read_image(data, source_uri, Limits(runtime.settings.max_image_pixels))
    _keep(runtime.objects, images.object_key(facts.sha256), data)
    return _Stored(facts, len(data))


def _keep(objects: ObjectStore, key: str, data: bytes) -> None:
    """Write an object; one of another length is no longer what its key says, and replaced."""
    if not objects.put(key, data):
        there = objects.info(key)
        if there is None or there.size != len(data):
            objects.delete(key)
            objects.put(key, data)


def _register(runtime: Runtime, project_id: int, source_uri: str, stored: _Stored) -> Registered:
    with runtime.engine.begin() as connection:
        return images.register(
            connection,
            project_id,
            stored.facts,
            source_uri=source_uri,
            byte_size=stored.byte_size,
        )
