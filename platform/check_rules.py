"""When an answer to a check is right, and how that is said."""

from dataclasses import dataclass
from typing import Final

from maskloop.platform.states import CheckKind, Defect, Verdict

STILL_GOLD: Final = 0.9
"""The IoU with the truth that a correction of gold must keep: two careful people differ by that."""
MENDED: Final = 0.8
"""The IoU with the truth that a correction of a planted error must reach."""

_WRONG: Final = {
    Defect.ERODED: "The mask had been made smaller on purpose",
    Defect.SHIFTED: "The mask had been shifted on purpose",
    Defect.MERGED: "A neighbour had been merged into the mask on purpose",
    Defect.MISSING_PART: "A part of the mask had been cut away on purpose",
    Defect.WRONG_CATEGORY: "The mask was under a wrong category on purpose",
}


@dataclass(frozen=True)
class Standpoint:
    """What a person stood behind. `iou`: of that mask with the truth, None where they rejected;
    `right_category`: whether it is the truth's, false where they rejected."""

    verdict: Verdict
    iou: float | None = None
    right_category: bool = False


def is_passed(kind: CheckKind, defect: Defect | None, stood: Standpoint) -> bool:
    """Gold is passed by accepting it under its category, or by a correction that keeps to it; a
    planted error by rejecting it, or by mending it. A wrong category is mended by accepting the
    mask under the right one."""
    if stood.verdict is Verdict.REJECTED:
        return kind is CheckKind.PLANTED
    if not stood.right_category or stood.iou is None:
        return False
    if stood.verdict is Verdict.ACCEPTED:
        return kind is CheckKind.GOLD or defect is Defect.WRONG_CATEGORY
    return stood.iou >= (STILL_GOLD if kind is CheckKind.GOLD else MENDED)


def in_words(defect: Defect | None, stood: Standpoint, category: str) -> str:
    """One sentence for whoever answered; `category`: the truth's name. `defect`: None for gold."""
    if defect is None:
        return f"This mask was known to be right{_of_gold(stood, category)}."
    return f"{_WRONG[defect]}{_of_planted(defect, stood, category)}."


def _of_gold(stood: Standpoint, category: str) -> str:
    if stood.verdict is Verdict.REJECTED:
        return "; you rejected it"
    if not stood.right_category:
        return f", as “{category}”; you gave it another category"
    if stood.verdict is Verdict.ACCEPTED:
        return ", and you accepted it"
    if is_passed(CheckKind.GOLD, None, stood):
        return f"; what you drew keeps to it (IoU {stood.iou:.2f})"
    return f"; what you drew does not keep to it (IoU {stood.iou:.2f}, {STILL_GOLD} is asked)"


def _of_planted(defect: Defect, stood: Standpoint, category: str) -> str:
    if stood.verdict is Verdict.REJECTED:
        return ", and you rejected it"
    if stood.verdict is Verdict.ACCEPTED:
        if is_passed(CheckKind.PLANTED, defect, stood):
            return f", and you called it “{category}”, which is right"
        return f"; it is “{category}”" if defect is Defect.WRONG_CATEGORY else "; you accepted it"
    if is_passed(CheckKind.PLANTED, defect, stood):
        return f", and you mended it (IoU {stood.iou:.2f})"
    if not stood.right_category:
        return f"; what you drew is “{category}”, and you called it something else"
    return f"; what you drew is not the object yet (IoU {stood.iou:.2f}, {MENDED} is asked)"
