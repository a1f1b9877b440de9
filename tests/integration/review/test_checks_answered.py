"""Answers to checks: judged against the truth, told in words, and taken back like any other."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from maskloop.platform.db.checks import Check
from maskloop.platform.errors import (
    AnswerShownError,
    BadMaskError,
    BadParametersError,
    NotFoundError,
)
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.states import Defect, QueueSubject, Verdict
from maskloop.services import checks
from maskloop.services.annotations import Submitted
from maskloop.services.checks import Feedback
from maskloop.services.gold import make_gold
from maskloop.services.planting import plant
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from sites.coins import Tray


def gold(tray: "Tray") -> Check:
    return make_gold(tray.runtime, tray.project_id, tray.accept(1), by=tray.anna)[0]


def planted(tray: "Tray", defect: Defect) -> Check:
    tray.accept(1)
    made = plant(tray.runtime, tray.project_id, 1, defects=[defect], by=tray.anna, seed=1)
    return made[0]


def told(tray: "Tray", check: Check, judgement: Judgement, **plan: object) -> Feedback:
    queue = tray.queue(feedback=True, **plan)
    answered = tray.answer(tray.handed(check, queue), judgement)
    assert answered.verdict is judgement.verdict
    assert answered.feedback is not None
    return answered.feedback


def drawn(tray: "Tray", pixels: np.ndarray) -> Judgement:  # type: ignore[type-arg]
    return Judgement.correct(Submitted(tray.old, Rle.encode(pixels).counts, seconds=2.0))


def test_gold_that_is_accepted_is_passed(tray: "Tray") -> None:
    check = gold(tray)
    found = told(tray, check, Judgement.accept(tray.old, seconds=1.5))
    assert found == Feedback(
        passed=True,
        iou=1.0,
        boundary_f=1.0,
        text="This mask was known to be right, and you accepted it.",
        truth=check.new.mask.rle,
        category_id=tray.old,
    )
    (listed,) = checks.page(tray.runtime, tray.project_id)
    assert (listed.tally.answers, listed.tally.passed) == (1, 1)


def test_gold_that_is_rejected_or_misnamed_is_not(tray: "Tray") -> None:
    check = gold(tray)
    rejected = told(tray, check, Judgement.reject("a shadow"), name="one")
    assert (rejected.passed, rejected.iou, rejected.boundary_f) == (False, None, None)
    misnamed = told(tray, check, Judgement.accept(tray.new), name="other")
    assert (misnamed.passed, misnamed.iou) == (False, 1.0)
    assert "as “old”; you gave it another category" in misnamed.text


def test_a_correction_of_gold_is_measured(tray: "Tray") -> None:
    check, truth = gold(tray), tray.masks[0]
    nearly = truth.copy()
    nearly[np.flatnonzero(truth.any(axis=1))[0]] = False
    iou = iou_matrix([Rle.encode(nearly)], [Rle.encode(truth)])[0, 0]
    found = told(tray, check, drawn(tray, nearly), name="one")
    assert found.iou == pytest.approx(iou)
    assert found.iou > 0.9
    assert found.passed
    # A row less is within the tolerance of 4 pixels all along the outline.
    assert found.boundary_f == 1.0
    half = truth.copy()
    half[: np.flatnonzero(truth.any(axis=1)).mean().astype(int)] = False
    missed = told(tray, check, drawn(tray, half), name="other")
    assert not missed.passed
    assert missed.boundary_f is not None
    assert missed.boundary_f < 0.8


def test_a_planted_error_that_is_accepted_is_let_through(tray: "Tray") -> None:
    check = planted(tray, Defect.SHIFTED)
    found = told(tray, check, Judgement.accept(tray.old))
    assert not found.passed
    assert found.iou == pytest.approx(check.new.iou)
    assert found.boundary_f is not None
    assert found.boundary_f < 1
    assert found.text == "The mask had been shifted on purpose; you accepted it."
    assert found.truth == Rle.encode(tray.masks[0])


def test_a_planted_error_is_found_by_rejecting_or_mending_it(tray: "Tray") -> None:
    check = planted(tray, Defect.MISSING_PART)
    assert told(tray, check, Judgement.reject(), name="one").passed
    mended = told(tray, check, drawn(tray, tray.masks[0]), name="other")
    assert (mended.passed, mended.iou, mended.boundary_f) == (True, 1.0, 1.0)


def test_a_wrong_category_is_found_by_naming_the_right_one(tray: "Tray") -> None:
    check = planted(tray, Defect.WRONG_CATEGORY)
    people = QueueSubject.ANNOTATIONS
    assert told(tray, check, Judgement.accept(tray.old), name="one", subject=people).passed
    as_shown = Judgement(Verdict.ACCEPTED)
    waved_through = told(tray, check, as_shown, name="other", subject=people)
    assert not waved_through.passed
    assert waved_through.category_id == tray.old


def test_without_feedback_a_check_answers_as_a_proposal_does(tray: "Tray") -> None:
    check, queue = planted(tray, Defect.ERODED), tray.queue()
    of_check = tray.answer(tray.handed(check, queue), Judgement.accept(tray.old))
    real = next(one for one in tray.take(queue, 1) if one.card.shows.proposal_id)
    assert of_check == tray.answer(real, Judgement.accept(tray.old))


@pytest.mark.parametrize(
    ("judgement", "error"),
    [
        (Judgement(Verdict.ACCEPTED), BadParametersError),
        (Judgement.accept(987_654), NotFoundError),
        (Judgement.correct(Submitted(1, b"garbage!")), BadMaskError),
        (Judgement.correct(Submitted(987_654, b"0")), NotFoundError),
    ],
)
def test_what_is_no_answer_to_a_proposal_is_none_to_a_check(
    tray: "Tray", judgement: Judgement, error: type[Exception]
) -> None:
    check, queue = gold(tray), tray.queue()
    shown = [tray.handed(check, queue), *tray.take(queue, 2)[1:]]
    assert [one.card.shows.check_id for one in shown] == [check.id, None]
    sentences = set()
    for one in shown:
        with pytest.raises(error) as caught:
            tray.answer(one, judgement)
        sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert tray.count("check_answers") == 0


def test_an_answer_that_was_withdrawn_does_not_count_and_another_round_does(tray: "Tray") -> None:
    check, queue = planted(tray, Defect.SHIFTED), tray.queue()
    shown = tray.handed(check, queue)
    tray.answer(shown, Judgement.accept(tray.old))
    again = tray.withdraw(shown)
    assert checks.page(tray.runtime, tray.project_id)[0].tally.answers == 0
    tray.answer(again, Judgement.reject())
    (listed,) = checks.page(tray.runtime, tray.project_id)
    assert (listed.tally.answers, listed.tally.passed) == (1, 1)
    assert tray.count("check_answers") == 2


def test_an_answer_stands_once_its_right_one_was_shown(tray: "Tray") -> None:
    check, queue = planted(tray, Defect.SHIFTED), tray.queue(feedback=True)
    shown = tray.handed(check, queue)
    tray.answer(shown, Judgement.accept(tray.old))
    with pytest.raises(AnswerShownError, match="what you said of it stands"):
        tray.withdraw(shown)
    (listed,) = checks.page(tray.runtime, tray.project_id)
    assert (listed.tally.answers, listed.tally.passed) == (1, 0)
