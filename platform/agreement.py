"""How far people agree who labelled the same images: on where objects are, on their outlines, and
on what they are called."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from maskloop.platform.bootstrap import CONFIDENCE, draws_of
from maskloop.platform.intervals import Interval, mean_of
from maskloop.platform.masks import Rle, iou_matrix

SAME_OBJECT: Final = 0.5
"""IoU from which on two masks may be of one object."""

Floats = npt.NDArray[np.float64]
Person = TypeVar("Person", bound=Hashable)


@dataclass(frozen=True)
class Pair:
    """One object as two people have it; `ours` and `theirs` are places in their lists."""

    ours: int
    theirs: int
    iou: float


@dataclass(frozen=True)
class Likeness:
    """Of the masks of two people over the same images."""

    mean_iou: Interval | None
    """Of what both have, with an interval over images; None where that is nothing."""
    f1: float | None
    """Share of all objects that have a partner; None where there is no object."""
    pairs: int
    objects: int
    """Of both people."""


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's alpha: 1 is perfect agreement, 0 that of chance."""

    value: float
    low: float
    high: float
    units: int
    """Objects that two people or more gave a category."""


@dataclass(frozen=True)
class Undefined:
    """There is no alpha, for a reason in words."""

    reason: str


def pairs_of(
    ours: Sequence[Rle], theirs: Sequence[Rle], *, least: float = SAME_OBJECT
) -> list[Pair]:
    """Objects of two people on one image, each in one pair at most, so that the sum of the pairs'
    IoU is the largest possible (H. W. Kuhn, 1955); none below `least`."""
    ious = iou_matrix(list(ours), list(theirs))
    allowed = np.where(ious >= least, ious, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    return [
        Pair(int(row), int(column), float(ious[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if allowed[row, column] > 0
    ]


def likeness_of(
    images: Mapping[str, tuple[Sequence[Rle], Sequence[Rle]]], *, least: float = SAME_OBJECT
) -> Likeness:
    """`images`: by image what the one and the other have."""
    ious, places, objects = [], [], 0
    for image, (ours, theirs) in images.items():
        found = pairs_of(ours, theirs, least=least)
        ious += [pair.iou for pair in found]
        places += [image] * len(found)
        objects += len(ours) + len(theirs)
    f1 = 2 * len(ious) / objects if objects else None
    return Likeness(mean_of(ious, places), f1, len(ious), objects)


def units_of(
    objects: Mapping[Person, Sequence[Rle]], *, least: float = SAME_OBJECT
) -> list[dict[Person, int]]:
    """What several people have on one image, put together object by object: in each unit the place
    in each one's list, for those who have it; each person's object stands in exactly one unit.

    Pairs of every two people are joined, the most alike first, unless that would bring two objects
    of one person together. Units are in the order of their first object.
    """
    unit_of = {
        (person, place): {person: place}
        for person, masks in objects.items()
        for place in range(len(masks))
    }
    for _, one, other in _edges(objects, least):
        ours, theirs = unit_of[one], unit_of[other]
        if ours.keys().isdisjoint(theirs):
            ours.update(theirs)
            unit_of.update(dict.fromkeys(theirs.items(), ours))
    return list({id(unit): unit for unit in unit_of.values()}.values())


def _edges(
    objects: Mapping[Person, Sequence[Rle]], least: float
) -> list[tuple[float, tuple[Person, int], tuple[Person, int]]]:
    """By falling IoU; equal ones stay in the order of people and objects."""
    edges = [
        (pair.iou, (one, pair.ours), (other, pair.theirs))
        for one, other in combinations(objects, 2)
        for pair in pairs_of(objects[one], objects[other], least=least)
    ]
    return sorted(edges, key=lambda edge: -edge[0])


def alpha_of(
    units: Sequence[Sequence[Hashable]],
    images: Sequence[str],
    *,
    confidence: float = CONFIDENCE,
) -> Alpha | Undefined:
    """Of categories; `units`: of each object those that people gave it, however many did, and
    `images`: on which image it is.

    K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, section C: nominal data, any
    number of observers, values missing. The interval is a bootstrap over images, or over units
    where there is one image; draws in which everything has the same category have no alpha and are
    left out. Where that holds of all the units, nothing shows that people could have differed.
    """
    counts = _counts(units)
    shared = counts.sum(axis=1) >= 2
    if not shared.any():
        return Undefined("no object was given a category by two people")
    counts = counts[shared]
    if (counts.sum(axis=0) > 0).sum() == 1:
        return Undefined("everything was given the same category, so chance alone would agree")
    places = np.unique(np.asarray(images)[shared], return_inverse=True)[1]
    if places.max() == 0:
        places = np.arange(len(counts))
    drawn = _alphas(counts, draws_of(int(places.max()) + 1)[:, places])
    low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    value = _alphas(counts, np.ones((1, len(counts))))[0]
    return Alpha(float(value), float(low), float(high), len(counts))


def _counts(units: Sequence[Sequence[Hashable]]) -> Floats:
    """(units, categories): by how many people."""
    categories = {category: None for unit in units for category in unit}
    columns = {category: column for column, category in enumerate(categories)}
    counts = np.zeros((len(units), len(columns)))
    for row, unit in enumerate(units):
        for category in unit:
            counts[row, columns[category]] += 1
    return counts


def _alphas(counts: Floats, times: Floats) -> Floats:
    """(draws,) from counts (units, categories) of two people or more and how often each unit is
    drawn, (draws, units); NaN where one category is drawn alone.

    Of a unit with m values, those pairs that differ are m^2 - sum of squares, and weigh 1/(m - 1):
    the off-diagonal sum of the coincidence matrix.
    """
    values = counts.sum(axis=1)
    differing = (values**2 - (counts**2).sum(axis=1)) / (values - 1)
    observed = times @ differing
    total, totals = times @ values, times @ counts
    expected = (total**2 - (totals**2).sum(axis=1)) / (total - 1)
    undefined = expected == 0
    return np.where(undefined, np.nan, 1 - observed / np.where(undefined, 1, expected))
