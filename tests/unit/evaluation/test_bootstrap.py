"""Means and intervals equal plain loops, and SciPy where it can say the same."""

import numpy as np
import pytest
from scipy import stats

from maskloop.platform.bootstrap import RESAMPLES, compare, figure_of, summarize
from maskloop.platform.errors import NotComparableError
from maskloop.platform.evaluation import Figure, ObjectScore
from sites.scores import changed, scores

CHAMPION = scores()


def better(score: ObjectScore) -> dict[str, object]:
    """By an amount that differs from object to object."""
    return {"one_click": score.one_click + 0.02 + 0.03 * (score.annotation_id % 3)}


def test_an_interval_equals_a_plain_loop_over_the_same_resamples() -> None:
    values = np.array([score.one_click for score in CHAMPION])
    images = [score.image_sha256 for score in CHAMPION]
    names = sorted(set(images))
    draws = np.random.default_rng(0).multinomial(12, [1 / 12] * 12, size=RESAMPLES)
    means = []
    for draw in draws:
        drawn = [name for name, times in zip(names, draw, strict=True) for _ in range(times)]
        means.append(
            np.mean([v for name in drawn for v, i in zip(values, images, strict=True) if i == name])
        )

    found = figure_of(values, images, confidence=0.9)

    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(means, [5, 95])))
    assert found.count == 120


def test_with_an_object_an_image_an_interval_is_that_of_scipy() -> None:
    """Of another stream of random numbers: they agree as far as 2,000 resamples say."""
    values = np.random.default_rng(1).beta(5, 2, size=200)
    peer = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    found = figure_of(values, [str(place) for place in range(200)])
    width = peer.high - peer.low
    assert found.low == pytest.approx(peer.low, abs=0.05 * width)
    assert found.high == pytest.approx(peer.high, abs=0.05 * width)


def test_objects_of_an_image_are_no_independent_witnesses() -> None:
    """Twelve images of ten objects that are all alike say what twelve objects say."""
    levels = np.linspace(0, 1, 12)
    images = [str(place) for place in range(12)]
    once = figure_of(levels, images)
    often = figure_of(np.repeat(levels, 10), list(np.repeat(images, 10)))
    assert (often.low, often.high) == pytest.approx((once.low, once.high))
    assert (once.count, often.count) == (12, 120)


def test_of_one_image_the_interval_speaks_of_its_objects() -> None:
    found = figure_of(np.linspace(0, 1, 50), ["one"] * 50)
    assert found.low < 0.45 < found.mean < 0.55 < found.high


def test_a_summary_has_the_means_of_all_categories_and_sizes() -> None:
    found = summarize(CHAMPION)
    ious = [score.one_click for score in CHAMPION]
    cells = [score.one_click for score in CHAMPION if score.category == "cell"]
    large = [score.one_click for score in CHAMPION if score.area >= 96**2]
    assert found.overall["one_click"].mean == pytest.approx(np.mean(ious))
    assert found.by_category["cell"]["one_click"].mean == pytest.approx(np.mean(cells))
    assert found.by_size["large"]["one_click"].mean == pytest.approx(np.mean(large))
    assert found.by_size["large"]["one_click"].count == len(large)
    assert set(found.by_size) == {"small", "medium", "large"}
    assert (found.objects, found.images) == (120, 12)
    assert 9 < found.click_milliseconds < 11


def test_a_figure_counts_the_objects_that_were_measured() -> None:
    found = summarize(CHAMPION).overall
    assert {metric: figure.count for metric, figure in found.items()} == {
        "one_click": 120,
        "best_of_three": 120,
        "box": 120,
        "boundary_f": 120,
        "clicks_85": 24,
        "clicks_90": 24,
        "everything_recall": 30,
    }


def test_what_was_not_measured_has_no_figure() -> None:
    plain = changed(CHAMPION, lambda _: {"everything_hit": None, "clicks_90": None})
    assert set(summarize(plain).overall) == {
        "one_click",
        "best_of_three",
        "box",
        "boundary_f",
        "clicks_85",
    }


def test_a_comparison_pairs_objects_whatever_their_order() -> None:
    challenger = changed(CHAMPION, better)
    found = compare(CHAMPION, challenger, slowdown=1.0)
    differences = np.array([0.02 + 0.03 * (score.annotation_id % 3) for score in CHAMPION])
    images = [score.image_sha256 for score in CHAMPION]
    expected = figure_of(differences, images)
    assert found.overall["one_click"].model_dump() == pytest.approx(expected.model_dump())
    assert found.overall["box"] == Figure(mean=0, low=0, high=0, count=120)
    assert compare(CHAMPION[::-1], challenger, slowdown=1.0) == found
    assert found.challenger["one_click"] - found.champion["one_click"] == pytest.approx(
        differences.mean()
    )


def test_pairs_say_more_than_two_intervals_apart() -> None:
    found = compare(
        CHAMPION, changed(CHAMPION, lambda s: {"one_click": s.one_click + 0.02}), slowdown=1.0
    )
    alone = summarize(CHAMPION).overall["one_click"]
    assert alone.high - alone.low > 0.05
    assert found.overall["one_click"].low == pytest.approx(0.02)


def test_less_confidence_is_a_narrower_interval() -> None:
    challenger = changed(CHAMPION, better)
    wide = compare(CHAMPION, challenger, confidence=0.99, slowdown=1.0).overall["one_click"]
    narrow = compare(CHAMPION, challenger, confidence=0.8, slowdown=1.0).overall["one_click"]
    assert wide.low < narrow.low < narrow.mean == wide.mean < narrow.high < wide.high


def test_the_general_set_is_compared_as_well() -> None:
    general = scores(images=5)
    worse = changed(general, lambda score: {"box": score.box - 0.1})
    found = compare(CHAMPION, CHAMPION, (general, worse), slowdown=1.0)
    assert found.general["box"].mean == pytest.approx(-0.1)
    assert found.general["box"].count == 50
    assert found.overall["box"].mean == 0
    assert compare(CHAMPION, CHAMPION, slowdown=1.0).general == {}


def test_a_slowdown_is_not_of_the_scores_own_times() -> None:
    """They are of two days."""
    slow = changed(CHAMPION, lambda score: {"milliseconds": score.milliseconds * 1.5})
    assert compare(CHAMPION, slow, slowdown=1.1).slowdown == 1.1


def test_a_comparison_says_over_how_many_images_it_is() -> None:
    general = scores(images=5)
    found = compare(CHAMPION, CHAMPION, (general, general), slowdown=1.0)
    assert (found.images, found.general_images) == (12, 5)
    assert compare(CHAMPION, CHAMPION, slowdown=1.0).general_images == 0


@pytest.mark.parametrize(
    ("challenger", "reason"),
    [
        (CHAMPION[1:], "120 and 119 objects, and not the same ones; annotation 0 is the first"),
        (changed(CHAMPION, lambda _: {"category": "rod"}), "annotation 0 is the first"),
        (changed(CHAMPION, lambda _: {"area": 5}), "annotation 0 is the first that differs"),
        (
            changed(CHAMPION, lambda _: {"clicks_85": None, "clicks_90": None}),
            "of annotation 0 one has clicks_85, clicks_90 and the other has not",
        ),
        ([*CHAMPION, CHAMPION[3]], "annotation 3 was measured twice"),
        ([], "no object was measured"),
    ],
)
def test_what_is_no_pair_is_told_and_not_compared(
    challenger: list[ObjectScore], reason: str
) -> None:
    with pytest.raises(NotComparableError, match=reason):
        compare(CHAMPION, challenger, slowdown=1.0)
