"""Which sample is judged by which annotation, and what comes out of it."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from maskloop.platform.db.shadows import Chain, Sample, Shadow
from maskloop.platform.intervals import Interval
from maskloop.platform.masks import Rle
from maskloop.platform.sent_prompts import digest_of
from maskloop.services.shadow_figures import (
    Outcome,
    ShadowFigures,
    figures_of,
    matches,
    outcome_of,
    overlap,
)
from maskloop.services.shadows import is_drawn


def bar(columns: int) -> Rle:
    """The left columns of 10 × 100 pixels."""
    mask = np.zeros((10, 100), dtype=np.bool_)
    mask[:, :columns] = True
    return Rle.encode(mask)


def prompt(x: float) -> dict[str, Any]:
    return {"points": [[x, 5, 1]], "multimask": True}


def sample(
    number: int,
    *,
    champion: int = 50,
    challenger: int = 50,
    image: int = 1,
    user: int = 7,
    x: float = 1.0,
    seconds: float = 0.01,
) -> Sample:
    ours, theirs = bar(champion), bar(challenger)
    digest = digest_of(prompt(x))
    agreement = overlap(ours, theirs)
    return Sample(number, 3, image, user, digest, ours, theirs, agreement, seconds)


def chain(annotation: int, *, image: int = 1, author: int = 7, x: float = 1.0) -> Chain:
    return Chain(3, image, annotation, author, prompt(x) | {"chosen": 0})


def test_a_sample_is_judged_by_the_annotation_that_ends_with_its_prompt() -> None:
    samples = [sample(2, x=2.0), sample(1, x=1.0)]
    assert matches(samples, [chain(10, x=2.0), chain(11, x=3.0)]) == {2: 10}


@pytest.mark.parametrize("other", [chain(10, image=2), chain(10, author=8), chain(10, x=1.5)])
def test_another_image_person_or_prompt_judges_nothing(other: Chain) -> None:
    assert matches([sample(1)], [chain(9)]) == {1: 9}
    assert matches([sample(1)], [other]) == {}


def test_what_was_asked_twice_is_judged_once_by_the_newest() -> None:
    assert matches([sample(2), sample(1)], [chain(10), chain(11)]) == {2: 11}


@pytest.mark.parametrize(
    ("champion", "challenger", "outcome"),
    [
        (50, 80, Outcome.WIN),
        (80, 50, Outcome.LOSS),
        (99, 100, Outcome.TIE),  # 0.99 against 1
        (98, 100, Outcome.WIN),
        (100, 98, Outcome.LOSS),
        (0, 0, Outcome.TIE),
    ],
)
def test_a_hundredth_of_overlap_decides_nothing(
    champion: int, challenger: int, outcome: Outcome
) -> None:
    assert outcome_of(sample(1, champion=champion, challenger=challenger), bar(100)) is outcome


def test_two_empty_masks_agree_and_an_empty_one_has_nothing_of_another() -> None:
    assert overlap(bar(0), bar(0)) == 1.0
    assert overlap(bar(0), bar(10)) == 0.0
    assert overlap(bar(25), bar(50)) == 0.5


def test_figures() -> None:
    samples = [
        sample(5, champion=50, challenger=100, image=1, seconds=0.05),  # agreement 0.5
        sample(4, champion=100, challenger=100, image=2, seconds=0.01),  # 1
        sample(3, champion=100, challenger=25, image=3, seconds=0.02),  # 0.25
        sample(2, champion=100, challenger=100, image=4, seconds=0.03),  # 1
    ]
    saved = {5: bar(100), 4: bar(100), 3: bar(100)}

    found = figures_of(40, samples, saved)

    assert (found.samples, found.judged, found.untouched) == (40, 3, 2)
    assert (found.wins, found.losses, found.ties) == (1, 1, 1)
    assert found.seconds == pytest.approx(0.025)
    assert found.agreement is not None
    assert found.agreement.mean == 0.6875
    assert found.agreement.low == pytest.approx(0.6875 - 0.3674932, abs=1e-6)
    assert found.win_rate is not None
    assert found.win_rate.mean == 0.5
    assert found.win_rate.low == pytest.approx(0.0945312, abs=1e-6)


def test_without_samples_or_saved_masks_there_is_no_rate() -> None:
    assert figures_of(0, [], {}) == ShadowFigures()
    found = figures_of(1, [sample(1)], {})
    assert (found.judged, found.win_rate) == (0, None)
    assert found.agreement == Interval(1.0, 0.0, 1.0)


def test_the_share_is_drawn_by_image_person_and_day_and_kept() -> None:
    day, began = date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)
    shadow = Shadow(1, 2, "trained", 0.2, "ann", began, None)
    drawn = {n: is_drawn(shadow, image_id=n, user_id=1, day=day) for n in range(10_000)}
    assert sum(drawn.values()) == pytest.approx(2000, abs=160)  # four standard deviations
    assert drawn == {n: is_drawn(shadow, image_id=n, user_id=1, day=day) for n in drawn}
    other = {n: is_drawn(shadow, image_id=n, user_id=2, day=day) for n in drawn}
    assert sum(drawn[n] and other[n] for n in drawn) == pytest.approx(400, abs=80)
    whole = Shadow(1, 2, "trained", 1.0, "ann", began, None)
    assert all(is_drawn(whole, image_id=n, user_id=1, day=day) for n in range(1000))
