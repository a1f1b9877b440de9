"""What a rule chooses, on which side it stands, and what is left out."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from maskloop.platform.db import never_trained, projects, proposals
from maskloop.platform.errors import (
    EmptyTrainingSetError,
    NotFoundError,
)
from maskloop.platform.states import ImageState, NeverTrained, Split
from maskloop.platform.training import Origin, SetRule
from maskloop.platform.training_statistics import Content, Excluded
from maskloop.services import annotations, reviews
from maskloop.services import training_sets as sets
from maskloop.services.reviews import Judgement
from sites.set_room import TRAIN_ALL, VAL_HELD_OUT, Room, rectangle


def test_a_rule_chooses_by_category_state_and_source(room: Room) -> None:
    one, two = room.image(1, "/a%b/train/1.png"), room.image(2, "/a_b/train/2.png")
    first, second = room.draw(one), room.draw(two, category=room.dog)
    room.execute("UPDATE images SET state = 'done' WHERE id = :id", id=two.id)

    def chosen(**parts: object) -> list[int]:
        return room.chosen(SetRule.model_validate(dict(TRAIN_ALL) | parts))

    assert chosen() == [first.id, second.id]
    assert chosen(categories=("dog",)) == [second.id]
    assert chosen(image_states=(ImageState.TODO,)) == [first.id]
    assert chosen(sources=("*/1.png", "nothing")) == [first.id]
    assert chosen(sources=("/a%b/*",)) == [first.id], "signs of LIKE are plain text"
    assert chosen(sources=("/a_b/*",)) == [second.id]
    assert chosen(sources=("/a?b/train/?.png",)) == [first.id, second.id]


def test_a_rule_chooses_by_the_time_of_the_revision_that_counts(room: Room) -> None:
    image = room.image(1)
    first = room.draw(image)
    second = room.change(room.draw(image, side=4), room.mask(image, side=5))

    def chosen(**parts: object) -> list[int]:
        return room.chosen(SetRule.model_validate(dict(TRAIN_ALL) | parts))

    assert chosen(since=second.created_at) == [second.id]
    assert chosen(until=second.created_at) == [first.id]
    assert chosen(since=first.created_at, until=second.created_at + timedelta(seconds=1)) == [
        first.id,
        second.id,
    ]


def test_a_rule_chooses_by_how_a_mask_came_about(room: Room) -> None:
    image = room.image(1)
    size_hw = (image.height, image.width)
    shapes = [rectangle(size_hw, side).decode() for side in (3, 4, 5)]
    job = room.bench.start_job(room.project_id)
    job.done(image, [room.bench.mask_of(shape) for shape in shapes])
    job.finish()
    with room.runtime.engine.connect() as connection:
        proposed = proposals.page(connection, room.project_id, limit=10)
    accepted, corrected, redone = sorted(one.id for one in proposed)

    def review(proposal_id: int, judgement: Judgement) -> int:
        found = reviews.review(
            room.runtime, room.project_id, proposal_id, judgement, reviewer_id=room.anna
        )
        assert found.annotation is not None
        return found.annotation[0]

    one = review(accepted, Judgement.accept(room.cat))
    two = review(corrected, Judgement.correct(room.mask(image, side=10)))
    three = review(redone, Judgement.accept(room.cat))
    room.change(annotations.get(room.runtime, room.project_id, three), room.mask(image, side=11))
    asked = replace(room.mask(image, side=12), model_version_id=job.model_version_id)
    four = annotations.create(
        room.runtime, room.project_id, image.id, asked, author_id=room.anna
    ).id
    five = room.draw(image, side=13).id

    found = {item.annotation_id: item.origin for item in room.items(room.freeze())}
    assert found == {
        one: Origin.ACCEPTED,
        two: Origin.CORRECTED,
        three: Origin.CORRECTED,
        four: Origin.PROMPTED,
        five: Origin.DRAWN,
    }
    corrections = TRAIN_ALL.model_copy(update={"origins": (Origin.CORRECTED, Origin.DRAWN)})
    assert room.chosen(corrections) == [two, three, five]


def test_no_image_changes_sides_as_the_project_grows(room: Room) -> None:
    rule = SetRule(holdout_share=0.3, validation_share=0.3)
    sides: list[dict[int, Split]] = []
    for generation in range(3):
        for seed in range(generation * 20, generation * 20 + 20):
            room.draw(room.image(seed))
        found = room.items(room.freeze(rule))
        assert len({item.image_id for item in found}) == 20 * (generation + 1)
        sides.append({item.image_id: item.split for item in found})
    for before, after in pairwise(sides):
        assert before.items() <= after.items()
    assert set(sides[0].values()) == set(Split)


def test_all_annotations_of_an_image_stand_on_one_side(room: Room) -> None:
    for seed in range(12):
        image = room.image(seed)
        for side in (4, 5, 6):
            room.draw(image, side=side)
    found = room.items(room.freeze(SetRule(holdout_share=0.4, validation_share=0.4)))
    by_image: dict[int, set[Split]] = {}
    for item in found:
        by_image.setdefault(item.image_id, set()).add(item.split)
    assert len(found) == 36
    assert {len(sides) for sides in by_image.values()} == {1}


def test_named_sources_are_held_out_before_any_share(room: Room) -> None:
    for seed in range(6):
        room.draw(room.image(seed, f"/{'val' if seed % 2 else 'train'}/{seed}.png"))
    frozen = room.freeze(VAL_HELD_OUT)
    held_out = room.items(frozen, Split.HOLDOUT)
    assert [item.image_source for item in held_out] == ["/val/1.png", "/val/3.png", "/val/5.png"]
    assert len(room.items(frozen, Split.TRAIN)) == 3


def test_gold_measures_and_is_never_trained_on_and_planted_stands_nowhere(room: Room) -> None:
    train, held_out = room.image(1), room.image(2, "/val/2.png")
    plain = room.draw(train)
    gold, planted = room.draw(train, side=4), room.draw(train, side=5)
    held_gold, held_planted = room.draw(held_out), room.draw(held_out, side=4)
    room.mark(NeverTrained.GOLD, gold, held_gold)
    room.mark(NeverTrained.PLANTED, planted, held_planted)
    frozen = room.freeze(VAL_HELD_OUT)
    assert [(item.annotation_id, item.split) for item in room.items(frozen)] == [
        (plain.id, Split.TRAIN),
        (held_gold.id, Split.HOLDOUT),
    ]
    assert frozen.statistics.excluded == Excluded(gold=1, planted=2, leaked=0)
    for_validation = VAL_HELD_OUT.model_copy(update={"validation_share": 1.0})
    assert room.chosen(for_validation) == [plain.id, held_gold.id]


def test_marks_hold_for_every_revision_and_can_be_taken_back(room: Room) -> None:
    image = room.image(1)
    marked, other = room.draw(image), room.draw(image, side=4)
    room.mark(NeverTrained.PLANTED, marked)
    room.change(marked, room.mask(image, side=6))
    assert room.chosen(TRAIN_ALL) == [other.id]
    room.mark(NeverTrained.GOLD, marked)
    with room.runtime.engine.begin() as connection:
        assert never_trained.which(connection, room.project_id) == {marked.id: NeverTrained.GOLD}
        assert never_trained.which(connection, room.project_id, [other.id]) == {}
        never_trained.unmark(connection, room.project_id, [marked.id, other.id])
    assert room.chosen(TRAIN_ALL) == [marked.id, other.id]


def test_what_the_project_has_not_cannot_be_marked(room: Room) -> None:
    drawn = room.draw(room.image(1))
    with room.runtime.engine.begin() as connection:
        elsewhere = projects.create(connection, "elsewhere").id
    for project_id, annotation_id in ((room.project_id, 987), (elsewhere, drawn.id)):
        with (
            pytest.raises(NotFoundError, match=f"annotation {annotation_id}"),
            room.runtime.engine.begin() as connection,
        ):
            never_trained.mark(connection, project_id, [annotation_id], NeverTrained.GOLD)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"categories": ("dog",)}, "of 2 annotations none has one of the categories dog"),
        ({"origins": ("accepted",)}, "of 2 annotations none has one of the origins accepted"),
        ({"image_states": ("skipped",)}, "of 2 annotations none is on an image that is skipped"),
        ({"since": "2999-01-01T00:00:00Z"}, "none was made at or after 2999-01-01"),
        ({"until": "1999-01-01T00:00:00Z"}, "none was made before 1999-01-01"),
        ({"sources": ("*/x/*",)}, "none is on an image whose source matches */x/*"),
        (
            {"holdout_share": 0, "validation_share": 1},
            "2 of the annotations that it chooses are",
        ),
    ],
)
def test_a_rule_that_leaves_nothing_says_which_part_did(
    room: Room, parts: dict[str, object], reason: str
) -> None:
    with pytest.raises(EmptyTrainingSetError, match="the project has no annotations"):
        room.freeze()
    image = room.image(1)
    room.draw(image)
    room.draw(image, side=4)
    with pytest.raises(EmptyTrainingSetError) as caught:
        room.freeze(SetRule.model_validate(parts))
    assert reason in str(caught.value)
    assert sets.page(room.runtime, room.project_id) == []


def test_only_gold_off_the_holdout_is_nothing_to_train_on(room: Room) -> None:
    room.mark(NeverTrained.GOLD, room.draw(room.image(1)))
    with pytest.raises(EmptyTrainingSetError, match="1 are gold on images that are not held out"):
        room.freeze()


def test_a_general_set_is_all_holdout(room: Room) -> None:
    for seed in range(3):
        room.draw(room.image(seed))
    frozen = room.freeze(SetRule(holdout_share=1))
    assert frozen.statistics.splits.holdout == Content(annotations=3, images=3)


def test_a_category_that_there_is_not_is_named(room: Room) -> None:
    with pytest.raises(NotFoundError, match=r"no category cow. The project has: cat, dog."):
        room.freeze(SetRule(categories=("cow",)))
