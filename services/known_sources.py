"""Which of the images that somebody names a project has already, without reading them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from maskloop.platform.db import images
from maskloop.platform.db.images import FromSource
from maskloop.platform.errors import MaskloopError
from maskloop.platform.image_manifests import BadLine, LeftOut, ManifestImage
from maskloop.platform.storage.sources import Source
from maskloop.services.runtime import Runtime

_TOGETHER = 1000
"""Names that the database is asked about at once."""
SETTLED: Final = timedelta(minutes=10)
"""An object that was last written so long before its image was added is the one that was read."""


@dataclass(frozen=True)
class Named:
    """An image to be added; `line`: what a manifest says of it."""

    source: Source
    line: ManifestImage | None = None

    @property
    def may_be_known(self) -> bool:
        """A file on disk is read again: that costs little, and its times prove little."""
        return self.line is not None or self.source.modified is not None


@dataclass(frozen=True)
class Known:
    """The project has it."""

    uri: str


Asked = Named | Known | BadLine | LeftOut


def sort_out_known(
    runtime: Runtime, project_id: int, asked: Iterable[Named | BadLine | LeftOut]
) -> Iterator[Asked]:
    """The same in order, with `Known` in place of what need not be read.

    An error that ends `asked` comes behind all that was asked for before it.
    """
    left = iter(asked)
    ended: MaskloopError | None = None
    while ended is None:
        some, ended = _next(left)
        if not some and ended is None:
            return
        yield from _sorted_out(runtime, project_id, some)
    raise ended


def _next(
    left: Iterator[Named | BadLine | LeftOut],
) -> tuple[list[Named | BadLine | LeftOut], MaskloopError | None]:
    some: list[Named | BadLine | LeftOut] = []
    try:
        some.extend(islice(left, _TOGETHER))
    except MaskloopError as error:
        return some, error
    return some, None


def _sorted_out(
    runtime: Runtime, project_id: int, asked: Sequence[Named | BadLine | LeftOut]
) -> Iterator[Asked]:
    named = [one for one in asked if isinstance(one, Named) and one.may_be_known]
    digests = [one.line.sha256 for one in named if one.line and one.line.sha256]
    there: Mapping[str, list[FromSource]] = {}
    had: set[bytes] = set()
    if named:
        with runtime.engine.connect() as connection:
            there = images.from_sources(connection, project_id, [one.source.uri for one in named])
            had = images.with_digests(connection, project_id, digests) if digests else set()
    for one in asked:
        if isinstance(one, Named) and one.may_be_known and _is_known(one, there, had):
            yield Known(one.source.uri)
        else:
            yield one


def _is_known(one: Named, there: Mapping[str, list[FromSource]], had: set[bytes]) -> bool:
    """By its digest where that is given, else by its place, size and time as far as they are."""
    if one.line is not None and one.line.sha256 is not None:
        return one.line.sha256 in had
    size, modified = one.source.size, one.source.modified
    return any(
        (size is None or size == image.byte_size) and _settled(modified, image.created_at)
        for image in there.get(one.source.uri, ())
    )


def _settled(modified: datetime | None, added: datetime) -> bool:
    return modified is None or modified < added - SETTLED
