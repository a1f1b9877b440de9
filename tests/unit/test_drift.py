"""Drift in exact figures."""

import numpy as np
import pytest

from maskloop.platform.drift import Drift, Judged, Window
from maskloop.platform.masks import Rle
from maskloop.platform.states import Verdict
from maskloop.platform.training import Triggers

TRIGGERS = Triggers(window=20, edit_distance_rise=0.05, acceptance_fall=0.1)


def strip(width: int) -> Rle:
    pixels = np.zeros((4, 10), dtype=np.bool_)
    pixels[:, :width] = True
    return Rle.encode(pixels)


def judged(verdict: Verdict, kept: int | None) -> Judged:
    """Of a proposal eight pixels wide."""
    return Judged(verdict, strip(8), None if kept is None else strip(kept))


ACCEPTED = judged(Verdict.ACCEPTED, 8)
CORRECTED = judged(Verdict.CORRECTED, 6)
REJECTED = judged(Verdict.REJECTED, None)


@pytest.mark.parametrize(
    ("one", "distance"), [(ACCEPTED, 0.0), (CORRECTED, 0.25), (REJECTED, None)]
)
def test_the_edit_distance_is_one_minus_the_iou_of_what_was_kept(
    one: Judged, distance: float | None
) -> None:
    assert one.edit_distance == distance


def test_a_window_has_the_mean_of_what_was_kept_and_the_share_accepted_of_all() -> None:
    window = Window.of([ACCEPTED, ACCEPTED, CORRECTED, CORRECTED, REJECTED])
    assert window == Window(edit_distance=0.125, acceptance=0.4)


def test_a_window_of_refusals_has_no_edit_distance() -> None:
    assert Window.of([REJECTED]) == Window(edit_distance=None, acceptance=0.0)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (Window(0.125, 0.5), Window(0.171875, 0.40625), None),
        (
            Window(0.125, 0.5),
            Window(0.1875, 0.5),
            "the edit distance of kept proposals rose from 0.125 to 0.188, over 20 reviews each",
        ),
        (
            Window(0.125, 0.5),
            Window(0.125, 0.25),
            "the share of proposals accepted as they are fell from 50% to 25%, "
            "over 20 reviews each",
        ),
        (
            Window(0.125, 0.5),
            Window(0.25, 0.25),
            "the edit distance of kept proposals rose from 0.125 to 0.250 and the share of "
            "proposals accepted as they are fell from 50% to 25%, over 20 reviews each",
        ),
        (Window(0.125, 0.5), Window(None, 0.5), None),
        (Window(0.125, 0.5), None, None),
        (None, None, None),
    ],
)
def test_what_rose_or_fell_too_far_is_told(
    before: Window | None, now: Window | None, told: str | None
) -> None:
    assert Drift(40, before, now).told(TRIGGERS) == told
