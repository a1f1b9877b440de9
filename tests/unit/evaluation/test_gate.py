"""Who passes the gate, and by which rule the others do not."""

import pytest

from maskloop.platform.bootstrap import compare as compare_scores
from maskloop.platform.evaluation import Comparison, GateResult, ObjectScore, Protocol, RuleOutcome
from maskloop.platform.gate import judge
from maskloop.platform.training import GatePolicy
from sites.scores import Change, changed, scores

CHAMPION = scores()
GENERAL = scores(images=20, categories=("dog",))


def compare(
    champion: list[ObjectScore],
    challenger: list[ObjectScore],
    general: tuple[list[ObjectScore], list[ObjectScore]] | None = None,
) -> Comparison:
    """Of two that are as fast."""
    return compare_scores(champion, challenger, general, slowdown=1.0)


def judged(policy: GatePolicy, found: Comparison) -> GateResult:
    return judge(policy, found, protocol=Protocol())


def better(score: ObjectScore) -> dict[str, object]:
    gain = 0.03 + 0.02 * (score.annotation_id % 3)
    return {
        "one_click": score.one_click + gain,
        "best_of_three": score.best_of_three + gain,
        "box": score.box + gain,
        "clicks_85": None if score.clicks_85 is None else score.clicks_85 - 1,
    }


def by_chance(score: ObjectScore) -> dict[str, object]:
    """Other masks, not better ones."""
    return {"one_click": score.one_click + (0.01 if score.annotation_id % 2 else -0.01)}


def worse(score: ObjectScore) -> dict[str, object]:
    fall = 0.2 + 0.05 * (score.annotation_id % 3)
    ious = ("one_click", "best_of_three", "box")
    return {name: max(0.0, getattr(score, name) - fall) for name in ious}


def better_but_not_for_nuclei(score: ObjectScore) -> dict[str, object]:
    if score.category == "nucleus":
        return {"one_click": score.one_click - 0.1}
    return {"one_click": score.one_click + 0.4}


def better_but_timed_on_a_busy_day(score: ObjectScore) -> dict[str, object]:
    return {**better(score), "milliseconds": score.milliseconds * 1.3}


def better_with_worse_boxes(score: ObjectScore) -> dict[str, object]:
    return {**better(score), "box": score.box - 0.02}


def better_but_found_in_bulk_no_more(score: ObjectScore) -> dict[str, object]:
    return {**better(score), "everything_hit": None if score.everything_hit is None else False}


def shuffled(old: list[ObjectScore]) -> list[ObjectScore]:
    """Each object gets the mask of its neighbour, which hardly meets it."""
    return changed(old, lambda _: {"one_click": 0.01, "best_of_three": 0.03, "box": 0.0})


def failed(result: GateResult) -> set[str]:
    return {rule.name for rule in result.rules if rule.outcome is RuleOutcome.FAILED}


CATEGORIES = {"not_worse:category:cell", "not_worse:category:nucleus"}
OVERALL = {"not_worse:one_click", "not_worse:best_of_three", "not_worse:box"}


@pytest.mark.parametrize(
    ("challenger", "expected"),
    [
        (changed(CHAMPION, better), set()),
        (CHAMPION, {"better:one_click"}),
        (changed(CHAMPION, by_chance), {"better:one_click"}),
        (changed(CHAMPION, worse), {"better:one_click", *OVERALL, *CATEGORIES}),
        (shuffled(CHAMPION), {"better:one_click", *OVERALL, *CATEGORIES}),
        (changed(CHAMPION, better_but_not_for_nuclei), {"not_worse:category:nucleus"}),
        (changed(CHAMPION, better_with_worse_boxes), {"not_worse:box"}),
        (changed(CHAMPION, better_but_timed_on_a_busy_day), set()),
        (changed(CHAMPION, better_but_found_in_bulk_no_more), {"not_worse:everything_recall"}),
    ],
    ids=[
        "better",
        "equal",
        "by chance",
        "worse",
        "shuffled masks",
        "one broken category",
        "worse boxes",
        "timed on a busy day",
        "nothing found in bulk",
    ],
)
def test_a_challenger_is_refused_by_the_rules_that_it_breaks(
    challenger: list[ObjectScore], expected: set[str]
) -> None:
    result = judged(GatePolicy(), compare(CHAMPION, challenger))
    assert failed(result) == expected
    assert result.passed is (not expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: {}, set()),
        (lambda score: {"one_click": score.one_click - 0.015}, set()),
        (lambda score: {"one_click": score.one_click - 0.03}, {"not_forgotten:one_click"}),
        (lambda score: {"box": score.box - 0.03}, {"not_forgotten:box"}),
        # The mean is within the bound, and its interval reaches beyond twice that.
        (
            lambda score: {"box": score.box - 0.3 * (score.image_sha256.endswith("3"))},
            {"not_forgotten:box"},
        ),
    ],
    ids=["all kept", "a little", "one_click", "box", "nobody knows"],
)
def test_what_is_forgotten_on_the_general_set_is_held_against_it(
    change: Change, expected: set[str]
) -> None:
    general = (GENERAL, changed(GENERAL, change))
    result = judged(GatePolicy(), compare(CHAMPION, changed(CHAMPION, better), general))
    assert failed(result) == expected


def test_without_a_general_set_nothing_is_asked_of_it() -> None:
    names = [rule.name for rule in judged(GatePolicy(), compare(CHAMPION, CHAMPION)).rules]
    assert names == [
        "better:one_click",
        "not_worse:one_click",
        "not_worse:best_of_three",
        "not_worse:box",
        "not_worse:category:cell",
        "not_worse:category:nucleus",
        "not_worse:everything_recall",
        "not_slower",
        "enough:images",
        "usual:protocol",
    ]


def test_a_category_with_too_few_objects_is_not_judged() -> None:
    found = compare(CHAMPION, changed(CHAMPION, better_but_not_for_nuclei))
    result = judged(GatePolicy(category_least=61), found)
    outcomes = {rule.name: rule.outcome for rule in result.rules}
    assert {outcomes[name] for name in CATEGORIES} == {RuleOutcome.TOO_FEW}
    assert result.passed
    told = {rule.name: rule.sentence for rule in result.rules}["not_worse:category:nucleus"]
    assert told == "One-click IoU of nucleus is not judged: 60 objects of the 61 that it takes."


def test_fewer_clicks_are_better() -> None:
    policy = GatePolicy(metric="clicks_85")
    passed = judged(policy, compare(CHAMPION, changed(CHAMPION, better)))
    refused = judged(policy, compare(changed(CHAMPION, better), CHAMPION))
    assert passed.passed
    assert passed.rules[0].name == "better:clicks_85"
    assert (passed.rules[0].measured, passed.rules[0].low, passed.rules[0].high) == (1, 1, 1)
    assert "better:clicks_85" in failed(refused)
    # A bound of IoU means nothing for clicks: categories are held to their one-click IoU.
    told = [rule.sentence for rule in passed.rules if rule.name in CATEGORIES]
    assert all(sentence.startswith("One-click IoU of") for sentence in told)


def test_a_metric_that_nobody_measured_has_not_been_shown() -> None:
    plain = changed(CHAMPION, lambda _: {"everything_hit": None})
    result = judged(GatePolicy(metric="everything_recall"), compare(plain, plain))
    assert "better:everything_recall" in failed(result)
    assert result.rules[0].sentence == (
        "Everything-mode recall has to be judged, and the protocol of the evaluation left it out."
    )


def comparison(**changes: float) -> Comparison:
    plain = compare(CHAMPION, changed(CHAMPION, lambda s: {"one_click": s.one_click + 0.08}))
    return plain.model_copy(update=changes)


def test_every_rule_says_what_was_asked_and_what_came_out() -> None:
    result = judged(GatePolicy(), comparison(slowdown=1.25))
    told = {rule.name: rule.sentence for rule in result.rules}
    assert told["better:one_click"] == (
        "One-click IoU has to be better for certain, with the whole interval on the better side: "
        "it changed by +0.080 (95 % interval +0.080 to +0.080) over 120 objects."
    )
    assert told["not_worse:box"] == (
        "Box IoU may not be lower by more than 0.010 for certain: it changed by +0.000 (95 % "
        "interval +0.000 to +0.000) over 120 objects."
    )
    assert told["not_worse:category:cell"] == (
        "One-click IoU of cell may not be lower by more than 0.030, nor the interval's lower end "
        "by more than 0.060: it changed by +0.080 (95 % interval +0.080 to +0.080) over 60 objects."
    )
    assert told["not_slower"] == (
        "A click may take 1.20 times as long as before: it takes 1.25 times as long."
    )


def test_bounds_are_part_of_what_is_allowed() -> None:
    assert judged(GatePolicy(), comparison(slowdown=1.2)).passed
    assert not judged(GatePolicy(), comparison(slowdown=1.2001)).passed


@pytest.mark.parametrize("images", [1, 4])
def test_of_few_images_nothing_is_certain(images: int) -> None:
    few = scores(images=images)
    result = judged(GatePolicy(), compare(few, changed(few, better)))
    assert failed(result) == {"enough:images"}
    rule = next(rule for rule in result.rules if rule.name == "enough:images")
    assert (rule.measured, rule.bound) == (images, 5)
    assert rule.sentence == (
        f"The hold-out needs 5 images or more, for intervals to mean something: it has {images}."
    )


def test_as_many_images_as_the_policy_asks_are_enough() -> None:
    few = scores(images=5)
    found = compare(few, changed(few, better))
    assert found.images == 5
    assert judged(GatePolicy(), found).passed
    assert failed(judged(GatePolicy(images_least=6), found)) == {"enough:images"}


def test_of_a_general_set_with_few_images_nothing_is_certain_either() -> None:
    few = scores(images=4, categories=("dog",))
    result = judged(GatePolicy(), compare(CHAMPION, changed(CHAMPION, better), (few, few)))
    assert failed(result) == {"enough:general_images"}
    told = {rule.name: rule.sentence for rule in result.rules}["enough:general_images"]
    assert told == (
        "The general set's hold-out needs 5 images or more, for intervals to mean something: "
        "it has 4."
    )


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        (Protocol(most_objects=1999), "for 1,999 instead of 2,000 objects"),
        (
            Protocol(most_clicked_objects=0),
            "for 0 instead of 300 objects that are clicked until they are right",
        ),
        (Protocol(most_clicks=19), "for 19 instead of 20 clicks an object"),
        (Protocol(everything_images=7), "for 7 instead of 8 images in everything-mode"),
        (Protocol(version=0), "by version 0 instead of 1"),
        (
            Protocol(boundary_tolerance=0.05),
            "with a boundary tolerance of 0.05 instead of 0.0075",
        ),
        (
            Protocol(most_objects=10, everything_images=0),
            "for 10 instead of 2,000 objects, for 0 instead of 8 images in everything-mode",
        ),
    ],
)
def test_a_protocol_that_asks_less_than_the_usual_one_does_not_count(
    protocol: Protocol, said: str
) -> None:
    result = judge(GatePolicy(), comparison(), protocol=protocol)
    assert failed(result) == {"usual:protocol"}
    told = {rule.name: rule.sentence for rule in result.rules}["usual:protocol"]
    assert told == (
        f"The evaluation has to ask at least what the usual protocol asks: this one asks {said}."
    )


@pytest.mark.parametrize(
    "protocol",
    [
        Protocol(),
        Protocol(most_objects=None),
        Protocol(most_objects=2001, most_clicked_objects=301, everything_images=9),
    ],
)
def test_a_protocol_that_asks_more_counts_as_well(protocol: Protocol) -> None:
    result = judge(GatePolicy(), comparison(), protocol=protocol)
    assert result.passed
    assert result.rules[-1].sentence == (
        "The evaluation has to ask at least what the usual protocol asks: this one does."
    )
