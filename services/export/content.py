"""What an export holds, whatever its format: images under unique names, with their masks."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import sqlalchemy as sa

from maskloop.platform.db import images, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.states import ProposalState

_LONGEST_STEM = 180
"""Bytes: with a digest and a suffix a name stays below the 255 that file systems allow."""


@dataclass(frozen=True)
class ExportedMask:
    """`category_id` is None while nobody has said what the mask shows: always, for a proposal."""

    id: int
    category_id: int | None
    state: ProposalState
    mask: GeneratedMask


@dataclass(frozen=True)
class ExportedImage:
    image: Image
    file_name: str
    masks: tuple[ExportedMask, ...]

    @property
    def stem(self) -> str:
        """Unique in the export too, so that `<stem>.json` can stand beside the picture."""
        return PurePosixPath(self.file_name).stem


def exported_images(
    connection: sa.Connection, project_id: int, states: Sequence[ProposalState]
) -> Iterator[ExportedImage]:
    """Every image of the project by id, those without masks too."""
    names = UniqueNames()
    for page in images.pages(connection, project_id):
        for image in page:
            found = proposals.of_image(connection, project_id, image.id, states)
            masks = tuple(ExportedMask(one.id, None, one.state, one.mask) for one in found)
            yield ExportedImage(image, names.take(image), masks)


class UniqueNames:
    """File names after the images' sources, unique even by stem and where case does not count.

    The first image of a name keeps it; a later one carries the beginning of its sha256.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def take(self, image: Image) -> str:
        name = PurePosixPath(image.source_uri).name
        suffix = PurePosixPath(name).suffix
        stem = _shortened(name.removesuffix(suffix)) or "image"
        for length in (0, 8, 16, 32, 64):
            candidate = f"{stem}-{image.sha256.hex()[:length]}" if length else stem
            key = hash(unicodedata.normalize("NFC", candidate).casefold())
            if key not in self._taken:
                break
        self._taken.add(key)
        return candidate + suffix


def _shortened(stem: str) -> str:
    return stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
