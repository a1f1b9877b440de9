"""Signals to a doubt and to the words on its card."""

from math import log

import pytest

from maskloop.platform.doubt import TRUST, Doubt, DoubtReason, Reason, doubt_of

HALF = dict.fromkeys(DoubtReason, 0.5)
JITTER, CONFLICT = DoubtReason.JITTER, DoubtReason.CONFLICT


def test_no_signal_is_no_doubt() -> None:
    assert doubt_of({}) == Doubt(0.0, ())
    assert doubt_of(dict.fromkeys(DoubtReason, 0.0)) == Doubt(0.0, ())


def test_one_signal_convinces_as_far_as_it_is_trusted() -> None:
    assert doubt_of({JITTER: 0.8}, HALF) == Doubt(pytest.approx(0.4), (Reason(JITTER, 0.8, 1.0),))


def test_two_signals_doubt_more_than_either_and_never_more_than_1() -> None:
    both = doubt_of({JITTER: 1.0, CONFLICT: 1.0}, HALF)
    assert both.score == 0.75
    assert doubt_of(dict.fromkeys(DoubtReason, 1.0)).score < 1


def test_the_heaviest_reason_stands_first_and_shares_add_up_to_the_doubt() -> None:
    found = doubt_of({JITTER: 0.2, CONFLICT: 1.0}, HALF)
    first, second = found.reasons
    whole = -log(0.9) - log(0.5)
    assert (first.reason, second.reason) == (CONFLICT, JITTER)
    assert first.share == pytest.approx(-log(0.5) / whole)
    assert first.share + second.share == pytest.approx(1.0)


def test_a_reason_of_hardly_any_weight_is_not_told() -> None:
    found = doubt_of({JITTER: 1.0, CONFLICT: 0.01}, HALF)
    assert [reason.reason for reason in found.reasons] == [JITTER]


@pytest.mark.parametrize("reason", [DoubtReason.CANDIDATES, CONFLICT])
def test_what_is_not_trusted_neither_counts_nor_is_told(reason: DoubtReason) -> None:
    assert TRUST[reason] == 0
    assert doubt_of({reason: 1.0}) == Doubt(0.0, ())


def test_a_doubt_is_the_same_whatever_the_order_of_its_signals() -> None:
    signals = {JITTER: 0.3, CONFLICT: 0.2, DoubtReason.CALIBRATION: 0.1}
    backwards = dict(reversed(signals.items()))
    assert doubt_of(signals) == doubt_of(backwards)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            DoubtReason.JITTER,
            "Asked again, with prompts from this mask moved a little, the model draws masks that "
            "differ from it by 38%.",
        ),
        (
            DoubtReason.CANDIDATES,
            "The model's three readings of its middle differ by 38%: it is not clear which object "
            "is meant.",
        ),
        (DoubtReason.CHALLENGER, "The challenger draws a mask that differs from it by 38%."),
        (
            DoubtReason.CONFLICT,
            "It overlaps another proposal without holding it or lying in it (conflict 38%).",
        ),
        (
            DoubtReason.CALIBRATION,
            "By the IoU that the model predicts for it, the chance that it is wrong is about 38%.",
        ),
    ],
)
def test_every_reason_has_a_sentence_with_its_value(reason: DoubtReason, text: str) -> None:
    assert Reason(reason, value=0.376, share=1.0).text == text
