"""A question and an annotation's record of it have the same digest, two questions never."""

from typing import Any

import pytest

from maskloop.platform.sent_prompts import digest_of

ASKED = {"points": [[3.0, 4.5, 1]], "box": None, "previous": "m1.abc", "multimask": False}


@pytest.mark.parametrize(
    "same",
    [
        {"points": [[3, 4.5, 1]], "previous": "m1.abc", "multimask": False, "chosen": 2},
        {"multimask": False, "previous": "m1.abc", "points": ((3.0, 4.5, 1),), "box": None},
    ],
)
def test_what_was_left_out_or_written_otherwise_changes_nothing(same: dict[str, Any]) -> None:
    assert digest_of(same) == digest_of(ASKED)
    assert len(digest_of(same)) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"points": [[3.0, 4.5, 0]]},
        {"points": [[4.5, 3.0, 1]]},
        {"points": [[3.0, 4.5, 1], [3.0, 4.5, 1]]},
        {"box": [0, 0, 1, 1]},
        {"previous": None},
        {"multimask": True},
        {"multimask": None},
    ],
)
def test_another_question_has_another_digest(change: dict[str, Any]) -> None:
    assert digest_of(ASKED | change) != digest_of(ASKED)
