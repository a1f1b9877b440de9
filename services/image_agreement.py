"""How far people agree who labelled the same images, without knowing of each other."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import sqlalchemy as sa

from maskloop.platform.agreement import Alpha, Undefined, alpha_of, units_of
from maskloop.platform.db import folds
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.intervals import Interval, clustered_share_of, mean_of
from maskloop.platform.masks import iou_matrix
from maskloop.platform.states import FoldState, PassOutcome

_MOST: Final = 2_000
"""Images that figures are made of: the newest."""
_NOT_DRAWN: Final = "not drawn"


@dataclass(frozen=True)
class ImageAgreement:
    """Of images that as many people as were asked are through with."""

    images: int
    """That two people or more labelled."""
    passes: int
    """Their labelings; skipped ones are not compared."""
    settled: int
    """Of these images, those that are decided."""
    in_dispute: int
    """Of all images."""
    mean_iou: Interval | None
    """Of every two masks of the same object, with an interval over images; None where no two
    are."""
    found_by_all: Interval | None
    """Share of objects that each of an image's people drew, with an interval over images; None
    where nobody drew any."""
    alpha: Alpha | Undefined
    """Krippendorff's, of categories; not drawn is one of them."""


@dataclass(frozen=True)
class _Object:
    image_id: int
    by_all: bool
    ious: Sequence[float]
    said: Sequence[Hashable]


def of_images(
    connection: sa.Connection, project_id: int, *, queue_id: int | None
) -> ImageAgreement:
    through = folds.page(
        connection,
        project_id,
        states=(FoldState.DISPUTED, FoldState.SETTLED),
        queue_id=queue_id,
        limit=_MOST,
    )
    passes = folds.passes_of(connection, project_id, [one.image_id for one in through])
    labeled = {
        image_id: [one for one in each if one.outcome is PassOutcome.DONE]
        for image_id, each in passes.items()
    }
    compared = {image_id: each for image_id, each in labeled.items() if len(each) > 1}
    every = [one for each in compared.values() for one in each]
    drawn = folds.drawn_in_each(connection, project_id, every)
    objects = [
        one
        for image_id, each in compared.items()
        for one in _objects(image_id, {one.id: drawn[one.id] for one in each})
    ]
    ious = [(iou, one.image_id) for one in objects for iou in one.ious]
    places = [one.image_id for one in objects]
    return ImageAgreement(
        images=len(compared),
        passes=len(every),
        settled=sum(one.state is FoldState.SETTLED for one in through if one.image_id in compared),
        in_dispute=folds.count_disputed(connection, project_id),
        mean_iou=mean_of([iou for iou, _ in ious], [place for _, place in ious]),
        found_by_all=clustered_share_of([one.by_all for one in objects], places),
        alpha=alpha_of([one.said for one in objects], [str(place) for place in places]),
    )


def _objects(image_id: int, drawn: Mapping[int, Sequence[Annotation]]) -> list[_Object]:
    """`drawn`: by pass."""
    masks = {one: [each.drawing.mask.rle for each in theirs] for one, theirs in drawn.items()}
    found = []
    for unit in units_of({one: each for one, each in masks.items() if each}):
        of_one = [masks[one][place] for one, place in unit.items()]
        ious = iou_matrix(of_one, of_one)
        said = [
            drawn[one][unit[one]].drawing.category_id if one in unit else _NOT_DRAWN
            for one in drawn
        ]
        pairs = combinations(range(len(of_one)), 2)
        found.append(
            _Object(
                image_id,
                by_all=len(unit) == len(drawn),
                ious=[float(ious[ours, theirs]) for ours, theirs in pairs],
                said=said,
            )
        )
    return found
