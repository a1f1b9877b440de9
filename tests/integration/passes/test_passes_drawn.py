"""Which gold images a queue mixes in, how often, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maskloop.platform.db.queues import Plan, Queue
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import blind_passes, queues
from maskloop.services.blind_passes import Taken
from sites.studio import Studio

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def gold(studio: Studio) -> Studio:
    for image in studio.images[:2]:
        studio.label(image, [(Studio.ONE, studio.cat)])
    studio.gold(*studio.images[:2])
    studio.user("ben")
    return studio


def queue(studio: Studio, rate: float, rule: Rule | None = None) -> Queue:
    """Of images; a queue may mix in half at most, and here it may more."""
    plan = Plan(
        "look", QueueSubject.IMAGES, rule or Rule(), QueueOrder.OLDEST, gold_rate=min(rate, 0.5)
    )
    with studio.runtime.engine.begin() as connection:
        made = queues.create_in(connection, studio.project_id, plan, created_by=studio.user("anna"))
    return replace(made, plan=replace(plan, gold_rate=rate))


def drawn(studio: Studio, of: Queue, *, keep: bool = True) -> Taken | None:
    with studio.runtime.engine.connect() as connection:
        found = blind_passes.drawn(
            connection,
            studio.project_id,
            of,
            user_id=studio.user("ben"),
            behind=studio.images[2].id,
            duration=TEN_MINUTES,
        )
        if keep:
            connection.commit()
    return found


def test_a_drawn_image_is_leased_and_knows_its_queue_and_place(gold: Studio) -> None:
    of = queue(gold, 1.0)
    found = drawn(gold, of)
    assert found is not None
    assert found.behind == gold.images[2].id
    assert found.lease.until > datetime.now(UTC)
    assert gold.rows("SELECT queue_id, came_from, pass_image_id FROM passes") == [
        (of.id, gold.images[2].id, found.image_id)
    ]
    assert gold.rows("SELECT image_id, user_id FROM passes.image_leases") == [
        (found.image_id, gold.user("ben"))
    ]
    assert drawn(gold, of) is None


def test_as_often_as_the_rate_says(gold: Studio) -> None:
    of = queue(gold, 0.3)
    found = [drawn(gold, of, keep=False) is not None for _ in range(200)]
    assert 30 <= sum(found) <= 92  # four and a half standard deviations
    never = replace(of, plan=replace(of.plan, gold_rate=0.0))
    assert not any(drawn(gold, never, keep=False) for _ in range(20))


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"image": "/photos/"}, True),
        ({"image": "/elsewhere/"}, False),
        ({"predicted_iou_least": 0.95, "predicted_iou_most": 0.95}, True),
        ({"predicted_iou_least": 0.96}, False),
        ({"predicted_iou_most": 0.94}, False),
        ({"job_id": 1, "model_version_id": 1}, True),
        ({"job_id": 2}, False),
        ({"model_version_id": 2}, False),
    ],
)
def test_a_queues_rule_holds_for_what_it_mixes_in(
    gold: Studio, rule: dict[str, Any], fits: bool
) -> None:
    found = drawn(gold, queue(gold, 1.0, Rule(**rule)))
    assert (found is not None) is fits


def test_a_queue_of_images_with_annotations_gets_none_without(gold: Studio) -> None:
    of = queue(gold, 1.0)
    by_category = replace(of, plan=replace(of.plan, rule=Rule(category_ids=(gold.cat,))))
    assert drawn(gold, by_category) is None
