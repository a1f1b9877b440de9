"""Thresholds hold what they promise, however often one looks, and are revoked when they do not."""

from collections.abc import Callable, Sequence
from math import floor

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from maskloop.platform.auto_accept import (
    Audit,
    Derived,
    Disagreement,
    NotYet,
    derive,
    disagreement,
    lower_bound,
)

PENDING = np.linspace(0, 1, 1001)
Floats = npt.NDArray[np.float64]


def derived(audits: Sequence[Audit], pending: Sequence[float] | Floats = PENDING) -> object:
    return derive(audits, list(pending), precision=0.95, confidence=0.95)


def alternating(best: int, others: int, wrong: int) -> list[Audit]:
    """So many of score 0.9, all right, and so many of score 0.1, the first of them wrong."""
    return [Audit(0.9, True)] * best + [Audit(0.1, place >= wrong) for place in range(others)]


def simulated(count: int, right: Callable[[Floats], Floats], random: np.random.Generator) -> object:
    scores = random.uniform(size=count)
    verdicts = random.uniform(size=count) < right(scores)
    return derived([Audit(*one) for one in zip(scores.tolist(), verdicts.tolist(), strict=True)])


def most_of(trials: int, share: float) -> int:
    """What a share of at most this is not above but once in a thousand times."""
    return int(stats.binom.ppf(0.999, trials, share))


def test_a_bound_is_that_of_clopper_and_pearson() -> None:
    for right, audited in [(59, 59), (143, 144), (50, 80), (1, 3)]:
        exact = stats.binomtest(right, audited, alternative="greater").proportion_ci(
            0.95, method="exact"
        )
        assert lower_bound(right, audited, 0.05) == pytest.approx(exact.low)
    assert lower_bound(59, 59, 0.05) == pytest.approx(0.05 ** (1 / 59))
    assert lower_bound(0, 10, 0.05) == 0.0


def test_too_few_audits_show_nothing_however_right_they_are() -> None:
    # At half the doubt: 0.95^72 = 0.0249; twice as many are asked for.
    assert derived([Audit(0.5, True)] * 143) == NotYet(
        "143 proposals were audited in random order; whether 95% are right is first judged at 144",
        1,
    )
    assert isinstance(derived([Audit(0.5, True)] * 144), Derived)


def test_without_pending_proposals_there_is_no_threshold() -> None:
    found = derived([Audit(0.5, True)] * 144, [])
    assert found == NotYet("no proposal is pending, so there are no scores to choose from", 0)


def test_the_first_look_asks_whether_all_can_be_accepted() -> None:
    found = derived([Audit(0.5, True)] * 143 + [Audit(0.5, False)])
    assert found == Derived(
        threshold=0.0,
        looked_at=144,
        audited=144,
        right=143,
        precision_low=lower_bound(143, 144, 0.025),
        coverage=1.0,
    )
    assert found.precision == pytest.approx(143 / 144)
    assert found.expected_error == pytest.approx(1 / 144)
    # Two wrong ones leave 95.07 %, and three 94.03 %.
    assert isinstance(derived([Audit(0.5, True)] * 142 + [Audit(0.5, False)] * 2), Derived)
    assert derived([Audit(0.5, True)] * 141 + [Audit(0.5, False)] * 3) == NotYet(
        "of 144 audits 144 score 0.000 or more, and 141 of these are right, "
        "which shows a precision of 94.0% at least; 95% is wanted",
        144,
    )


def test_the_lowest_threshold_before_the_first_failure_is_taken() -> None:
    """The second half of 1,152 audits is mostly wrong: looser thresholds take it in."""
    pending = np.repeat([0.9, 0.1], 500)
    found = derived(alternating(576, 576, 300), pending)
    # Two thresholds, 0.9 and 0.1, each a start, share the doubt of the fourth look.
    assert found == Derived(
        threshold=0.9,
        looked_at=1152,
        audited=576,
        right=576,
        precision_low=lower_bound(576, 576, 0.05 / 16 / 2),
        coverage=0.5,
    )
    everything = derived(alternating(576, 576, 10), pending)
    assert isinstance(everything, Derived)
    assert (everything.threshold, everything.coverage) == (0.1, 1.0)


def test_between_looks_the_last_ones_answer_stands() -> None:
    right = [Audit(0.5, True)] * 144
    late = [*right, *[Audit(0.5, False)] * 143]
    assert derived(late) == derived(right)
    found = derived([*late, Audit(0.5, False)])
    assert isinstance(found, NotYet)
    assert found.audits_needed == 288


def test_what_was_not_enough_is_said_in_words() -> None:
    found = derived(alternating(94, 50, 40), [0.1, 0.9])
    low = stats.binomtest(104, 144, alternative="greater").proportion_ci(0.975, method="exact").low
    assert found == NotYet(
        "of 144 audits 144 score 0.100 or more, and 104 of these are right, "
        f"which shows a precision of {floor(1000 * low) / 10}% at least; 95% is wanted",
        144,
    )


def test_the_order_of_audits_within_a_look_does_not_matter() -> None:
    audits = alternating(576, 576, 20)
    assert derived(audits) == derived(audits[::-1])


def test_a_precision_too_low_is_seldom_taken_for_enough_however_often_one_looks() -> None:
    """The plain bound, looked at after every audit, is the control: it is fooled far too often."""
    random = np.random.default_rng(1)
    fooled = plainly_fooled = 0
    for _ in range(500):
        scores, verdicts = random.uniform(size=576), random.uniform(size=576) < 0.9499
        audits = [Audit(*one) for one in zip(scores.tolist(), verdicts.tolist(), strict=True)]
        fooled += any(isinstance(derived(audits[:count]), Derived) for count in (144, 288, 576))
        right, audited = np.cumsum(verdicts), np.arange(1, 577)
        plain = special.betaincinv(right, audited - right + 1.0, 0.05)
        plainly_fooled += bool((plain[right > 0] >= 0.95).any())
    assert fooled <= most_of(500, 0.05)
    assert plainly_fooled > most_of(500, 0.05)


def test_the_precision_above_a_threshold_is_the_wanted_one_with_the_wanted_confidence() -> None:
    """From 0.5 on it is 99 %; the next threshold, 0.45, has 94.95 %, just too little. To take the
    lowest threshold at which 95 % were right is the control: a coin could say as much."""

    def right(scores: Floats) -> Floats:
        return np.select([scores >= 0.5, scores >= 0.45], [0.99, 0.5445], 0.6)

    random = np.random.default_rng(2)
    thresholds, plain = [], []
    for _ in range(300):
        scores = random.uniform(size=1152)
        verdicts = random.uniform(size=1152) < right(scores)
        audits = [Audit(*one) for one in zip(scores.tolist(), verdicts.tolist(), strict=True)]
        found = derived(audits)
        if isinstance(found, Derived):
            thresholds.append(found.threshold)
        steps = [step for step in np.arange(20) / 20 if verdicts[scores >= step].mean() >= 0.95]
        plain.append(min(steps))
    assert len(thresholds) > 290
    assert sum(one < 0.499 for one in thresholds) <= most_of(300, 0.05)
    assert sum(one < 0.499 for one in plain) > 100


def test_where_few_are_wrong_everything_is_soon_accepted() -> None:
    random = np.random.default_rng(3)
    found = [simulated(576, lambda scores: 0 * scores + 0.99, random) for _ in range(100)]
    assert sum(isinstance(one, Derived) and one.coverage == 1.0 for one in found) >= 90


@pytest.mark.parametrize(
    ("verdicts", "confidence", "expected"),
    [
        # The integral of 1 - p over (0, 0.95), by 0.95 and 0.05: (1 - 0.95 / 2) / 0.05.
        ([False], 0.9, Disagreement(1, 1, 10.5)),
        ([False], 0.95, None),
        # Of (1 - p)^2: (1 - 0.05^3) / (3 * 0.95 * 0.05^2).
        ([False, False], 0.95, Disagreement(2, 2, 0.999875 / 0.007125)),
        # Of p (1 - p): (0.95^2 / 2 - 0.95^3 / 3) / (0.95 * 0.95 * 0.05).
        ([True, False], 0.7, Disagreement(2, 1, (0.5 - 0.95 / 3) / 0.05)),
        ([True] * 50_000, 0.95, None),
        ([], 0.95, None),
    ],
)
def test_the_evidence_is_what_integrals_by_hand_say(
    verdicts: list[bool], confidence: float, expected: Disagreement | None
) -> None:
    found = disagreement(verdicts, precision=0.95, confidence=confidence)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.after, found.wrong) == (expected.after, expected.wrong)
        assert found.evidence == pytest.approx(expected.evidence)


def test_a_disagreement_stays_whatever_comes_after_it() -> None:
    early = disagreement([False, False], precision=0.95, confidence=0.95)
    late = disagreement([False, False, *[True] * 1000], precision=0.95, confidence=0.95)
    assert early is not None
    assert late == early


@pytest.mark.parametrize("precision", [0.95, 0.97])
def test_a_good_threshold_is_seldom_revoked_though_one_looks_after_every_audit(
    precision: float,
) -> None:
    random = np.random.default_rng(4)
    revoked = sum(
        disagreement(list(random.uniform(size=1000) < precision), precision=0.95, confidence=0.9)
        is not None
        for _ in range(1000)
    )
    assert revoked <= most_of(1000, 0.1)


@pytest.mark.parametrize(("precision", "audits"), [(0.5, 25), (0.8, 150), (0.9, 1000)])
def test_a_bad_threshold_is_revoked_within_some_audits(precision: float, audits: int) -> None:
    random = np.random.default_rng(5)
    revoked = sum(
        disagreement(list(random.uniform(size=audits) < precision), precision=0.95, confidence=0.95)
        is not None
        for _ in range(300)
    )
    assert revoked >= 291
