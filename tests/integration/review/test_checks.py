"""Gold and planted errors: how they are made, and that they look like proposals."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.db import audit_events, never_trained
from maskloop.platform.db.checks import Check, Score
from maskloop.platform.errors import BadParametersError, NotFoundError, NothingToPlantError
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.states import CheckKind, Defect, NeverTrained
from maskloop.services import annotations, checks
from maskloop.services.annotations import Editor, Submitted
from maskloop.services.gold import make_gold
from maskloop.services.planting import plant

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.coins import Tray


def gold_of(tray: "Tray", count: int) -> list[Check]:
    return make_gold(tray.runtime, tray.project_id, tray.accept(count), by=tray.ben)


def real_scores(tray: "Tray") -> set[Score]:
    return {Score(one.model_version_id, one.mask.predicted_iou) for one in tray.proposals}


def test_gold_shows_the_annotation_as_it_is_with_a_real_proposal_s_score(tray: "Tray") -> None:
    (annotation_id,) = tray.accept(1, category_id=tray.new)
    (made,) = make_gold(tray.runtime, tray.project_id, [annotation_id], by=tray.ben)
    assert (made.new.kind, made.new.defect, made.new.iou) == (CheckKind.GOLD, None, 1.0)
    assert (made.new.truth, made.new.image_id) == ((annotation_id, 1), tray.image.id)
    assert (made.category, made.created_by, made.retired_at) == ("new", "ben", None)
    truth = annotations.get(tray.runtime, tray.project_id, annotation_id)
    assert made.new.mask == truth.drawing.mask
    assert made.new.score in real_scores(tray)


def test_gold_is_never_trained_on(tray: "Tray") -> None:
    made = tray.accept(3)
    make_gold(tray.runtime, tray.project_id, made[:2], by=tray.ben)
    with tray.runtime.engine.connect() as connection:
        marks = never_trained.which(connection, tray.project_id)
    assert marks == dict.fromkeys(made[:2], NeverTrained.GOLD)


def test_what_is_gold_already_stays_and_what_was_changed_is_gold_anew(tray: "Tray") -> None:
    made = tray.accept(2)
    first = make_gold(tray.runtime, tray.project_id, made, by=tray.ben)
    assert make_gold(tray.runtime, tray.project_id, [*made, made[0]], by=tray.anna) == first
    drawn = Submitted(tray.new, Rle.encode(tray.masks[5]).counts)
    annotations.update(
        tray.runtime,
        tray.project_id,
        made[0],
        drawn,
        expected=1,
        editor=Editor(tray.anna, of_others=False),
    )
    changed, same = make_gold(tray.runtime, tray.project_id, made, by=tray.ben)
    assert same == first[1]
    assert changed.new.truth == (made[0], 2)
    assert changed.new.mask.rle == Rle.encode(tray.masks[5])
    listed = checks.page(tray.runtime, tray.project_id, retired=True)
    assert [one.check.id for one in listed] == [first[0].id]


def test_one_annotation_that_is_not_there_makes_none_gold(tray: "Tray") -> None:
    one, other = tray.accept(2)
    editor = Editor(tray.anna, of_others=False)
    annotations.delete(tray.runtime, tray.project_id, other, expected=1, editor=editor)
    for missing in (other, 987_654):
        with pytest.raises(NotFoundError, match=f"no annotation.*{missing}"):
            make_gold(tray.runtime, tray.project_id, [one, missing], by=tray.ben)
    assert (tray.count("checks"), tray.count("never_trained")) == (0, 0)


def test_planted_errors_are_wrong_by_the_amount_asked_for_and_of_every_defect(
    tray: "Tray",
) -> None:
    gold_of(tray, 10)
    made = plant(tray.runtime, tray.project_id, 20, iou=0.6, by=tray.ben, seed=1)
    often = Counter(one.new.defect for one in made)
    # Few coins are near enough to another one to be merged with it.
    assert often.pop(Defect.MERGED) == 2
    assert sorted(often.values()) == [4, 4, 5, 5]
    for one in made:
        assert one.new.kind is CheckKind.PLANTED
        truth = annotations.get(tray.runtime, tray.project_id, one.new.truth[0]).drawing
        measured = iou_matrix([one.new.mask.rle], [truth.mask.rle])[0, 0]
        assert one.new.iou == pytest.approx(measured, abs=1e-6)
        if one.new.defect is Defect.WRONG_CATEGORY:
            assert one.new.mask == truth.mask
            assert one.new.category_id == tray.new
        else:
            assert measured == pytest.approx(0.6, abs=0.05)
            assert one.new.category_id == truth.category_id
        assert one.new.score in real_scores(tray)


def test_the_same_seed_plants_the_same_errors_and_none_twice(tray: "Tray") -> None:
    gold_of(tray, 4)

    def shown(seed: int) -> list[tuple[object, bytes]]:
        made = plant(tray.runtime, tray.project_id, 6, by=tray.ben, seed=seed)
        for one in made:
            checks.retire(tray.runtime, tray.project_id, one.id, by=tray.ben)
        return [(one.new.defect, one.new.mask.rle.digest) for one in made]

    assert shown(7) == shown(7)
    assert shown(7) != shown(8)
    plant(tray.runtime, tray.project_id, 8, by=tray.ben, seed=7)
    plant(tray.runtime, tray.project_id, 8, by=tray.ben, seed=7)
    in_use = [one.check.new for one in checks.page(tray.runtime, tray.project_id, retired=False)]
    planted = [one for one in in_use if one.kind is CheckKind.PLANTED]
    assert len(planted) == 16
    assert len({(one.truth[0], one.category_id, one.mask.rle.digest) for one in planted}) == 16


def test_no_annotation_has_more_than_five_planted_errors(tray: "Tray") -> None:
    gold_of(tray, 1)
    made = plant(tray.runtime, tray.project_id, 50, by=tray.ben, seed=1)
    assert len(made) == 5
    with pytest.raises(NothingToPlantError, match=r"none of its 1 masks .* 5 planted errors each"):
        plant(tray.runtime, tray.project_id, 1, by=tray.ben)


def test_without_gold_errors_are_made_of_what_reviews_accepted(tray: "Tray") -> None:
    accepted = tray.accept(3)
    made = plant(tray.runtime, tray.project_id, 6, by=tray.ben, seed=1)
    assert {one.new.truth[0] for one in made} == set(accepted)


def test_gold_comes_before_what_was_only_accepted(tray: "Tray") -> None:
    accepted = tray.accept(6)
    make_gold(tray.runtime, tray.project_id, accepted[:3], by=tray.ben)
    made = plant(tray.runtime, tray.project_id, 3, by=tray.ben, seed=1)
    assert {one.new.truth[0] for one in made} == set(accepted[:3])


def test_a_project_without_anything_right_says_what_to_do(tray: "Tray") -> None:
    with pytest.raises(NothingToPlantError) as caught:
        plant(tray.runtime, tray.project_id, 3, by=tray.ben)
    assert str(caught.value) == (
        "No error can be planted in project photos: it has no gold, and no annotation that a "
        "review made of a proposal. Make gold first: maskloop checks gold photos ANNOTATION."
    )


def test_what_cannot_be_asked_for_is_refused_by_name(tray: "Tray", bench: "Bench") -> None:
    for count, iou, parameter in ((0, 0.6, "count"), (201, 0.6, "count"), (1, 0.95, "iou")):
        with pytest.raises(BadParametersError) as caught:
            plant(tray.runtime, tray.project_id, count, iou=iou, by=tray.ben)
        assert caught.value.fields["parameter"] == parameter
    with pytest.raises(BadParametersError, match="defects cannot be empty"):
        plant(tray.runtime, tray.project_id, 1, defects=[], by=tray.ben)
    bench.project = "others"
    alone = bench.make_project(categories=["thing"])
    with pytest.raises(BadParametersError, match="no second category"):
        plant(tray.runtime, alone, 1, defects=[Defect.WRONG_CATEGORY], by=tray.ben)


def test_a_retired_check_is_listed_as_such(tray: "Tray") -> None:
    first, second = gold_of(tray, 2)
    checks.retire(tray.runtime, tray.project_id, first.id, by=tray.ben)
    checks.retire(tray.runtime, tray.project_id, first.id, by=tray.ben)
    in_use = checks.page(tray.runtime, tray.project_id, retired=False)
    assert [one.check.id for one in in_use] == [second.id]
    assert len(checks.page(tray.runtime, tray.project_id)) == 2
    with pytest.raises(NotFoundError, match="no check"):
        checks.retire(tray.runtime, tray.project_id, 987_654, by=tray.ben)


def test_what_was_done_is_among_the_audit_events(tray: "Tray") -> None:
    (gold,) = gold_of(tray, 1)
    (planted,) = plant(tray.runtime, tray.project_id, 1, by=tray.ben, seed=1)
    checks.retire(tray.runtime, tray.project_id, planted.id, by=tray.anna)
    with tray.runtime.engine.connect() as connection:
        found = audit_events.page(connection, tray.project_id, limit=10)
    told = [(one.user, one.action, one.subject, one.subject_id) for one in found]
    assert told == [
        ("anna", "retired", "check", planted.id),
        ("ben", "planted", "check", planted.id),
        ("ben", "made gold", "annotation", gold.new.truth[0]),
    ]
    assert found[2].detail == {"revision": 1, "check": gold.id}
