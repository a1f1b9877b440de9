"""Gold images: made of what is done, fixed in what is right, and given to who knows nothing of
them."""

import pytest
import sqlalchemy as sa

from maskloop.platform.db import never_trained
from maskloop.platform.errors import NotFoundError, RefusedTransitionError
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import NeverTrained, QueueSubject, SubmissionOutcome
from maskloop.services import annotations, cards, gold, gold_images, labeling, queues, reviews
from maskloop.services.annotations import Editor
from maskloop.services.queues import Person
from maskloop.services.reviews import Judgement
from sites.studio import Studio


def test_an_image_that_is_done_is_made_gold_with_all_that_is_on_it(studio: Studio) -> None:
    first, second, *_ = studio.images
    made = studio.label(first, [(Studio.ONE, studio.cat), (Studio.THREE, studio.dog)])
    studio.label(second, [])
    found = studio.gold(second, first)
    assert [(one.image_id, one.objects, one.created_by) for one in found] == [
        (second.id, 0, "anna"),
        (first.id, 2, "anna"),
    ]
    with studio.runtime.engine.connect() as connection:
        marks = never_trained.which(connection, studio.project_id)
    assert marks == dict.fromkeys(made, NeverTrained.GOLD)
    listed = gold_images.page(studio.runtime, studio.project_id)
    assert [one.id for one in listed] == sorted((one.id for one in found), reverse=True)


def test_what_is_not_done_or_not_there_is_refused_and_nothing_is_made(studio: Studio) -> None:
    first, second, *_ = studio.images
    studio.label(first, [(Studio.ONE, studio.cat)])
    with pytest.raises(RefusedTransitionError, match="is todo and cannot be made gold"):
        studio.gold(first, second)
    with pytest.raises(NotFoundError, match="There is no image 987654"):
        gold_images.make(
            studio.runtime, studio.project_id, [first.id, 987654], by=studio.user("anna")
        )
    assert gold_images.page(studio.runtime, studio.project_id) == []


def test_a_second_time_it_stays_and_after_a_change_another_takes_its_place(
    studio: Studio,
) -> None:
    image = studio.images[0]
    (annotation_id,) = studio.label(image, [(Studio.ONE, studio.cat)])
    (made,), (again,) = studio.gold(image), studio.gold(image)
    assert again == made
    annotations.update(
        studio.runtime,
        studio.project_id,
        annotation_id,
        studio.submitted((Studio.TWO, studio.cat)),
        expected=1,
        editor=Editor(studio.user("anna"), of_others=False),
    )
    (other,) = studio.gold(image)
    assert other.id > made.id
    listed = gold_images.page(studio.runtime, studio.project_id)
    assert [(one.id, one.retired_at is None) for one in listed] == [
        (other.id, True),
        (made.id, False),
    ]
    in_use = gold_images.page(studio.runtime, studio.project_id, retired=False)
    assert [one.id for one in in_use] == [other.id]


def test_a_retired_one_is_given_to_nobody(studio: Studio) -> None:
    studio.label(studio.images[0], [])
    (made,) = studio.gold(studio.images[0])
    for _ in range(2):
        gold_images.retire(studio.runtime, studio.project_id, made.id, by=studio.user("anna"))
    assert studio.begin() is None
    with pytest.raises(NotFoundError, match="There is no gold image 987654"):
        gold_images.retire(studio.runtime, studio.project_id, 987654, by=studio.user("anna"))
    told = studio.rows("SELECT action, subject FROM audit_events ORDER BY id")
    assert told == [("made gold", "image"), ("retired", "gold image")]


def test_a_pass_is_a_copy_to_do_with_proposals_to_judge(studio: Studio) -> None:
    image = studio.images[0]
    (proposal_id,) = [
        row[0] for row in studio.rows(f"SELECT min(id) FROM proposals WHERE image_id = {image.id}")
    ]
    assert isinstance(proposal_id, int)
    reviews.review(
        studio.runtime,
        studio.project_id,
        proposal_id,
        Judgement.accept(studio.cat),
        reviewer_id=studio.user("anna"),
    )
    studio.label(image, [(Studio.TWO, studio.cat)])
    studio.gold(image)
    found = studio.begun()
    assert found.new.image_id == image.id
    same = "sha256, source_uri, media_type, byte_size, width, height, created_at"
    assert studio.rows(f"SELECT {same} FROM passes.images") == studio.rows(
        f"SELECT {same} FROM public.images WHERE id = {image.id}"
    )
    assert studio.rows("SELECT state FROM passes.images") == [("todo",)]
    shown = "state, mask_digest, predicted_iou, job_id, created_at"
    assert studio.rows(f"SELECT {shown} FROM passes.proposals ORDER BY id") == studio.rows(
        f"SELECT 'pending', {shown.removeprefix('state, ')} FROM public.proposals "
        f"WHERE image_id = {image.id} ORDER BY id"
    )


def test_nobody_has_two_passes_in_hand_or_the_same_image_twice(studio: Studio) -> None:
    first, second, *_ = studio.images
    for image in (first, second):
        studio.label(image, [])
    studio.gold(first, second)
    one = studio.begun()
    assert studio.begin() is None
    studio.submit(one)
    other = studio.begun()
    assert {one.new.image_id, other.new.image_id} == {first.id, second.id}
    studio.submit(other, SubmissionOutcome.SKIPPED)
    assert studio.begin() is None
    assert studio.begun("carl").new.image_id in (first.id, second.id)


def test_whoever_had_to_do_with_an_image_is_not_given_it(studio: Studio) -> None:
    drew, said, judged, looked, asked, *_ = studio.images
    for image in (drew, said, judged, looked, asked):
        studio.label(image, [(Studio.ONE, studio.cat)])
    studio.gold(drew, said, judged, looked, asked)
    runtime, project_id, ben = studio.runtime, studio.project_id, studio.user("ben")
    boss = studio.user("anna")
    annotations.create(
        runtime, project_id, drew.id, studio.submitted((Studio.TWO, studio.cat)), author_id=ben
    )
    with runtime.engine.begin() as connection:
        labeling.reopen_in(connection, project_id, said.id, user_id=ben, reason=None)
    studio.label(said, [])
    ((proposal_id,),) = studio.rows(f"SELECT min(id) FROM proposals WHERE image_id = {judged.id}")
    assert isinstance(proposal_id, int)
    reviews.review(runtime, project_id, proposal_id, Judgement.reject(), reviewer_id=ben)
    person = Person(ben, "ben", judges_people=True)
    with runtime.engine.begin() as connection:
        of_looked = queues.create_in(
            connection, project_id, plan_of(looked.source_uri, "looked"), created_by=boss
        )
    hand = cards.take(runtime, project_id, person=person, queue_id=of_looked.id, count=1)
    assert len(hand.cards) == 1
    found = studio.begun()
    assert found.new.image_id == asked.id
    studio.submit(found)
    assert studio.begin() is None


def plan_of(source: str, name: str) -> queues.Plan:
    return queues.Plan(name=name, subject=QueueSubject.PROPOSALS, rule=Rule(image=source))


def test_a_mask_of_it_that_was_a_check_counts_as_met(studio: Studio) -> None:
    image = studio.images[0]
    (annotation_id,) = studio.label(image, [(Studio.THREE, studio.cat)])
    studio.gold(image)
    (check,) = gold.make_gold(
        studio.runtime, studio.project_id, [annotation_id], by=studio.user("anna")
    )
    ben = studio.user("ben")
    with studio.runtime.engine.begin() as connection:
        queue = queues.create_in(
            connection, studio.project_id, plan_of("/none", "none"), created_by=ben
        )
    studio_rows = (
        "INSERT INTO cards (project_id, queue_id, user_id, token, check_id, at_random, leased_at, "
        f"until) VALUES ({studio.project_id}, {queue.id}, {ben}, gen_random_uuid(), {check.id}, "
        "false, now(), now())"
    )
    assert studio.begin("carl") is not None
    with studio.runtime.engine.begin() as connection:
        connection.execute(sa.text(studio_rows))
    assert studio.begin() is None


def test_an_image_that_was_reopened_is_given_to_nobody_blindly(studio: Studio) -> None:
    image = studio.images[0]
    studio.label(image, [])
    studio.gold(image)
    with studio.runtime.engine.begin() as connection:
        labeling.reopen_in(
            connection, studio.project_id, image.id, user_id=studio.user("anna"), reason=None
        )
    assert studio.begin() is None
