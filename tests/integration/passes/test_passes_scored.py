"""What somebody drew in a gold image is compared with the truth, once, when they are through."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from maskloop.platform.db.passes import Pass
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import annotations, labeling
from maskloop.services.annotations import Editor
from sites.studio import Studio

STORED = """
SELECT truth_id, drawn_id, round(iou::numeric, 3)::float, round(boundary_f::numeric, 3)::float
FROM pass_objects ORDER BY id
"""
ENDED = "SELECT outcome, ended_at IS NOT NULL FROM passes ORDER BY id"


def begun(studio: Studio) -> tuple[Pass, list[int]]:
    """On an image with a cat at `ONE` and a dog at `THREE`; its truth."""
    image = studio.images[0]
    truth = studio.label(image, [(Studio.ONE, studio.cat), (Studio.THREE, studio.dog)])
    studio.gold(image)
    return studio.begun(), truth


def test_what_was_found_missed_and_drawn_beside_is_stored(studio: Studio) -> None:
    found, (cat, dog) = begun(studio)
    beside, near = studio.draw(found, (Studio.TWO, studio.dog), ((2, 4, 10, 10), studio.dog))
    studio.submit(found)
    # 8 of 12 columns are shared; 20 of 36 outline pixels lie within one of the other outline.
    assert studio.rows(STORED) == [
        (cat, near.id, 0.667, 0.556),
        (dog, None, None, None),
        (None, beside.id, None, None),
    ]
    assert studio.rows("SELECT truth_category_id, drawn_category_id FROM pass_objects") == [
        (studio.cat, studio.dog),
        (studio.dog, None),
        (None, studio.dog),
    ]
    assert studio.rows(ENDED) == [("done", True)]


def test_the_truth_is_what_it_was_when_the_image_was_made_gold(studio: Studio) -> None:
    found, (cat, dog) = begun(studio)
    editor = Editor(studio.user("anna"), of_others=False)
    where = (studio.runtime, studio.project_id)
    annotations.delete(*where, dog, expected=1, editor=editor)
    annotations.update(
        *where, cat, studio.submitted((Studio.TWO, studio.cat)), expected=1, editor=editor
    )
    studio.draw(found, (Studio.ONE, studio.cat), (Studio.THREE, studio.dog))
    studio.submit(found)
    assert [row[2] for row in studio.rows(STORED)] == [1.0, 1.0]


def test_what_was_deleted_or_changed_before_the_end_counts_as_it_is_then(studio: Studio) -> None:
    found, (cat, dog) = begun(studio)
    wrong, right = studio.draw(found, (Studio.TWO, studio.cat), (Studio.TWO, studio.dog))
    there, editor = studio.runtime.in_passes, Editor(studio.user("ben"), of_others=False)
    annotations.delete(there, studio.project_id, wrong.id, expected=1, editor=editor)
    annotations.update(
        there,
        studio.project_id,
        right.id,
        studio.submitted((Studio.ONE, studio.cat)),
        expected=1,
        editor=editor,
    )
    studio.submit(found)
    assert [row[:2] for row in studio.rows(STORED)] == [(cat, right.id), (dog, None)]
    assert studio.rows("SELECT drawn_revision FROM pass_objects") == [(2,), (None,)]


def test_a_skipped_image_is_kept_as_skipped_and_not_compared(studio: Studio) -> None:
    found, _ = begun(studio)
    studio.draw(found, (Studio.ONE, studio.cat))
    studio.submit(found, SubmissionOutcome.SKIPPED)
    assert studio.rows(ENDED) == [("skipped", True)]
    assert studio.count("pass_objects") == 0


def test_the_first_submission_counts_and_later_ones_change_nothing(studio: Studio) -> None:
    found, _ = begun(studio)
    studio.submit(found)
    stored = studio.rows(STORED)
    with studio.runtime.in_passes.engine.begin() as connection:
        labeling.reopen_in(
            connection,
            studio.project_id,
            found.pass_image_id,
            user_id=studio.user("ben"),
            reason="forgot one",
        )
    studio.draw(found, (Studio.ONE, studio.cat))
    studio.submit(found)
    assert studio.rows(STORED) == stored
    assert studio.count("passes.submissions") == 3


def test_an_image_with_nothing_on_it_can_be_gold(studio: Studio) -> None:
    studio.label(studio.images[0], [])
    studio.gold(studio.images[0])
    found = studio.begun()
    (beside,) = studio.draw(found, (Studio.ONE, studio.cat))
    studio.submit(found)
    assert studio.rows(STORED) == [(None, beside.id, None, None)]


def test_two_who_ask_at_once_in_one_name_get_one_pass(studio: Studio) -> None:
    for image in studio.images[:4]:
        studio.label(image, [])
    studio.gold(*studio.images[:4])
    studio.user("ben")
    together = Barrier(4)

    def ask(_: int) -> Pass | None:
        together.wait(timeout=60)
        return studio.begin()

    with ThreadPoolExecutor(4) as pool:
        made = [one for one in pool.map(ask, range(4)) if one is not None]
    assert len(made) == 1
    assert studio.rows("SELECT pass_image_id FROM passes") == [(made[0].pass_image_id,)]
    assert studio.count("passes.images") == 1


def turn(studio: Studio, after: int | None = None) -> labeling.Turn:
    return labeling.next_turn(
        studio.runtime, studio.project_id, user_id=studio.user("ben"), after=after, ahead=2
    )


def test_whoever_asks_for_the_next_image_goes_on_with_their_pass(studio: Studio) -> None:
    found, _ = begun(studio)
    first, again = turn(studio), turn(studio)
    assert first.image is not None
    assert first.lease is not None
    assert again.lease is not None
    assert first.image.image.id == found.pass_image_id
    assert (first.image.annotations, first.image.pending_proposals) == (0, 2)
    assert first.image.holder is not None
    assert first.image.holder.user == "ben"
    assert again.lease.token == first.lease.token != uuid.UUID(int=0)
    assert [one.image.id for one in first.ahead] == [one.id for one in studio.images[1:3]]
    assert first.left == 5


@pytest.mark.parametrize("came_from", [0, 2])
def test_behind_a_pass_one_goes_on_where_one_came_from(studio: Studio, came_from: int) -> None:
    studio.label(studio.images[0], [])
    studio.gold(studio.images[0])
    place = studio.images[came_from].id if came_from else 0
    found = studio.begun(behind=place)
    assert [one.image.id for one in turn(studio).ahead] == [
        one.id for one in studio.images[came_from + 1 : came_from + 3]
    ]
    studio.submit(found)
    following = turn(studio, after=found.pass_image_id)
    assert following.image is not None
    assert following.image.image.id == studio.images[came_from + 1].id


def test_a_pass_that_one_walked_away_from_comes_last(studio: Studio) -> None:
    found, _ = begun(studio)
    seen: list[int] = []
    after: int | None = found.pass_image_id
    for _ in range(6):
        now = turn(studio, after=after)
        assert now.image is not None
        assert now.lease is not None
        after = now.image.image.id
        seen.append(after)
        if after != found.pass_image_id:
            studio.label(now.image.image, [], by="ben")
    assert seen == [*(one.id for one in studio.images[1:]), found.pass_image_id]
