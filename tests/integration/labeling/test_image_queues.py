"""Queues of images: what a rule admits, in which order, to whom, and from which queue first."""

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from maskloop.platform.errors import BadParametersError, NotFoundError, QueueClosedError
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import cards, labeling
from maskloop.services.queues import Person

if TYPE_CHECKING:
    from sites.shelf import Shelf

RULES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 3, 4, 5]),
    ({"image": "SOUTH"}, [2, 3, 4]),
    ({"image": "0%"}, [5]),
    ({"predicted_iou_least": 0.7}, [0, 1, 4]),
    ({"predicted_iou_most": 0.5}, [0, 2]),
    ({"predicted_iou_least": 0.55, "predicted_iou_most": 0.75}, [4]),
    ({"image": "south", "predicted_iou_least": 0.1}, [2, 4]),
]


@pytest.mark.parametrize(("rule", "admitted"), RULES, ids=lambda one: str(one))
def test_a_rule_admits_what_it_says(
    shelf: "Shelf", rule: dict[str, Any], admitted: list[int]
) -> None:
    queue = shelf.queue(**rule)
    assert shelf.left(queue) == len(admitted)
    assert shelf.label("anna", queue) == admitted
    assert shelf.left(queue) == 0


def test_a_rule_by_job_and_by_version_asks_for_a_proposal_that_waits(shelf: "Shelf") -> None:
    by_job = [shelf.queue(f"job {job}", job_id=job) for job in shelf.jobs]
    by_version = [shelf.queue(f"v {one}", model_version_id=one) for one in shelf.versions]
    assert [shelf.left(queue) for queue in (*by_job, *by_version)] == [3, 1, 3, 1]
    with shelf.runtime.engine.begin() as connection:
        rejected = sa.text("UPDATE proposals SET state = 'rejected' WHERE image_id = :id")
        connection.execute(rejected, {"id": shelf.images[1]})
    assert [shelf.left(queue) for queue in (*by_job, *by_version)] == [2, 1, 2, 1]
    assert shelf.label("anna", by_job[0]) == [0, 2]
    assert shelf.label("anna", by_version[1]) == [4]


def test_job_version_and_score_are_asked_of_one_proposal(shelf: "Shelf") -> None:
    """The first photograph has one of 0.9 and one of 0.5, and none between."""
    queue = shelf.queue(job_id=shelf.jobs[0], predicted_iou_least=0.6, predicted_iou_most=0.85)
    assert shelf.label("anna", queue) == [1]


def test_a_rule_by_category_asks_for_an_annotation_that_counts(shelf: "Shelf") -> None:
    shelf.annotate(3, shelf.cat)
    shelf.annotate(5, shelf.dog)
    cats = shelf.queue("cats", category_ids=(shelf.cat,))
    either = shelf.queue("either", category_ids=(shelf.cat, shelf.dog))
    assert [shelf.left(queue) for queue in (cats, either)] == [1, 2]
    assert shelf.label("anna", cats) == [3]
    assert shelf.label("anna", either) == [5]


def test_a_sample_is_always_the_same_share(shelf: "Shelf") -> None:
    with shelf.runtime.engine.connect() as connection:
        hashed = sa.select(*(sa.func.hashint8extended(image_id, 1) for image_id in shelf.images))
        places = [one / 2**64 + 0.5 for one in connection.execute(hashed).one()]
    half = shelf.queue(sample=0.5)
    expected = [number for number, place in enumerate(places) if place < 0.5]
    assert shelf.left(half) == len(expected)
    assert shelf.label("anna", half) == expected


@pytest.mark.parametrize(
    ("ordering", "order"),
    [
        (QueueOrder.OLDEST, [0, 1, 2, 3, 4, 5]),
        (QueueOrder.SCORE, [2, 0, 4, 1, 3, 5]),
        (QueueOrder.DOUBT, [1, 4, 2, 0, 3, 5]),
    ],
)
def test_images_come_in_the_queue_s_order(
    shelf: "Shelf", ordering: QueueOrder, order: list[int]
) -> None:
    shelf.doubt({4: 0.6, 1: 0.7})
    queue = shelf.queue(ordering=ordering)
    ahead = [shelf.images.index(one.image.id) for one in shelf.next("ben", queue, ahead=8).ahead]
    assert ahead == order[1:]
    shelf.submit("ben", shelf.next("ben", queue))
    assert shelf.label("anna", queue) == order[1:]


def test_a_score_of_what_the_rule_leaves_out_orders_nothing(shelf: "Shelf") -> None:
    """By 0.5 the first photograph would come before the fifth."""
    queue = shelf.queue(ordering=QueueOrder.SCORE, predicted_iou_least=0.6)
    assert shelf.label("anna", queue) == [4, 1, 0]


def test_at_random_everything_comes_once_and_each_queue_begins_elsewhere(shelf: "Shelf") -> None:
    """One round for all: by the hash of the id, from the hash of the queue's id on."""
    queues = [shelf.queue(f"{number}", ordering=QueueOrder.RANDOM) for number in range(4)]
    with shelf.runtime.engine.connect() as connection:

        def place(number: int) -> int:
            hashed = sa.select(sa.func.hashint8extended(number, 0))
            return int(connection.execute(hashed).scalar_one())

        round_ = sorted(range(6), key=lambda number: place(shelf.images[number]))
        begins = [sum(place(shelf.images[n]) <= place(one) for n in range(6)) for one in queues]
    for queue, begin in zip(queues, begins, strict=True):
        turn = shelf.next("anna", queue, ahead=8)
        ahead = [shelf.images.index(one.image.id) for one in turn.ahead]
        assert [shelf.number(turn), *ahead] == round_[begin:] + round_[:begin]
        shelf.release("anna", turn)
    assert sorted(shelf.label("anna", queues[0])) == [0, 1, 2, 3, 4, 5]


def test_who_goes_on_comes_to_what_is_behind_in_the_round(shelf: "Shelf") -> None:
    queue = shelf.queue(ordering=QueueOrder.RANDOM)
    first = shelf.next("anna", queue, ahead=8)
    order = [shelf.images.index(one.image.id) for one in first.ahead]
    seen = []
    for _ in range(5):
        turn = shelf.next("anna", queue, after=shelf.images[seen[-1] if seen else order[0]])
        assert turn.image is not None
        seen.append(shelf.images.index(turn.image.image.id))
    assert seen == order[1:] + order[:1]


def test_by_score_the_image_that_one_comes_from_is_the_last(shelf: "Shelf") -> None:
    queue = shelf.queue(ordering=QueueOrder.SCORE, predicted_iou_most=0.5)
    first = shelf.next("anna", queue)
    assert shelf.number(first) == 2
    shelf.release("anna", first)
    second = shelf.next("anna", queue, after=shelf.images[2])
    assert shelf.number(second) == 0
    shelf.release("anna", second)
    assert shelf.number(shelf.next("ben", queue)) == 2
    assert shelf.number(shelf.next("anna", queue, after=shelf.images[0])) == 0


def test_one_s_own_image_comes_first_if_it_is_of_the_queue(shelf: "Shelf") -> None:
    north, south = shelf.queue("north", image="north"), shelf.queue("south", image="south")
    mine = shelf.next("anna", north)
    assert shelf.number(mine) == 0
    assert shelf.number(shelf.next("anna", south)) == 2
    again = shelf.next("anna", north)
    assert shelf.number(again) == 0
    assert again.lease is not None
    assert mine.lease is not None
    assert again.lease.token == mine.lease.token
    assert (again.queue_id, shelf.next("anna").queue_id) == (north, south)


def test_an_image_that_the_rule_lets_go_stays_one_s_own_until_it_is_submitted(
    shelf: "Shelf",
) -> None:
    """Whoever judges the last proposal of it has not said yet that they are through."""
    queue = shelf.queue(job_id=shelf.jobs[0])
    mine = shelf.next("anna", queue)
    with shelf.runtime.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE proposals SET state = 'rejected' WHERE image_id = :id"),
            {"id": shelf.images[0]},
        )
    again = shelf.next("anna", queue)
    assert shelf.number(mine) == shelf.number(again) == 0
    assert again.left == 2


def test_an_image_is_nobody_else_s_in_whichever_queue(shelf: "Shelf") -> None:
    north, every = shelf.queue("north", image="north"), shelf.queue("all")
    assert shelf.number(shelf.next("anna", north)) == 0
    assert shelf.number(shelf.next("ben", every)) == 1
    assert shelf.next("carl", north).image is None
    assert shelf.next("carl", north).left == 2


def test_without_a_queue_it_is_all_that_is_to_do(shelf: "Shelf") -> None:
    closed = shelf.queue("closed", image="north")
    shelf.close(closed)
    shelf.queue("ben's", people=["ben"], image="north")
    turn = shelf.next("anna")
    assert (shelf.number(turn), turn.left, turn.queue_id) == (0, 6, None)
    assert shelf.label("anna") == [0, 1, 2, 3, 4, 5]


def test_with_queues_it_is_what_they_admit_by_priority(shelf: "Shelf") -> None:
    south = shelf.queue("south", image="south", priority=1)
    north = shelf.queue("north", image="north")
    first = shelf.next("anna")
    assert (shelf.number(first), first.left, first.queue_id) == (2, 5, south)
    assert shelf.label("anna") == [2, 3, 4, 0, 1]
    assert shelf.next("anna", north).left == 0


def test_queues_of_equal_priority_take_turns(shelf: "Shelf") -> None:
    shelf.queue("north", image="north")
    shelf.queue("south", image="south")
    assert shelf.label("anna") == [0, 2, 1, 3, 4]


def test_what_two_queues_admit_is_counted_and_handed_out_once(shelf: "Shelf") -> None:
    shelf.queue("south", image="south")
    shelf.queue("sure", predicted_iou_least=0.7)
    assert shelf.next("anna").left == 5
    assert sorted(shelf.label("anna")) == [0, 1, 2, 3, 4]


def test_a_queue_is_for_those_it_is_assigned_to(shelf: "Shelf") -> None:
    queue = shelf.queue("anna's", people=["anna"], image="south")
    assert shelf.number(shelf.next("anna")) == 2
    assert shelf.number(shelf.next("ben")) == 0
    with pytest.raises(NotFoundError, match="no queue"):
        shelf.next("ben", queue)


def test_a_closed_queue_and_one_of_cards_are_told(shelf: "Shelf") -> None:
    queue, of_cards = shelf.queue(), shelf.queue("cards", subject=QueueSubject.PROPOSALS)
    held = shelf.next("anna", queue)
    shelf.close(queue)
    with pytest.raises(QueueClosedError, match="all is closed"):
        shelf.next("anna", queue)
    shelf.submit("anna", held)
    with pytest.raises(BadParametersError, match="cards/next"):
        shelf.next("anna", of_cards)


def test_a_queue_of_images_hands_out_no_cards(shelf: "Shelf") -> None:
    queue, anna = shelf.queue(), Person(shelf.person("anna"), "anna", judges_people=True)
    assert not cards.take(
        shelf.runtime, shelf.project_id, person=anna, queue_id=None, count=4
    ).cards
    with pytest.raises(BadParametersError, match="queue/next"):
        cards.take(shelf.runtime, shelf.project_id, person=anna, queue_id=queue, count=4)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"fold": 2, "category_ids": (1,)}, "nothing is drawn yet"),
        ({"planted_rate": 0.1}, "errors are planted among masks"),
        ({"adjudicate": True}, "several people are asked of proposals only"),
        ({"predicted_iou_least": 0.9, "predicted_iou_most": 0.1}, "it is above most"),
    ],
)
def test_what_images_have_none_of_is_refused(
    shelf: "Shelf", plan: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadParametersError, match=reason):
        shelf.queue(**plan)
    assert shelf.queue("gold", gold_rate=0.1)


def test_an_image_whose_lease_lapsed_is_the_next_one_s(shelf: "Shelf") -> None:
    queue = shelf.queue(image="south")
    mine = shelf.next("anna", queue)
    with shelf.runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE image_leases SET until = now() - interval '1 s'"))
    theirs = shelf.next("ben", queue)
    assert shelf.number(mine) == shelf.number(theirs) == 2
    assert theirs.lease is not None
    assert mine.lease is not None
    assert theirs.lease.token != mine.lease.token


def test_an_image_that_somebody_is_taking_is_passed_over(shelf: "Shelf") -> None:
    queue = shelf.queue(ordering=QueueOrder.SCORE)
    with shelf.runtime.engine.begin() as connection:
        labeling.images.lock(connection, shelf.project_id, shelf.images[2])
        assert shelf.number(shelf.next("ben", queue)) == 0


def test_queues_of_other_projects_are_not_asked(shelf: "Shelf") -> None:
    shelf.queue(image="south")
    with shelf.runtime.engine.begin() as connection:
        other = connection.execute(
            sa.text("INSERT INTO projects (name) VALUES ('others') RETURNING id")
        ).scalar_one()
    turn = labeling.next_turn(shelf.runtime, other, user_id=shelf.person("anna"))
    assert (turn.image, turn.left) == (None, 0)


def test_what_a_queue_handed_out_is_for_ever(shelf: "Shelf") -> None:
    """Who goes on with what they hold is handed nothing new."""
    queue = shelf.queue()
    for _ in range(2):
        shelf.next("anna", queue)
    with shelf.runtime.engine.connect() as connection:
        turns = sa.text("SELECT queue_id, image_id, user_id FROM queue_turns")
        assert connection.execute(turns).all() == [(queue, shelf.images[0], shelf.people["anna"])]
        with pytest.raises(sa.exc.IntegrityError, match="never changed or removed"):
            connection.execute(sa.text("DELETE FROM queue_turns"))
