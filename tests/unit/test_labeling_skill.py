"""What gold images say of somebody's labeling, by hand and by the intervals that are used."""

import pytest

from maskloop.platform.intervals import clustered_share_of, mean_count_of, mean_of_few
from maskloop.platform.labeling_skill import LabeledObject, by_category, labeling_skill_of
from maskloop.platform.reviewer_skill import Measured, TooFew

IMAGES = ["a", "b", "c", "d", "e"]


def hit(image: str, iou: float, truth: str = "cat", drawn: str = "cat") -> LabeledObject:
    return LabeledObject(image, truth, drawn, iou, iou / 2)


def miss(image: str, truth: str = "cat") -> LabeledObject:
    return LabeledObject(image, truth, None, None, None)


def beside(image: str) -> LabeledObject:
    return LabeledObject(image, None, "dog", None, None)


OBJECTS = [
    hit("a", 0.9),
    hit("a", 0.7, drawn="dog"),
    hit("b", 0.8),
    miss("b"),
    hit("c", 0.6),
    hit("d", 0.9),
    hit("e", 0.8),
    beside("e"),
    beside("e"),
]


def measured(found: Measured | TooFew) -> Measured:
    assert isinstance(found, Measured)
    return found


def test_objects_count_by_image_and_extra_ones_by_every_image() -> None:
    skill = labeling_skill_of(IMAGES, OBJECTS)
    ious, places = [0.9, 0.7, 0.8, 0.6, 0.9, 0.8], ["a", "a", "b", "c", "d", "e"]
    assert measured(skill.mean_iou).interval == mean_of_few(ious, places)
    assert measured(skill.mean_iou).of == 6
    assert measured(skill.boundary_f).interval.mean == pytest.approx(sum(ious) / 12)
    missed = clustered_share_of([False, False, False, True, *[False] * 3], [*"aabbcde"])
    assert (measured(skill.missed).interval, measured(skill.missed).of) == (missed, 7)
    assert measured(skill.extra).interval == mean_count_of([0, 0, 0, 0, 2])
    assert measured(skill.extra).of == 5
    wrong = measured(skill.wrong_category)
    assert (wrong.interval.mean, wrong.of) == (pytest.approx(1 / 6), 6)


def test_below_five_images_no_figure_is_said() -> None:
    skill = labeling_skill_of(IMAGES[:4], OBJECTS[:6])
    assert skill.missed == skill.extra == skill.mean_iou == TooFew(4)
    assert labeling_skill_of([], []).missed == labeling_skill_of([], []).extra == TooFew(0)


def test_who_missed_everything_has_no_iou_and_a_share_that_says_so() -> None:
    skill = labeling_skill_of(IMAGES, [miss(image) for image in IMAGES])
    assert measured(skill.missed).interval.mean == 1.0
    assert skill.mean_iou == skill.boundary_f == skill.wrong_category == TooFew(0)


def test_images_with_nothing_on_them_tell_only_of_what_is_extra() -> None:
    skill = labeling_skill_of(IMAGES, [])
    assert skill.missed == TooFew(0)
    extra = measured(skill.extra).interval
    assert (extra.mean, extra.low) == (0.0, 0.0)
    assert 0.7 < extra.high < 0.8


def test_each_category_of_the_truth_has_figures_of_its_own() -> None:
    dogs = [hit(image, 0.8, truth="dog", drawn="dog") for image in IMAGES]
    found = by_category([*OBJECTS, *dogs, miss("a", "dog")])
    assert list(found) == ["cat", "dog"]
    assert measured(found["dog"].missed).of == 6
    assert measured(found["dog"].missed).interval.mean == pytest.approx(1 / 6)
    assert found["cat"].mean_iou == labeling_skill_of(IMAGES, OBJECTS).mean_iou
