"""How well somebody labels whole images, from gold images that they labelled without knowing: what
they miss, what they draw that is not there, and how near they keep to the rest.

A figure is said when there are enough images behind it, and never without its 95 % interval;
objects count by image, because those of an image are found and missed together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from maskloop.platform.intervals import Interval, clustered_share_of, mean_count_of, mean_of_few
from maskloop.platform.reviewer_skill import LEAST_CHECKS, Measured, TooFew


@dataclass(frozen=True)
class LabeledObject:
    """Of the truth, or of what was drawn, or of both. Categories are names; None, None where the
    one or the other does not have it."""

    image: str
    truth: str | None
    drawn: str | None
    iou: float | None
    boundary_f: float | None


@dataclass(frozen=True)
class LabelingSkill:
    missed: Measured | TooFew
    """Share of the truth's objects that nothing drawn matches; less is better."""
    extra: Measured | TooFew
    """Objects an image that match nothing of the truth; `of`: images; less is better."""
    mean_iou: Measured | TooFew
    """With the truth, of objects that match."""
    boundary_f: Measured | TooFew
    """Likewise."""
    wrong_category: Measured | TooFew
    """Share of objects that match and are called something else; less is better."""


def labeling_skill_of(images: Sequence[str], objects: Sequence[LabeledObject]) -> LabelingSkill:
    """Of one person. `images`: all that they labelled, those with no object too."""
    truth = [one for one in objects if one.truth is not None]
    found = [one for one in truth if one.drawn is not None]
    beside = dict.fromkeys(images, 0)
    for one in objects:
        beside[one.image] += one.truth is None
    return LabelingSkill(
        missed=_share(truth, lambda one: one.drawn is None),
        extra=_said(mean_count_of(list(beside.values())), of=len(beside), images=len(beside)),
        mean_iou=_mean(found, lambda one: one.iou),
        boundary_f=_mean(found, lambda one: one.boundary_f),
        wrong_category=_share(found, lambda one: one.drawn != one.truth),
    )


def by_category(objects: Sequence[LabeledObject]) -> Mapping[str, LabelingSkill]:
    """By the truth's category, in their order. What matches nothing has none, so nothing is extra
    there, and only images that have one of a category count for it."""
    found = {}
    for category in sorted({one.truth for one in objects if one.truth is not None}):
        own = [one for one in objects if one.truth == category]
        skill = labeling_skill_of(list(dict.fromkeys(one.image for one in own)), own)
        found[category] = skill
    return found


def _share(
    objects: Sequence[LabeledObject], is_so: Callable[[LabeledObject], bool]
) -> Measured | TooFew:
    images = [one.image for one in objects]
    found = clustered_share_of([is_so(one) for one in objects], images)
    return _said(found, of=len(objects), images=len(set(images)))


def _mean(
    objects: Sequence[LabeledObject], figure: Callable[[LabeledObject], float | None]
) -> Measured | TooFew:
    images = [one.image for one in objects]
    found = mean_of_few([figure(one) or 0.0 for one in objects], images)
    return _said(found, of=len(objects), images=len(set(images)))


def _said(found: Interval | None, *, of: int, images: int) -> Measured | TooFew:
    if found is None or images < LEAST_CHECKS:
        return TooFew(images)
    return Measured(found, of)
