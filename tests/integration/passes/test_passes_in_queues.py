"""A queue of images mixes in gold images, which nothing tells from others."""

import pytest

from maskloop.platform.db.queues import Plan
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import labeling, queues
from maskloop.services.labeling import Turn
from sites.studio import Studio

MOST = 200
"""Of turns, one in two of which is a pass."""


@pytest.fixture
def gold(studio: Studio) -> Studio:
    studio.label(studio.images[0], [(Studio.ONE, studio.cat)])
    studio.gold(studio.images[0])
    return studio


def queue(studio: Studio, name: str, rate: float) -> int:
    plan = Plan(name, QueueSubject.IMAGES, ordering=QueueOrder.OLDEST, gold_rate=rate)
    with studio.runtime.engine.begin() as connection:
        boss = studio.user("anna")
        return queues.create_in(connection, studio.project_id, plan, created_by=boss).id


def ask(studio: Studio, queue_id: int | None) -> Turn:
    return labeling.next_turn(
        studio.runtime, studio.project_id, user_id=studio.user("ben"), queue_id=queue_id, ahead=2
    )


def until_passed(studio: Studio, queue_id: int | None) -> Turn:
    """What is no pass is given back."""
    for _ in range(MOST):
        turn = ask(studio, queue_id)
        if studio.count("passes"):
            return turn
        assert turn.image is not None
        assert turn.lease is not None
        labeling.give_back(
            studio.runtime,
            studio.project_id,
            turn.image.image.id,
            user_id=studio.user("ben"),
            token=turn.lease.token,
        )
    raise AssertionError("no pass has come")


def test_a_gold_image_comes_in_place_of_the_next_one_and_goes_on(gold: Studio) -> None:
    queue(gold, "other", 0.0)
    of = queue(gold, "mixed", 0.5)
    turn = until_passed(gold, of)
    assert turn.image is not None
    assert gold.rows("SELECT queue_id, pass_image_id FROM passes") == [(of, turn.image.image.id)]
    assert (turn.queue_id, turn.left) == (of, 5)
    assert [one.image.id for one in turn.ahead] == [one.id for one in gold.images[1:3]]
    assert gold.count("image_leases") == 0, "the next one is free for others"
    again = ask(gold, None)
    assert again.image is not None
    assert (again.image.image.id, again.queue_id) == (turn.image.image.id, of)


def test_where_nothing_is_left_there_is_no_gold_image(gold: Studio) -> None:
    of = queue(gold, "mixed", 0.5)
    for image in gold.images[1:]:
        gold.label(image, [])
    assert [ask(gold, of).image for _ in range(30)] == [None] * 30
    assert gold.count("passes") == 0


def test_without_a_rate_there_is_none(gold: Studio) -> None:
    of = queue(gold, "plain", 0.0)
    for image in gold.images[1:]:
        turn = ask(gold, of)
        assert turn.image is not None
        assert turn.image.image.id == image.id
        gold.label(image, [], by="ben")
    assert gold.count("passes") == 0
