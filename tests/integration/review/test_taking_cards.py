"""Taking cards: whose they are, in which order they come, and what becomes of lapsed ones."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.errors import ForbiddenError, NotFoundError, QueueClosedError
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import CardOutcome, QueueOrder, QueueSubject
from maskloop.services import cards

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.table import Table


def shown(table: "Table", name: str, count: int, queue_id: int | None = None) -> list[int]:
    """Numbers of the proposals that somebody is handed, 0 for the first that was made."""
    held = table.take(name, count, queue_id)
    return [table.proposal_ids.index(one.card.shows.proposal_id or 0) for one in held]


def test_nobody_is_handed_what_somebody_else_has(table: "Table") -> None:
    table.queue()
    assert shown(table, "anna", 4) == [0, 1, 2, 3]
    assert shown(table, "ben", 4) == [4, 5]
    assert shown(table, "carl", 4) == []
    assert table.left("carl") == 6


def test_one_s_own_open_cards_come_first_and_then_new_ones(table: "Table") -> None:
    table.queue()
    first = table.take("anna", 2)
    again = table.take("anna", 3)
    assert [one.card.id for one in again[:2]] == [one.card.id for one in first]
    assert [one.card.token for one in again[:2]] == [one.card.token for one in first]
    assert len(again) == 3


def test_a_lapsed_card_goes_on_as_long_as_nobody_else_was_handed_the_same(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    table.lapse(card)
    assert table.renew("anna", card) == []
    (again,) = table.take("anna")
    assert (again.card.id, again.card.token) == (card.card.id, card.card.token)
    table.lapse(card)
    table.answer("anna", card)
    assert table.card(card.card.id).outcome is CardOutcome.ANSWERED


def test_a_lapsed_card_is_taken_by_whoever_asks_next(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    table.lapse(card)
    (taken,) = table.take("ben")
    assert taken.card.shows == card.card.shows
    assert taken.card.token != card.card.token
    assert table.card(card.card.id).outcome is CardOutcome.TAKEN
    assert table.renew("anna", card) == [(card.card.id, "ben")]
    assert shown(table, "anna", 1) == [1]


def test_a_card_that_was_given_back_goes_to_the_next_one(table: "Table") -> None:
    table.queue()
    held = table.take("anna", 2)
    table.give_back("anna", held[0])
    assert table.card(held[0].card.id).outcome is CardOutcome.RETURNED
    assert shown(table, "ben", 1) == [0]
    assert table.renew("anna", *held) == [(held[0].card.id, "ben")]


def test_giving_back_what_is_not_one_s_own_does_nothing(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    table.give_back("ben", card)
    assert table.card(card.card.id).outcome is None


def test_the_lowest_score_comes_first_where_a_queue_says_so(table: "Table") -> None:
    table.queue(ordering=QueueOrder.SCORE)
    assert shown(table, "anna", 6) == [5, 4, 3, 2, 1, 0]


def test_what_is_most_in_doubt_comes_first_and_then_the_lowest_score(table: "Table") -> None:
    table.queue(ordering=QueueOrder.DOUBT)
    with table.runtime.engine.begin() as connection:
        for number, score in ((2, 0.4), (0, 0.9)):
            connection.execute(
                sa.text(
                    "INSERT INTO proposal_doubts (project_id, proposal_id, score, reasons, "
                    "model_version_id) VALUES (:project, :proposal, :score, "
                    '\'[{"reason": "jitter", "text": "moves", "value": 0.5}]\', :version)'
                ),
                {
                    "project": table.project_id,
                    "proposal": table.proposal_ids[number],
                    "score": score,
                    "version": table.version_id,
                },
            )
    held = table.take("anna", 6)
    numbers = [table.proposal_ids.index(one.card.shows.proposal_id or 0) for one in held]
    assert numbers == [0, 2, 5, 4, 3, 1]
    assert held[0].why == [{"reason": "jitter", "text": "moves", "value": 0.5}]
    assert [one.why[0]["reason"] for one in held] == ["jitter"] * 2 + ["score"] * 4


def test_a_shuffle_is_the_same_each_time_and_another_in_another_queue(table: "Table") -> None:
    one = table.queue("one", ordering=QueueOrder.RANDOM)
    held = table.take("anna", 6, one)
    assert all(card.card.at_random for card in held)
    order = [card.card.shows.proposal_id for card in held]
    assert sorted(order, key=lambda found: found or 0) == table.proposal_ids
    table.give_back("anna", *held)
    assert [card.card.shows.proposal_id for card in table.take("ben", 6, one)] == order


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        (Rule(predicted_iou_least=0.7), [0, 1, 2]),
        (Rule(predicted_iou_most=0.5), [4, 5]),
        (Rule(predicted_iou_least=0.5, predicted_iou_most=0.7), [2, 3, 4]),
        (Rule(image="PHOTOS"), [0, 1, 2, 3, 4, 5]),
        (Rule(image="holiday"), []),
        (Rule(job_id=987), []),
        (Rule(model_version_id=987), []),
    ],
)
def test_a_queue_hands_out_what_its_rule_admits(
    table: "Table", rule: Rule, numbers: list[int]
) -> None:
    table.queue(rule=rule)
    assert shown(table, "anna", 6) == numbers
    assert table.left("anna") == len(numbers)


def test_a_sample_is_a_share_of_them_and_always_the_same(table: "Table") -> None:
    halves = [table.queue(f"half {n}", rule=Rule(sample=0.5)) for n in range(2)]
    first = table.take("anna", 6, halves[0])
    table.give_back("anna", *first)
    second = table.take("anna", 6, halves[1])
    assert [one.card.shows for one in first] == [one.card.shows for one in second]
    assert len(first) < 6


def test_a_queue_of_higher_priority_is_emptied_before_another(table: "Table") -> None:
    table.queue("later", rule=Rule(predicted_iou_most=0.65))
    table.queue("first", rule=Rule(predicted_iou_least=0.65), priority=5)
    assert shown(table, "anna", 2) == [0, 1]
    assert shown(table, "ben", 3) == [2, 3, 4]


def test_queues_of_equal_priority_are_served_in_turn(table: "Table") -> None:
    table.queue("good", rule=Rule(predicted_iou_least=0.65))
    table.queue("poor", rule=Rule(predicted_iou_most=0.65))
    assert shown(table, "anna", 1) == [0]
    assert shown(table, "ben", 1) == [3]
    assert shown(table, "carl", 1) == [1]
    assert shown(table, "dora", 1) == [4]


def test_equal_queues_share_a_handful_and_fill_up_for_each_other(table: "Table") -> None:
    table.queue("good", rule=Rule(predicted_iou_least=0.85))
    table.queue("poor", rule=Rule(predicted_iou_most=0.85))
    assert sorted(shown(table, "anna", 4)) == [0, 1, 2, 3]


def test_a_queue_is_theirs_to_whom_it_is_assigned(table: "Table") -> None:
    queue_id = table.queue(people=["anna"])
    assert shown(table, "anna", 1, queue_id) == [0]
    assert shown(table, "ben", 1) == []
    with pytest.raises(NotFoundError, match="no queue"):
        table.take("ben", 1, queue_id)


def test_annotations_are_judged_by_those_who_may_change_them(table: "Table") -> None:
    queue_id = table.queue(subject=QueueSubject.ANNOTATIONS)
    labeler = table.person("lea", judges_people=False)
    with pytest.raises(ForbiddenError, match=r"annotations\.write_all"):
        cards.take(table.runtime, table.project_id, person=labeler, queue_id=queue_id, count=1)
    assert table.take("lea", 1) == []


def test_a_closed_queue_hands_out_nothing_and_what_it_had_handed_out_is_answered(
    table: "Table",
) -> None:
    queue_id = table.queue()
    (card,) = table.take("anna")
    table.close(queue_id)
    with pytest.raises(QueueClosedError, match="all is closed"):
        table.take("anna", 1, queue_id)
    assert table.take("ben") == []
    table.answer("anna", card)
    table.close(queue_id, closed=False)
    assert shown(table, "ben", 1) == [1]


def test_what_was_decided_elsewhere_leaves_the_hand(table: "Table") -> None:
    table.queue()
    (card,) = table.take("anna")
    with table.runtime.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE proposals SET state = 'superseded' WHERE id = :id"),
            {"id": table.proposal_ids[0]},
        )
    assert shown(table, "anna", 1) == [1]
    assert table.card(card.card.id).outcome is CardOutcome.OVERTAKEN
    assert table.renew("anna", card) == [(card.card.id, "nobody")]


def test_several_who_ask_at_once_get_different_cards(table: "Table") -> None:
    table.queue()
    together = Barrier(3)

    def take(name: str) -> list[int]:
        together.wait(timeout=30)
        return shown(table, name, 2)

    names = ["anna", "ben", "carl"]
    for name in names:
        table.person(name)
    with ThreadPoolExecutor(3) as pool:
        got = list(pool.map(take, names))
    assert sorted(number for numbers in got for number in numbers) == [0, 1, 2, 3, 4, 5]


def test_whoever_finds_only_what_others_are_taking_waits_for_them(table: "Table") -> None:
    """The other one's transaction is given up while they wait."""
    table.queue(rule=Rule(predicted_iou_least=0.85))
    table.person("ben")
    with ThreadPoolExecutor(1) as pool:
        with table.runtime.engine.connect() as connection:
            connection.execute(
                sa.text("SELECT id FROM proposals WHERE id = :id FOR UPDATE"),
                {"id": table.proposal_ids[0]},
            )
            waiting = pool.submit(shown, table, "ben", 1)
            connection.rollback()
        assert waiting.result(timeout=30) == [0]


def test_an_id_of_another_project_is_not_there(table: "Table", bench: "Bench") -> None:
    queue_id = table.queue()
    bench.project = "others"
    table.project_id = bench.make_project()
    with pytest.raises(NotFoundError, match="no queue"):
        table.take("anna", 1, queue_id)
