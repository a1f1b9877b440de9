"""Checks among the cards of a queue: as many as its rates say, and none that looks like one."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from scipy.stats import binom

from maskloop.platform.db import annotations as annotation_rows
from maskloop.platform.db import checks
from maskloop.platform.db.checks import Check
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import CheckKind, Defect, QueueOrder, QueueSubject
from maskloop.services.annotations import Submitted, create
from maskloop.services.gold import make_gold
from maskloop.services.planting import plant
from maskloop.services.queues import Person

if TYPE_CHECKING:
    from maskloop.services.cards import ShownCard
    from sites.coins import Tray

SURE = 1 - 1e-7
"""How likely a right implementation stays within the bounds."""
PLENTY = 400


def stocked(tray: "Tray") -> None:
    """Plenty of gold and of planted errors, which are copies of a few, and ten coins that wait."""
    gold = make_gold(tray.runtime, tray.project_id, tray.accept(10), by=tray.anna)
    planted = plant(tray.runtime, tray.project_id, 20, by=tray.anna, seed=1)
    for some in (gold, planted):
        copies = [some[place % len(some)].new for place in range(PLENTY)]
        with tray.runtime.engine.begin() as connection:
            checks.insert(connection, tray.project_id, copies, by=tray.anna)


def kinds_of(tray: "Tray", taken: "list[ShownCard]") -> list[CheckKind | None]:
    with tray.runtime.engine.connect() as connection:
        found = [one.card.shows.check_id for one in taken]
        known: dict[int | None, Check] = {
            one.id: one
            for one in checks.by_ids(connection, tray.project_id, [n for n in found if n])
        }
    return [known[one].new.kind if one in known else None for one in found]


def share_within(found: int, trials: int, rate: float) -> bool:
    low, high = binom.interval(SURE, trials, rate)
    return bool(low <= found <= high)


@pytest.mark.parametrize(("hands", "size"), [(60, 8), (150, 1)])
def test_rates_are_kept_however_many_cards_are_taken_at_once(
    tray: "Tray", hands: int, size: int
) -> None:
    stocked(tray)
    queue = tray.queue(gold_rate=0.2, planted_rate=0.3)
    seen: list[CheckKind | None] = []
    last: list[CheckKind | None] = []
    for _ in range(hands):
        taken = tray.take(queue, size)
        assert len(taken) == size
        seen += kinds_of(tray, taken)
        last.append(seen[-1])
        tray.give_back(taken)
    for kinds in (seen, last):
        assert share_within(kinds.count(CheckKind.GOLD), len(kinds), 0.2)
        assert share_within(kinds.count(CheckKind.PLANTED), len(kinds), 0.3)


def test_a_queue_without_rates_has_no_checks_and_an_empty_one_neither(tray: "Tray") -> None:
    stocked(tray)
    assert kinds_of(tray, tray.take(tray.queue(), 48)) == [None] * 10
    empty = tray.queue(name="empty", rule=Rule(image="nowhere"), gold_rate=0.5)
    assert tray.take(empty, 12) == []


def test_a_check_looks_like_a_proposal(tray: "Tray") -> None:
    stocked(tray)
    for ordering in QueueOrder:
        queue = tray.queue(name=ordering, ordering=ordering, gold_rate=0.25, planted_rate=0.25)
        person = Person(tray.ben, "ben", judges_people=True)
        taken = tray.take(queue, 20, person=person)
        real = [one for one in taken if one.card.shows.check_id is None]
        known = [one for one in taken if one.card.shows.check_id is not None]
        assert real, ordering
        assert known, ordering
        ids = [one.card.id for one in taken]
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        scores = {one.mask.predicted_iou for one in tray.proposals}
        for one in known:
            assert one.face.category_id is real[0].face.category_id is None
            assert one.face.model_version_id == real[0].face.model_version_id
            assert one.face.predicted_iou in scores
            assert [set(reason) for reason in one.why] == [set(reason) for reason in real[0].why]
            assert [reason["reason"] for reason in one.why] == [
                reason["reason"] for reason in real[0].why
            ]
            assert one.image == real[0].image
            assert one.card.at_random is real[0].card.at_random
            assert (one.card.slot, one.card.outcome) == (0, None)
            assert one.card.until == real[0].card.until
        tray.give_back(taken)


def test_among_doubted_proposals_a_check_has_reasons_too(tray: "Tray") -> None:
    stocked(tray)
    with tray.runtime.engine.begin() as connection:
        for one in tray.proposals:
            connection.execute(
                sa.text(
                    "INSERT INTO proposal_doubts "
                    "(project_id, proposal_id, score, reasons, model_version_id) "
                    "VALUES (:project, :id, 0.5, CAST(:reasons AS jsonb), :version)"
                ),
                {
                    "project": tray.project_id,
                    "id": one.id,
                    "reasons": '[{"reason": "contains", "text": "inside another", "value": 0.9}]',
                    "version": one.model_version_id,
                },
            )
    queue = tray.queue(ordering=QueueOrder.DOUBT, gold_rate=0.25, planted_rate=0.25)
    taken = tray.take(queue, 20)
    assert set(kinds_of(tray, taken)) > {None}
    assert {one.why[0]["reason"] for one in taken} == {"contains"}


def test_a_wrong_category_is_shown_only_where_cards_have_one(tray: "Tray") -> None:
    make_gold(tray.runtime, tray.project_id, tray.accept(10), by=tray.anna)
    wrong = [Defect.WRONG_CATEGORY]
    plant(tray.runtime, tray.project_id, 10, defects=wrong, by=tray.anna, seed=1)
    of_proposals = tray.queue(planted_rate=0.5)
    assert kinds_of(tray, tray.take(of_proposals, 20)) == [None] * 10
    of_people = tray.queue(name="people", subject=QueueSubject.ANNOTATIONS, planted_rate=0.5)
    taken = tray.take(of_people, 20)
    shown = {
        one.face.category_id for one, kind in zip(taken, kinds_of(tray, taken), strict=True) if kind
    }
    assert shown == {tray.new}


def test_among_annotations_a_check_has_its_annotation_s_score_or_none(tray: "Tray") -> None:
    """Of people's masks most have no score; one with a score would stand out."""
    drawn = [
        create(
            tray.runtime,
            tray.project_id,
            tray.image.id,
            Submitted(tray.old, tray.proposals[place].mask.rle.counts),
            author_id=tray.anna,
        )
        for place in range(20)
    ]
    make_gold(tray.runtime, tray.project_id, [one.id for one in drawn[:10]], by=tray.anna)
    queue = tray.queue(subject=QueueSubject.ANNOTATIONS, gold_rate=0.5)
    taken = tray.take(queue, 40)
    assert set(kinds_of(tray, taken)) == {CheckKind.GOLD, None}
    assert {one.face.predicted_iou for one in taken} == {None}
    assert {one.face.model_version_id for one in taken} == {None}
    assert {one.face.category_id for one in taken} == {tray.old}


def test_nobody_is_asked_the_same_check_twice_but_others_are(tray: "Tray") -> None:
    make_gold(tray.runtime, tray.project_id, tray.accept(4), by=tray.anna)
    queue = tray.queue(gold_rate=0.5)
    of_ben = tray.take(queue, 12)
    again = tray.take(tray.queue(name="other", gold_rate=0.5), 4)
    asked = [one.card.shows.check_id for one in [*of_ben, *again] if one.card.shows.check_id]
    assert len(asked) == len(set(asked))
    anna = Person(tray.anna, "anna", judges_people=True)
    tray.give_back(of_ben)
    of_anna = tray.take(queue, 12, person=anna)
    assert {one.card.shows.check_id for one in of_anna if one.card.shows.check_id} <= {1, 2, 3, 4}


def test_gold_whose_annotation_was_deleted_is_not_shown(tray: "Tray") -> None:
    accepted = tray.accept(2)
    make_gold(tray.runtime, tray.project_id, accepted, by=tray.anna)
    with tray.runtime.engine.begin() as connection:
        last = annotation_rows.last_revision(connection, tray.project_id, accepted[0])
        drawing = replace(last.drawing, seconds=None)
        assert annotation_rows.insert_next(
            connection,
            last,
            drawing,
            project_id=tray.project_id,
            author_id=tray.anna,
            deleted=True,
        )
    shown: set[int] = set()
    queue = tray.queue(gold_rate=0.5)
    for _ in range(30):
        taken = tray.take(queue, 12)
        shown |= {one.card.shows.check_id for one in taken if one.card.shows.check_id}
        tray.give_back(taken)
    assert shown == {2}


def test_a_queue_s_rule_on_what_cards_show_holds_for_its_checks(tray: "Tray") -> None:
    stocked(tray)
    low = sorted(one.mask.predicted_iou for one in tray.proposals if one.state == "pending")[4]
    queue = tray.queue(rule=Rule(predicted_iou_most=low), gold_rate=0.25, planted_rate=0.25)
    for _ in range(5):
        taken = tray.take(queue, 12)
        assert taken
        assert max(one.face.predicted_iou or 2 for one in taken) <= low
        tray.give_back(taken)
