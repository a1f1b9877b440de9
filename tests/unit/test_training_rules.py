"""Rules of training sets in words."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from maskloop.platform.states import ImageState
from maskloop.platform.training import Origin, SetRule
from maskloop.services.training_rules import differences, nothing_left


def test_equal_rules_have_no_differences_whatever_their_order() -> None:
    one = SetRule(categories=("cell", "dog"), sources=("*/a/*", "*/b/*"))
    other = SetRule(categories=("dog", "cell"), sources=("*/b/*", "*/a/*"))
    assert differences(one, other) == []


def test_every_part_that_differs_is_named_with_both_values() -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    changed = SetRule(
        categories=("cell",),
        origins=(Origin.CORRECTED, Origin.DRAWN),
        image_states=(ImageState.DONE,),
        since=new_year,
        until=new_year,
        sources=("*/a/*",),
        holdout_sources=("*/val/*",),
        holdout_share=0.0,
        validation_share=0.25,
    )
    assert differences(SetRule(), changed) == [
        "categories: all → cell",
        "origins: all → corrected, drawn",
        "image states: todo, done → done",
        "since: any time → 2027-01-01 00:00:00+00:00",
        "until: any time → 2027-01-01 00:00:00+00:00",
        "sources: all → */a/*",
        "hold-out sources: none → */val/*",
        "hold-out share: 0.2 → 0",
        "validation share: 0.1 → 0.25",
    ]
    assert len(differences(SetRule(), changed)) == len(SetRule.model_fields)


def test_the_first_part_that_lets_nothing_through_is_named() -> None:
    rule = SetRule(categories=("cell",), sources=("*/a/*", "*/b/*"))
    left = {"categories": 4, "image_states": 4, "sources": 0}
    assert nothing_left(rule, 12, left) == (
        "of 4 annotations that the parts before it leave none is on an image whose source matches "
        "*/a/*, */b/*"
    )
    assert nothing_left(rule, 12, {"categories": 0}) == (
        "of 12 annotations none has one of the categories cell"
    )
    assert nothing_left(rule, 0, {"categories": 0}) == "the project has no annotations"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        SetRule(since=datetime(2027, 1, 1))
