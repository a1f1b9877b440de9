"""What answers to checks say of people, categories and versions."""

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binomtest
from skimage import data as photographs

from maskloop.platform.db.checks import Check
from maskloop.platform.masks import Rle
from maskloop.platform.reviewer_skill import Measured, TooFew
from maskloop.platform.states import Defect, QueueSubject
from maskloop.services import quality_checks
from maskloop.services.annotations import Submitted, create
from maskloop.services.gold import make_gold
from maskloop.services.planting import plant
from maskloop.services.quality_checks import CheckQuality, Quality
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.coins import Tray


def planted(tray: "Tray", count: int, *defects: Defect) -> list[Check]:
    tray.accept(10)
    made = plant(
        tray.runtime, tray.project_id, count, defects=defects or None, by=tray.anna, seed=1
    )
    assert len(made) == count
    return made


def gold_on_images(tray: "Tray", bench: "Bench", count: int) -> list[Check]:
    """The first coin on as many photographs, each a little brighter."""
    made = []
    for place in range(count):
        photograph = np.repeat(photographs.coins()[..., None] // 2 + place, 3, axis=2)
        image = bench.add_image(tray.project_id, bench.png(photograph), f"/gold/{place}.png")
        mask = Submitted(tray.new, Rle.encode(tray.masks[0]).counts)
        drawn = create(tray.runtime, tray.project_id, image.id, mask, author_id=tray.anna)
        made.append(drawn.id)
    return make_gold(tray.runtime, tray.project_id, made, by=tray.anna)


def quality(tray: "Tray") -> Quality:
    return quality_checks.of_project(tray.runtime, tray.project_id)


def of_ben(tray: "Tray") -> CheckQuality:
    (found,) = [one for one in quality(tray).people if one.user == "ben"]
    return found.quality


def test_the_share_that_is_let_through_has_wilson_s_interval(tray: "Tray") -> None:
    queue = tray.queue(subject=QueueSubject.ANNOTATIONS)
    for place, check in enumerate(planted(tray, 20)):
        verdict = Judgement.accept(check.new.category_id) if place < 6 else Judgement.reject()
        tray.answer(tray.handed(check, queue), verdict)
    found = of_ben(tray)
    expected = binomtest(6, 20).proportion_ci(method="wilson")
    assert isinstance(found.skill.let_through, Measured)
    interval = found.skill.let_through.interval
    assert interval.mean == 0.3
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert (found.planted, found.planted_passed, found.gold) == (20, 14, 0)
    assert found.skill.missed == TooFew(0)


def test_figures_are_told_of_each_defect_once_there_are_enough(tray: "Tray") -> None:
    queue = tray.queue()
    for place, check in enumerate(planted(tray, 9, Defect.ERODED, Defect.SHIFTED)):
        if check.new.defect is Defect.SHIFTED and place > 6:
            continue
        accepted = check.new.defect is Defect.ERODED
        judgement = Judgement.accept(tray.old) if accepted else Judgement.reject()
        tray.answer(tray.handed(check, queue), judgement)
    by_defect = of_ben(tray).skill.by_defect
    eroded, shifted = by_defect[Defect.ERODED], by_defect[Defect.SHIFTED]
    assert isinstance(eroded, Measured)
    assert (eroded.interval.mean, eroded.of) == (1.0, 5)
    assert shifted == TooFew(3)
    assert str(shifted) == "too few checks to say (3 of 5)"


def test_who_draws_something_else_let_no_mask_through_but_a_wrong_name(tray: "Tray") -> None:
    queue = tray.queue(subject=QueueSubject.ANNOTATIONS)
    elsewhere = Rle.encode(tray.masks[-1]).counts
    for check in planted(tray, 10, Defect.SHIFTED, Defect.WRONG_CATEGORY):
        wrong = Submitted(check.new.category_id, elsewhere)
        tray.answer(tray.handed(check, queue), Judgement.correct(wrong))
    found = of_ben(tray)
    means = {
        defect: one.interval.mean
        for defect, one in found.skill.by_defect.items()
        if isinstance(one, Measured)
    }
    assert means == {Defect.SHIFTED: 0.0, Defect.WRONG_CATEGORY: 1.0}
    assert found.planted_passed == 0


def test_gold_tells_how_near_people_keep_to_it_and_what_they_reject(
    tray: "Tray", bench: "Bench"
) -> None:
    queue = tray.queue()
    half = tray.masks[0].copy()
    half[: np.flatnonzero(half.any(axis=1)).mean().astype(int)] = False
    share = half.sum() / tray.masks[0].sum()
    answers = [
        *[Judgement.accept(tray.new)] * 4,
        Judgement.accept(tray.old),
        Judgement.correct(Submitted(tray.new, Rle.encode(half).counts)),
        Judgement.reject(),
    ]
    for check, judgement in zip(gold_on_images(tray, bench, 7), answers, strict=True):
        tray.answer(tray.handed(check, queue), judgement)
    found = of_ben(tray)
    assert isinstance(found.skill.mean_iou, Measured)
    assert found.skill.mean_iou.interval.mean == pytest.approx((5 + share) / 6)
    assert found.skill.mean_iou.of == 6
    assert isinstance(found.skill.boundary_f, Measured)
    assert found.skill.mean_iou.interval.low < found.skill.mean_iou.interval.mean
    assert 5 / 6 < found.skill.boundary_f.interval.mean < 1
    assert isinstance(found.skill.missed, Measured)
    assert found.skill.missed.interval.mean == pytest.approx(1 / 7)
    assert (found.gold, found.gold_passed) == (7, 4)


def test_people_categories_and_versions_each_have_their_own(tray: "Tray", bench: "Bench") -> None:
    queue = tray.queue()
    errors, gold = planted(tray, 6, Defect.SHIFTED), gold_on_images(tray, bench, 5)
    for check in errors:
        tray.answer(tray.handed(check, queue), Judgement.accept(tray.old))
        shown = tray.handed(check, queue, person=tray.anna_as_person)
        tray.answer(shown, Judgement.reject(), person=tray.anna_as_person)
    for check in gold:
        tray.answer(tray.handed(check, queue), Judgement.accept(tray.new))
    found = quality(tray)
    people = [(one.user, one.quality.planted, one.quality.planted_passed) for one in found.people]
    assert people == [("anna", 6, 6), ("ben", 6, 0)]
    categories = {
        name: (one.planted, one.planted_passed, one.gold) for name, one in found.categories.items()
    }
    assert categories == {"old": (12, 6, 0), "new": (0, 0, 5)}
    (version,) = {one.model_version_id for one in tray.proposals}
    assert {number: one.planted for number, one in found.versions.items()} == {version: 12}


def test_withdrawn_answers_are_told_and_do_not_count(tray: "Tray") -> None:
    queue, (first, second) = tray.queue(), planted(tray, 2, Defect.SHIFTED)
    shown = tray.handed(first, queue)
    tray.answer(shown, Judgement.accept(tray.old))
    tray.answer(tray.withdraw(shown), Judgement.reject())
    tray.answer(tray.handed(second, queue), Judgement.reject())
    (ben,) = quality(tray).people
    assert (ben.quality.planted, ben.quality.planted_passed, ben.withdrawn) == (2, 2, 1)
