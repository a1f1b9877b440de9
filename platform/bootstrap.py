"""Means over objects, with intervals that know that objects of an image are alike.

The bootstrap draws images, not objects (a cluster bootstrap; Efron and Tibshirani, An Introduction
to the Bootstrap, 1993, chapters 8 and 13): a hundred nuclei of one photograph are no hundred
independent witnesses. Two versions are compared by the differences object by object, so that hard
objects, which are hard for both, do not widen the interval.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from maskloop.platform.errors import NotComparableError
from maskloop.platform.evaluation import Comparison, Figure, ObjectScore, Size, Summary
from maskloop.platform.training import METRICS

RESAMPLES: Final = 2000
CONFIDENCE: Final = 0.95
_SEED: Final = 0
"""Fixed: the same scores have the same interval, wherever and whenever it is worked out."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Row:
    """One object's values by metric: figures, or differences of figures."""

    image: str
    category: str
    size: Size
    values: dict[str, float]


def summarize(scores: Sequence[ObjectScore], *, confidence: float = CONFIDENCE) -> Summary:
    """Raises `NotComparableError` for no scores at all."""
    rows = [_row(score, _figures(score)) for score in _in_order(scores)]
    return Summary(
        overall=_all(rows, confidence),
        by_category=_by(rows, lambda row: row.category, confidence),
        by_size=_by(rows, lambda row: row.size.value, confidence),
        objects=len(rows),
        images=_images(rows),
        click_milliseconds=_click_milliseconds(scores),
    )


def compare(
    champion: Sequence[ObjectScore],
    challenger: Sequence[ObjectScore],
    general: tuple[Sequence[ObjectScore], Sequence[ObjectScore]] | None = None,
    *,
    slowdown: float,
    confidence: float = CONFIDENCE,
) -> Comparison:
    """`general`: champion's and challenger's on the general set. `slowdown` is not in the scores:
    each version's were timed on a day of its own.

    Raises `NotComparableError` unless both measured the same objects in the same metrics.
    """
    rows = _differences(champion, challenger)
    elsewhere = [] if general is None else _differences(*general)
    return Comparison(
        overall=_all(rows, confidence),
        by_category=_by(rows, lambda row: row.category, confidence),
        by_size=_by(rows, lambda row: row.size.value, confidence),
        general=_all(elsewhere, confidence),
        images=_images(rows),
        general_images=_images(elsewhere),
        slowdown=slowdown,
        champion=_means(champion),
        challenger=_means(challenger),
    )


def figure_of(values: Floats, images: Sequence[str], *, confidence: float = CONFIDENCE) -> Figure:
    """The mean of one value per object, with its percentile interval; `images` says whose each is.

    Where there is one image alone nothing is known of others: its objects are drawn instead, and
    the interval speaks of that image only.
    """
    _, places = np.unique(np.asarray(images), return_inverse=True)
    if places.max() == 0:
        places = np.arange(len(values))
    sums, counts = np.bincount(places, weights=values), np.bincount(places)
    drawn = draws_of(len(counts))
    means = (drawn @ sums) / (drawn @ counts)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Figure(mean=float(values.mean()), low=float(low), high=float(high), count=len(values))


@lru_cache(maxsize=4)
def draws_of(clusters: int) -> Floats:
    """(RESAMPLES, clusters): how often each is drawn, in as many draws as there are. Kept for the
    next metric, since most are of the same images."""
    random = np.random.default_rng(_SEED)
    even = np.full(clusters, 1 / clusters)
    return random.multinomial(clusters, even, size=RESAMPLES).astype(np.float64)


def _images(rows: Sequence[_Row]) -> int:
    return len({row.image for row in rows})


def _all(rows: Sequence[_Row], confidence: float) -> dict[str, Figure]:
    """By metric; without those that no object has."""
    found = {}
    for metric in METRICS:
        measured = [row for row in rows if metric in row.values]
        if measured:
            values = np.array([row.values[metric] for row in measured], dtype=np.float64)
            images = [row.image for row in measured]
            found[metric] = figure_of(values, images, confidence=confidence)
    return found


def _by(
    rows: Sequence[_Row], key: Callable[[_Row], str], confidence: float
) -> dict[str, dict[str, Figure]]:
    """The same of each group; images without an object of the group are not drawn."""
    names = sorted({key(row) for row in rows})
    return {name: _all([row for row in rows if key(row) == name], confidence) for name in names}


def _row(score: ObjectScore, values: dict[str, float]) -> _Row:
    return _Row(score.image_sha256, score.category, score.size, values)


def _figures(score: ObjectScore) -> dict[str, float]:
    found = {metric: score.figure(metric) for metric in METRICS}
    return {metric: float(value) for metric, value in found.items() if value is not None}


def _differences(champion: Sequence[ObjectScore], challenger: Sequence[ObjectScore]) -> list[_Row]:
    ours, theirs = _in_order(challenger), _in_order(champion)
    _check_same_objects(theirs, ours)
    rows = []
    for old, new in zip(theirs, ours, strict=True):
        before, after = _figures(old), _figures(new)
        if before.keys() != after.keys():
            only = ", ".join(sorted(before.keys() ^ after.keys()))
            raise NotComparableError(
                f"of annotation {old.annotation_id} one has {only} and the other has not"
            )
        rows.append(_row(new, {metric: after[metric] - before[metric] for metric in before}))
    return rows


def _check_same_objects(champion: Sequence[ObjectScore], challenger: Sequence[ObjectScore]) -> None:
    before, after = _identities(champion), _identities(challenger)
    odd = sorted(number for number, _, _, _ in before ^ after)
    if odd:
        raise NotComparableError(
            f"they measured {len(before)} and {len(after)} objects, and not the same ones; "
            f"annotation {odd[0]} is the first that differs"
        )


def _identities(scores: Iterable[ObjectScore]) -> set[tuple[int, str, str, int]]:
    """The area tells apart the revisions of an annotation, mostly."""
    return {(each.annotation_id, each.image_sha256, each.category, each.area) for each in scores}


def _in_order(scores: Sequence[ObjectScore]) -> list[ObjectScore]:
    if not scores:
        raise NotComparableError("no object was measured")
    found = sorted(scores, key=lambda score: score.annotation_id)
    for one, other in pairwise(found):
        if one.annotation_id == other.annotation_id:
            raise NotComparableError(f"annotation {one.annotation_id} was measured twice")
    return found


def _means(scores: Sequence[ObjectScore]) -> dict[str, float]:
    rows = [_figures(score) for score in scores]
    return {
        metric: float(np.mean([row[metric] for row in rows if metric in row]))
        for metric in METRICS
        if any(metric in row for row in rows)
    }


def _click_milliseconds(scores: Sequence[ObjectScore]) -> float:
    """The median of the clicks that were timed; 0 where none was."""
    timed = [score.milliseconds for score in scores if score.milliseconds > 0]
    return float(np.median(timed)) if timed else 0.0
