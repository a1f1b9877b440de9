"""Figures of people by gold images: everybody's, one's own, and whose they are not."""

import pytest
import sqlalchemy as sa

from maskloop.platform.db import figures
from maskloop.platform.reviewer_skill import Measured, TooFew
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import labeling_quality
from sites.studio import Studio

NEAR = (2, 4, 10, 10)
"""Two thirds of `ONE`."""


def passed(studio: Studio, name: str, count: int = 5) -> None:
    """Draws a cat where one is, and one beside on the first image; misses every dog."""
    for place in range(count):
        found = studio.begun(name)
        studio.draw(found, (NEAR, studio.cat))
        if place == 0:
            studio.draw(found, (Studio.TWO, studio.cat))
        studio.submit(found)


@pytest.fixture
def known(studio: Studio) -> Studio:
    for image in studio.images:
        studio.label(image, [(Studio.ONE, studio.cat), (Studio.THREE, studio.dog)])
    studio.gold(*studio.images)
    return studio


def test_each_person_and_category_has_figures_of_what_they_drew(known: Studio) -> None:
    passed(known, "ben")
    known.submit(known.begun("ben"), SubmissionOutcome.SKIPPED)
    passed(known, "carl", count=2)
    ben, carl = labeling_quality.of_project(known.runtime, known.project_id)
    assert (ben.user, ben.images, ben.skipped) == ("ben", 5, 1)
    assert (ben.objects, ben.found, ben.extra) == (10, 5, 1)
    assert isinstance(ben.skill.missed, Measured)
    assert (ben.skill.missed.interval.mean, ben.skill.missed.of) == (0.5, 10)
    assert isinstance(ben.skill.mean_iou, Measured)
    assert ben.skill.mean_iou.interval.mean == pytest.approx(2 / 3)
    assert isinstance(ben.skill.extra, Measured)
    assert ben.skill.extra.interval.mean == 0.2
    cat, dog = ben.categories["cat"].missed, ben.categories["dog"].missed
    assert isinstance(cat, Measured)
    assert isinstance(dog, Measured)
    assert (cat.interval.mean, dog.interval.mean) == (0.0, 1.0)
    assert (carl.user, carl.images, carl.skill.missed) == ("carl", 2, TooFew(2))


def test_what_one_is_told_of_oneself_does_not_move_with_a_submission(known: Studio) -> None:
    passed(known, "ben", count=1)
    ben = known.user("ben")

    def own() -> list[int]:
        found = labeling_quality.of_project(known.runtime, known.project_id, user_id=ben)
        return [one.images for one in found]

    assert own() == []
    with known.runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE passes SET ended_at = ended_at - interval '1 day'"))
    assert own() == [1]
    passed(known, "ben", count=1)
    passed(known, "carl", count=1)
    assert own() == [1]


def test_what_one_got_done_counts_what_one_did_blindly(known: Studio) -> None:
    """Else the count would stand still with each pass."""
    passed(known, "ben", count=2)
    with known.runtime.engine.connect() as connection:
        found = figures.of_user(connection, known.project_id, known.user("ben"), since=None)
    assert (found.done, found.skipped, found.objects) == (2, 0, 3)
