"""The gate: what a challenger has to show before it may serve. Each rule says what came out of it.

Changes are turned so that more is better: fewer clicks are a gain. `measured`, `low` and `high` of
a rule are such gains, and `bound` is what they are held against.
"""

from collections.abc import Iterator
from typing import Final

from maskloop.platform.evaluation import (
    Comparison,
    Figure,
    GateResult,
    GateRule,
    Protocol,
    RuleOutcome,
)
from maskloop.platform.training import GatePolicy

CLICKS: Final = frozenset({"clicks_85", "clicks_90"})
"""Metrics of which less is better."""
_NEVER_WORSE: Final = ("one_click", "best_of_three", "box")
_NEVER_FORGOTTEN: Final = ("one_click", "box")
_AMOUNTS: Final = {
    "most_objects": "objects",
    "most_clicked_objects": "objects that are clicked until they are right",
    "most_clicks": "clicks an object",
    "everything_images": "images in everything-mode",
}
"""Of a protocol: more is as good."""
_WORDS: Final = {
    "one_click": "One-click IoU",
    "best_of_three": "Best-of-three IoU",
    "box": "Box IoU",
    "boundary_f": "Boundary F",
    "clicks_85": "Clicks to IoU 0.85",
    "clicks_90": "Clicks to IoU 0.90",
    "everything_recall": "Everything-mode recall",
}


def judge(policy: GatePolicy, comparison: Comparison, *, protocol: Protocol) -> GateResult:
    """Passed where no rule failed. `protocol`: by which both were measured. The comparison's
    intervals are those of the policy's confidence: that is the caller's business."""
    rules = (
        _better(policy, comparison),
        *_not_worse(policy, comparison),
        *_not_worse_anywhere(policy, comparison),
        *_found_in_bulk(policy, comparison),
        *_not_forgotten(policy, comparison),
        _not_slower(policy, comparison),
        *_enough(policy, comparison),
        _usual(protocol),
    )
    return GateResult(passed=all(r.outcome is not RuleOutcome.FAILED for r in rules), rules=rules)


def _usual(protocol: Protocol) -> GateRule:
    """A few objects that were easy to pick prove nothing: it takes what everyone is measured by."""
    odd = [*_asked_less(protocol), *_asked_otherwise(protocol)]
    came = f"this one asks {', '.join(odd)}" if odd else "this one does"
    return GateRule(
        name="usual:protocol",
        outcome=RuleOutcome.FAILED if odd else RuleOutcome.PASSED,
        measured=float(len(odd)),
        bound=0.0,
        sentence=f"The evaluation has to ask at least what the usual protocol asks: {came}.",
    )


def _asked_less(protocol: Protocol) -> Iterator[str]:
    usual = Protocol()
    for field, words in _AMOUNTS.items():
        asked, least = getattr(protocol, field), getattr(usual, field)
        if asked is not None and asked < least:  # None is as many as there are
            yield f"for {asked:,} instead of {least:,} {words}"


def _asked_otherwise(protocol: Protocol) -> Iterator[str]:
    """What is neither more nor less gives other figures."""
    usual = Protocol()
    if protocol.version != usual.version:
        yield f"by version {protocol.version} instead of {usual.version}"
    if protocol.boundary_tolerance != usual.boundary_tolerance:
        yield (
            f"with a boundary tolerance of {protocol.boundary_tolerance:g} "
            f"instead of {usual.boundary_tolerance:g}"
        )


def _enough(policy: GatePolicy, comparison: Comparison) -> Iterator[GateRule]:
    """Few images agree with each other by chance, and of a single one the interval knows nothing
    of others: certain is then only what nobody asked."""
    yield _enough_of("enough:images", "The hold-out", comparison.images, policy)
    if comparison.general:
        words = "The general set's hold-out"
        yield _enough_of("enough:general_images", words, comparison.general_images, policy)


def _enough_of(name: str, words: str, images: int, policy: GatePolicy) -> GateRule:
    least = policy.images_least
    return GateRule(
        name=name,
        outcome=RuleOutcome.PASSED if images >= least else RuleOutcome.FAILED,
        measured=float(images),
        bound=float(least),
        sentence=f"{words} needs {least:,} images or more, for intervals to mean something: "
        f"it has {images:,}.",
    )


def _better(policy: GatePolicy, comparison: Comparison) -> GateRule:
    name, words = f"better:{policy.metric}", _WORDS[policy.metric]
    found = comparison.overall.get(policy.metric)
    if found is None:
        return _unmeasured(name, words, bound=0.0)
    gain = _gain(policy.metric, found)
    return _rule(
        name,
        gain,
        holds=gain.low > 0,
        bound=0.0,
        asked=f"{words} has to be better for certain, with the whole interval on the better side",
        came=_told(policy, policy.metric, found),
    )


def _not_worse(policy: GatePolicy, comparison: Comparison) -> Iterator[GateRule]:
    """All objects together are enough for the interval itself to keep the bound."""
    bound = -policy.worse_at_most
    for metric in _NEVER_WORSE:
        name, words = f"not_worse:{metric}", _WORDS[metric]
        found = comparison.overall.get(metric)
        if found is None:
            yield _unmeasured(name, words, bound=bound)
            continue
        yield _rule(
            name,
            found,
            holds=found.low >= bound,
            bound=bound,
            asked=f"{words} may not be lower by more than {policy.worse_at_most:.3f} for certain",
            came=_told(policy, metric, found),
        )


def _not_worse_anywhere(policy: GatePolicy, comparison: Comparison) -> Iterator[GateRule]:
    # The bound is a share of IoU; of clicks it would be nothing, so then one click tells.
    metric = "one_click" if policy.metric in CLICKS else policy.metric
    most = policy.category_worse_at_most
    for category, figures in sorted(comparison.by_category.items()):
        name = f"not_worse:category:{category}"
        words = f"{_WORDS[metric]} of {category}"
        found = figures.get(metric)
        count = 0 if found is None else found.count
        if found is None or count < policy.category_least:
            yield GateRule(
                name=name,
                outcome=RuleOutcome.TOO_FEW,
                measured=0.0 if found is None else found.mean,
                low=None if found is None else found.low,
                high=None if found is None else found.high,
                bound=-most,
                sentence=f"{words} is not judged: {_objects(count)} of the "
                f"{policy.category_least} that it takes.",
            )
            continue
        yield _rule(
            name,
            found,
            holds=_no_harm(found, most),
            bound=-most,
            asked=_no_harm_asked(words, most),
            came=_told(policy, metric, found),
        )


def _found_in_bulk(policy: GatePolicy, comparison: Comparison) -> Iterator[GateRule]:
    """A version may answer clicks better, and leave bulk jobs without proposals: where its scores
    no longer pass everything-mode's threshold. Whether enough of it was measured is the protocol's
    rule."""
    metric, most = "everything_recall", policy.recall_worse_at_most
    found = comparison.overall.get(metric)
    if found is not None:
        yield _rule(
            f"not_worse:{metric}",
            found,
            holds=_no_harm(found, most),
            bound=-most,
            asked=_no_harm_asked(_WORDS[metric], most),
            came=_told(policy, metric, found),
        )


def _not_forgotten(policy: GatePolicy, comparison: Comparison) -> Iterator[GateRule]:
    """No rule where the policy names no general set."""
    if not comparison.general:
        return
    most = policy.general_worse_at_most
    for metric in _NEVER_FORGOTTEN:
        name, words = f"not_forgotten:{metric}", f"{_WORDS[metric]} on the general set"
        found = comparison.general.get(metric)
        if found is None:
            yield _unmeasured(name, words, bound=-most)
            continue
        yield _rule(
            name,
            found,
            holds=_no_harm(found, most),
            bound=-most,
            asked=_no_harm_asked(words, most),
            came=_told(policy, metric, found),
        )


def _not_slower(policy: GatePolicy, comparison: Comparison) -> GateRule:
    bound = policy.slower_at_most
    holds = comparison.slowdown <= bound
    return GateRule(
        name="not_slower",
        outcome=RuleOutcome.PASSED if holds else RuleOutcome.FAILED,
        measured=comparison.slowdown,
        bound=bound,
        sentence=f"A click may take {bound:.2f} times as long as before: "
        f"it takes {comparison.slowdown:.2f} times as long.",
    )


def _no_harm(found: Figure, most: float) -> bool:
    """Of a category, and of the general set.

    The mean has to keep the bound: with some dozens of objects an interval is wider than the
    bound itself, and its lower end would refuse challengers that changed nothing but noise; of
    many categories one always would. But a mean of few objects is luck, too: so the lower end has
    to keep twice the bound.
    """
    return found.mean >= -most and found.low >= -2 * most


def _no_harm_asked(words: str, most: float) -> str:
    return (
        f"{words} may not be lower by more than {most:.3f}, "
        f"nor the interval's lower end by more than {2 * most:.3f}"
    )


def _gain(metric: str, found: Figure) -> Figure:
    if metric not in CLICKS:
        return found
    return Figure(mean=-found.mean, low=-found.high, high=-found.low, count=found.count)


def _rule(name: str, gain: Figure, *, holds: bool, bound: float, asked: str, came: str) -> GateRule:
    return GateRule(
        name=name,
        outcome=RuleOutcome.PASSED if holds else RuleOutcome.FAILED,
        measured=gain.mean,
        low=gain.low,
        high=gain.high,
        bound=bound,
        sentence=f"{asked}: {came}.",
    )


def _unmeasured(name: str, words: str, *, bound: float) -> GateRule:
    """What nobody looked at has not been shown."""
    return GateRule(
        name=name,
        outcome=RuleOutcome.FAILED,
        measured=0.0,
        bound=bound,
        sentence=f"{words} has to be judged, and the protocol of the evaluation left it out.",
    )


def _told(policy: GatePolicy, metric: str, found: Figure) -> str:
    places = 2 if metric in CLICKS else 3
    mean, low, high = (f"{value:+.{places}f}" for value in (found.mean, found.low, found.high))
    sure = f"{policy.confidence * 100:g} %"
    return f"it changed by {mean} ({sure} interval {low} to {high}) over {_objects(found.count)}"


def _objects(count: int) -> str:
    return f"{count:,} object" if count == 1 else f"{count:,} objects"
