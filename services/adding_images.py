"""Adding many images to a project, from places and from manifests."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import BoundedSemaphore

from maskloop.platform.db import projects
from maskloop.platform.errors import (
    BadImageError,
    ImageDiffersError,
    MaskloopError,
    StoreDeniedError,
    StoreUnavailableError,
)
from maskloop.platform.image_manifests import (
    BadLine,
    LeftOut,
    ManifestImage,
    ManifestLine,
    read_image_manifest,
)
from maskloop.platform.images import ImageFacts
from maskloop.platform.storage.sources import NamedSources, find_images
from maskloop.services.images import Stored, check, register, store
from maskloop.services.known_sources import Asked, Known, Named, sort_out_known
from maskloop.services.runtime import Runtime

_READERS = 32
"""Threads that fetch and store files: most of their time they wait for a store."""
_CHECKERS = 4
"""Of these decode at the same time, which bounds memory to that many decoded images."""
_AHEAD = 128
"""Files in flight."""
_AHEAD_BYTES = 256 * 1024 * 1024
"""Of files in flight, beyond the next one."""
_UNKNOWN_BYTES = 8 * 1024 * 1024
"""That a file counts for whose size nobody said."""
_AWAY = 8
"""Files in a row for which their store does not answer, or answers no: it is away."""
MOST_TOLD = 1000
"""Refusals that a report holds; the others are counted."""


@dataclass(frozen=True)
class Refusal:
    """A file that did not become an image, and why. `uri`: of a manifest's bad line its place."""

    uri: str
    code: str
    reason: str


@dataclass
class AddReport:
    """What became of the files: `added` are new to the project, `known` it had already.

    `refused` holds the first `MOST_TOLD`, `refused_untold` counts those behind them. `left_out`
    counts lines of an inventory that are no current object with an image's name.
    """

    added: int = 0
    known: int = 0
    refused: list[Refusal] = field(default_factory=list)
    refused_untold: int = 0
    left_out: int = 0

    @property
    def refusals(self) -> int:
        return len(self.refused) + self.refused_untold

    @property
    def seen(self) -> int:
        return self.added + self.known + self.refusals + self.left_out

    def refuse(self, refusal: Refusal) -> None:
        if len(self.refused) < MOST_TOLD:
            self.refused.append(refusal)
        else:
            self.refused_untold += 1


OnProgress = Callable[[AddReport], None]


def _say_nothing(report: AddReport) -> None:
    pass


def add_images(
    runtime: Runtime,
    project_name: str,
    locations: Sequence[str],
    *,
    on_progress: OnProgress = _say_nothing,
) -> AddReport:
    """Check, store and register every image at the locations (see `sources.find_images`).

    A bad file is refused and the rest goes on; so is one whose store does not answer, while others
    are read. The object is written before the row, so a run that is cut off leaves at worst an
    object without a row; running it again adds what is missing.
    """
    endpoint = runtime.settings.s3_endpoint_url
    found = (
        Named(source)
        for location in locations
        for source in find_images(location, s3_endpoint_url=endpoint)
    )
    return _add(runtime, project_name, found, on_progress)


def add_manifest(
    runtime: Runtime,
    project_name: str,
    manifest: str,
    *,
    columns: Sequence[str] | None = None,
    on_progress: OnProgress = _say_nothing,
) -> AddReport:
    """As `add_images`, for what a manifest names (see `image_manifests.read_image_manifest`).

    Its lines are read as they are needed. What it says of an image must be true of the bytes, else
    the image is refused. A bad line is refused with its number.
    """
    endpoint = runtime.settings.s3_endpoint_url
    lines = read_image_manifest(manifest, columns=columns, s3_endpoint_url=endpoint)
    return _add(runtime, project_name, _named(lines, NamedSources(endpoint)), on_progress)


def _named(
    lines: Iterator[ManifestLine], sources: NamedSources
) -> Iterator[Named | BadLine | LeftOut]:
    for line in lines:
        if isinstance(line, ManifestImage):
            source = sources.source(line.uri, size=line.size, etag=line.etag)
            yield Named(replace(source, modified=line.last_modified), line)
        else:
            yield line


def _add(
    runtime: Runtime,
    project_name: str,
    named: Iterator[Named | BadLine | LeftOut],
    on_progress: OnProgress,
) -> AddReport:
    with runtime.engine.connect() as connection:
        project = projects.by_name(connection, project_name)
    report, away = AddReport(), 0
    asked = sort_out_known(runtime, project.id, named)
    for one, outcome in _outcomes(runtime, asked):
        is_away = isinstance(outcome, StoreUnavailableError | StoreDeniedError)
        away = away + 1 if is_away else 0
        if away >= _AWAY and isinstance(outcome, MaskloopError):
            raise outcome
        _settle(runtime, project.id, report, one, outcome)
        on_progress(report)
    return report


_Outcome = Stored | MaskloopError | None
"""None: there was nothing to do."""


def _settle(
    runtime: Runtime, project_id: int, report: AddReport, one: Asked, outcome: _Outcome
) -> None:
    match one, outcome:
        case Named(), Stored():
            new = register(runtime, project_id, one.source.uri, outcome).new
            report.added += new
            report.known += not new
        case Named(), MaskloopError():
            report.refuse(Refusal(one.source.uri, outcome.code, str(outcome)))
        case BadLine(), _:
            report.refuse(Refusal(one.place, "bad_line", f"{one.place}: {one.reason}."))
        case Known(), _:
            report.known += 1
        case LeftOut(), _:
            report.left_out += 1


def _outcomes(runtime: Runtime, asked: Iterator[Asked]) -> Iterator[tuple[Asked, _Outcome]]:
    """In the order that they were asked for, several at a time. An error that ends `asked` comes
    behind the outcomes of all that was asked for before it."""
    adder = _Adder(runtime)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="add-images") as pool:
        waiting: deque[tuple[Asked, Future[_Outcome] | None]] = deque()
        ahead = 0
        try:
            for one in asked:
                ahead += _weight(one)
                while waiting and (len(waiting) >= _AHEAD or ahead > _AHEAD_BYTES):
                    ahead -= _weight(waiting[0][0])
                    yield _first(waiting)
                future = pool.submit(adder.read_and_store, one) if isinstance(one, Named) else None
                waiting.append((one, future))
        except MaskloopError:
            yield from _all(waiting)
            raise
        else:
            yield from _all(waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _all(
    waiting: deque[tuple[Asked, Future[_Outcome] | None]],
) -> Iterator[tuple[Asked, _Outcome]]:
    while waiting:
        yield _first(waiting)


def _weight(one: Asked) -> int:
    if not isinstance(one, Named):
        return 0
    return _UNKNOWN_BYTES if one.source.size is None else one.source.size


def _first(waiting: deque[tuple[Asked, Future[_Outcome] | None]]) -> tuple[Asked, _Outcome]:
    one, future = waiting.popleft()
    return one, None if future is None else future.result()


class _Adder:
    """Does one file after another, in several threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._checking = BoundedSemaphore(_CHECKERS)

    def read_and_store(self, one: Named) -> _Outcome:
        """Errors of this file and of its store are its outcome; those of our own end the run."""
        uri = one.source.uri
        try:
            data = one.source.read(self._runtime.settings.max_image_bytes)
            with self._checking:
                facts = check(self._runtime, data, uri)
            if one.line is not None:
                _check_against(one.line, data, facts)
        except MaskloopError as error:
            if isinstance(error, BadImageError | StoreUnavailableError) or not error.retryable:
                return error
            raise
        return store(self._runtime, data, facts)


def _check_against(line: ManifestImage, data: bytes, facts: ImageFacts) -> None:
    """Raises `ImageDiffersError`. Width and height may be those before the picture is turned."""
    if line.size is not None and line.size != len(data):
        raise ImageDiffersError(line.uri, f"{len(data):,} bytes, it says {line.size:,}")
    if line.sha256 is not None and line.sha256 != facts.sha256:
        raise ImageDiffersError(
            line.uri, f"sha256 {facts.sha256.hex()}, it says {line.sha256.hex()}"
        )
    upright = (facts.width, facts.height)
    said = (line.width or upright[0], line.height or upright[1])
    if said != upright and not (facts.exif_orientation >= 5 and said == upright[::-1]):
        reason = f"{upright[0]} by {upright[1]} pixels, it says {said[0]} by {said[1]}"
        raise ImageDiffersError(line.uri, reason)
