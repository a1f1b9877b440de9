"""What an export holds, whatever its format: images under unique names, with their masks."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import sqlalchemy as sa

from maskloop.platform.db import annotations, images, proposals
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.images import Image
from maskloop.platform.db.proposals import Proposal
from maskloop.platform.masks import Rle
from maskloop.platform.states import ProposalState
from maskloop.services.export.formats import ExportSource

_ANNOTATED = (ProposalState.ACCEPTED, ProposalState.CORRECTED)
_LONGEST_STEM = 180
"""Bytes: with a digest and a suffix a name stays below the 255 that file systems allow."""


@dataclass(frozen=True)
class ExportedMask:
    """A proposal's mask, or an annotation's.

    `category_id` is None while nobody has said what the mask shows: always, for a proposal. Scores
    are None where a person drew it. `origin`: what it is in maskloop, by name.
    """

    category_id: int | None
    rle: Rle
    bbox_xywh: tuple[int, int, int, int]
    area: int
    predicted_iou: float | None
    stability_score: float | None
    points_xy: tuple[tuple[float, float], ...]
    crop_box_xywh: tuple[int, int, int, int]
    origin: dict[str, int | str]


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
    connection: sa.Connection,
    project_id: int,
    source: ExportSource,
    states: Sequence[ProposalState],
) -> Iterator[ExportedImage]:
    """Every image of the project by id, those without masks too; annotations come first."""
    names = UniqueNames()
    for page in images.pages(connection, project_id):
        for image in page:
            masks = _masks(connection, project_id, image, source, states)
            yield ExportedImage(image, names.take(image), tuple(masks))


def _masks(
    connection: sa.Connection,
    project_id: int,
    image: Image,
    source: ExportSource,
    states: Sequence[ProposalState],
) -> Iterator[ExportedMask]:
    if source is not ExportSource.PROPOSALS:
        for annotation in annotations.of_image(connection, project_id, image.id):
            yield _of_annotation(annotation)
    if source is ExportSource.BOTH:
        # Of these an annotation has come, which may have been changed or deleted since.
        states = [state for state in states if state not in _ANNOTATED]
    if source is not ExportSource.ANNOTATIONS:
        for proposal in proposals.of_image(connection, project_id, image.id, states):
            yield _of_proposal(proposal)


def _of_annotation(annotation: Annotation) -> ExportedMask:
    drawing = annotation.drawing
    height, width = drawing.mask.rle.size_hw
    return ExportedMask(
        category_id=drawing.category_id,
        rle=drawing.mask.rle,
        bbox_xywh=drawing.mask.bbox_xywh,
        area=drawing.mask.area,
        predicted_iou=drawing.predicted_iou,
        stability_score=None,
        points_xy=tuple(
            (x, y)
            for prompt in drawing.prompts
            for x, y, label in prompt.get("points") or ()
            if label == 1
        ),
        crop_box_xywh=(0, 0, width, height),
        origin={"annotation_id": annotation.id, "revision": annotation.revision},
    )


def _of_proposal(proposal: Proposal) -> ExportedMask:
    mask = proposal.mask
    return ExportedMask(
        category_id=None,
        rle=mask.rle,
        bbox_xywh=mask.bbox_xywh,
        area=mask.area,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        points_xy=(mask.point_xy,),
        crop_box_xywh=mask.crop_box_xywh,
        origin={"proposal_id": proposal.id, "state": proposal.state},
    )


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
