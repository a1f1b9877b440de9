"""Which answers to gold and to planted errors are right, all of them, and what is said of each."""

import pytest

from maskloop.platform.check_rules import Standpoint, in_words, is_passed
from maskloop.platform.states import CheckKind, Defect, Verdict

ACCEPTED, CORRECTED, REJECTED = Verdict.ACCEPTED, Verdict.CORRECTED, Verdict.REJECTED
OF_THE_MASK = [one for one in Defect if one is not Defect.WRONG_CATEGORY]


@pytest.mark.parametrize(
    ("stood", "passed"),
    [
        (Standpoint(ACCEPTED, 1.0, right_category=True), True),
        (Standpoint(ACCEPTED, 1.0, right_category=False), False),
        (Standpoint(CORRECTED, 0.9, right_category=True), True),
        (Standpoint(CORRECTED, 0.8999, right_category=True), False),
        (Standpoint(CORRECTED, 1.0, right_category=False), False),
        (Standpoint(REJECTED), False),
    ],
)
def test_gold_is_passed_by_whoever_leaves_it_as_it_is(stood: Standpoint, passed: bool) -> None:
    assert is_passed(CheckKind.GOLD, None, stood) is passed


@pytest.mark.parametrize("defect", OF_THE_MASK)
@pytest.mark.parametrize(
    ("stood", "passed"),
    [
        (Standpoint(ACCEPTED, 0.6, right_category=True), False),
        (Standpoint(ACCEPTED, 0.6, right_category=False), False),
        (Standpoint(CORRECTED, 0.8, right_category=True), True),
        (Standpoint(CORRECTED, 0.7999, right_category=True), False),
        (Standpoint(CORRECTED, 1.0, right_category=False), False),
        (Standpoint(REJECTED), True),
    ],
)
def test_a_wrong_mask_is_passed_by_whoever_rejects_or_mends_it(
    defect: Defect, stood: Standpoint, passed: bool
) -> None:
    assert is_passed(CheckKind.PLANTED, defect, stood) is passed


@pytest.mark.parametrize(
    ("stood", "passed"),
    [
        (Standpoint(ACCEPTED, 1.0, right_category=True), True),
        (Standpoint(ACCEPTED, 1.0, right_category=False), False),
        (Standpoint(CORRECTED, 1.0, right_category=True), True),
        (Standpoint(CORRECTED, 0.7, right_category=True), False),
        (Standpoint(REJECTED), True),
    ],
)
def test_a_wrong_category_is_passed_by_whoever_rejects_it_or_names_the_right_one(
    stood: Standpoint, passed: bool
) -> None:
    assert is_passed(CheckKind.PLANTED, Defect.WRONG_CATEGORY, stood) is passed


@pytest.mark.parametrize(
    ("defect", "stood", "text"),
    [
        (
            None,
            Standpoint(ACCEPTED, 1.0, right_category=True),
            "This mask was known to be right, and you accepted it.",
        ),
        (
            None,
            Standpoint(ACCEPTED, 1.0, right_category=False),
            "This mask was known to be right, as “cat”; you gave it another category.",
        ),
        (None, Standpoint(REJECTED), "This mask was known to be right; you rejected it."),
        (
            None,
            Standpoint(CORRECTED, 0.934, right_category=True),
            "This mask was known to be right; what you drew keeps to it (IoU 0.93).",
        ),
        (
            None,
            Standpoint(CORRECTED, 0.5, right_category=True),
            "This mask was known to be right; what you drew does not keep to it (IoU 0.50, 0.9 is "
            "asked).",
        ),
        (
            Defect.SHIFTED,
            Standpoint(ACCEPTED, 0.6, right_category=True),
            "The mask had been shifted on purpose; you accepted it.",
        ),
        (
            Defect.ERODED,
            Standpoint(REJECTED),
            "The mask had been made smaller on purpose, and you rejected it.",
        ),
        (
            Defect.MERGED,
            Standpoint(CORRECTED, 0.9, right_category=True),
            "A neighbour had been merged into the mask on purpose, and you mended it (IoU 0.90).",
        ),
        (
            Defect.MISSING_PART,
            Standpoint(CORRECTED, 0.7, right_category=True),
            "A part of the mask had been cut away on purpose; what you drew is not the object yet "
            "(IoU 0.70, 0.8 is asked).",
        ),
        (
            Defect.MISSING_PART,
            Standpoint(CORRECTED, 0.9, right_category=False),
            "A part of the mask had been cut away on purpose; what you drew is “cat”, and you "
            "called it something else.",
        ),
        (
            Defect.WRONG_CATEGORY,
            Standpoint(ACCEPTED, 1.0, right_category=False),
            "The mask was under a wrong category on purpose; it is “cat”.",
        ),
        (
            Defect.WRONG_CATEGORY,
            Standpoint(ACCEPTED, 1.0, right_category=True),
            "The mask was under a wrong category on purpose, and you called it “cat”, which is "
            "right.",
        ),
    ],
)
def test_every_answer_is_told_in_a_sentence(
    defect: Defect | None, stood: Standpoint, text: str
) -> None:
    assert in_words(defect, stood, "cat") == text
