"""A day in a queue of images with gold images in it: each image comes once, and passes go on in the
queue that they came of."""

import pytest

from maskloop.platform.db.queues import Plan
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import labeling, queues
from maskloop.services.labeling import Turn
from maskloop.services.runtime import Runtime
from sites.studio import Studio, open_studio

GOLD = 10
"""Of thirty photographs, the first ones."""


@pytest.fixture
def studio(runtime: Runtime) -> Studio:
    made = open_studio(runtime, 30)
    for image in made.images[:GOLD]:
        made.label(image, [(Studio.ONE, made.cat)])
    made.gold(*made.images[:GOLD])
    made.user("ben")
    return made


def queue(studio: Studio, name: str = "mixed", *, rate: float = 0.5) -> int:
    plan = Plan(name, QueueSubject.IMAGES, ordering=QueueOrder.OLDEST, gold_rate=rate)
    with studio.runtime.engine.begin() as connection:
        made = queues.create_in(connection, studio.project_id, plan, created_by=studio.user("anna"))
    return made.id


def turn(studio: Studio, queue_id: int | None = None, after: int | None = None) -> Turn:
    return labeling.next_turn(
        studio.runtime,
        studio.project_id,
        user_id=studio.user("ben"),
        queue_id=queue_id,
        after=after,
        ahead=1,
    )


def copies(studio: Studio) -> dict[int, int]:
    """Originals by the number of their copy."""
    rows = studio.rows("SELECT pass_image_id, image_id FROM passes")
    return {int(str(copy)): int(str(original)) for copy, original in rows}


def through(studio: Studio, now: Turn) -> int:
    """Says that the image is done; its number."""
    assert now.image is not None
    assert now.lease is not None
    image_id = now.image.image.id
    if image_id in copies(studio):
        studio.submit(studio.pass_of(image_id))
    else:
        studio.label(now.image.image, [], by="ben")
    return image_id


def test_every_image_comes_once_and_gold_images_in_between(studio: Studio) -> None:
    queue_id = queue(studio)
    seen: list[int] = []
    now = turn(studio, queue_id)
    while now.image is not None:
        assert now.queue_id == queue_id
        seen.append(through(studio, now))
        now = turn(studio, queue_id, after=seen[-1])
    passed = copies(studio)
    real = [one for one in seen if one not in passed]
    assert real == [one.id for one in studio.images[GOLD:]]
    assert 0 < len(passed) == len(seen) - len(real) <= GOLD
    assert set(passed.values()) <= {one.id for one in studio.images[:GOLD]}
    assert seen[-1] in real


def until_a_pass(studio: Studio, queue_id: int) -> tuple[Turn, int]:
    """A pass that an image of the project came before, and that image."""
    before = None
    now = turn(studio, queue_id)
    while True:
        assert now.image is not None
        its_copy = now.image.image.id in copies(studio)
        if its_copy and before is not None:
            return now, before
        done = through(studio, now)
        before = before if its_copy else done
        now = turn(studio, queue_id, after=done)


def test_whoever_chose_another_queue_goes_on_there(studio: Studio) -> None:
    queue_id, other = queue(studio), queue(studio, "other", rate=0.0)
    now, _ = until_a_pass(studio, queue_id)
    assert now.image is not None
    elsewhere = turn(studio, other)
    assert elsewhere.image is not None
    assert elsewhere.image.image.id not in copies(studio)
    again, anywhere = turn(studio, queue_id), turn(studio)
    for found in (again, anywhere):
        assert found.image is not None
        assert (found.image.image.id, found.queue_id) == (now.image.image.id, queue_id)


def test_what_is_ahead_of_a_pass_is_what_was_ahead_before(studio: Studio) -> None:
    now, before = until_a_pass(studio, queue(studio))
    numbers = [one.id for one in studio.images]
    following = numbers[numbers.index(before) + 1]
    assert [one.image.id for one in now.ahead] == [following]
    assert now.left == len(numbers) - numbers.index(following)
    after = turn(studio, now.queue_id, after=through(studio, now))
    assert after.image is not None
    assert after.image.image.id == following or after.image.image.id in copies(studio)
