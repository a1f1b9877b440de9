"""The same picture on two sides is found, and stands on one."""

import hashlib

import pytest

from maskloop.platform.errors import (
    EmptyTrainingSetError,
    ObjectMissingError,
)
from maskloop.platform.likeness import key_of
from maskloop.platform.states import Split
from maskloop.platform.training import SetRule
from maskloop.services import training_sets as sets
from sites.set_room import VAL_HELD_OUT, Room, encoded, picture


def test_the_same_picture_does_not_stand_on_two_sides(room: Room) -> None:
    original = room.file(encoded(picture(1, side=96)), "/val/original.png")
    room.draw(original)
    again = room.file(encoded(picture(1, side=96), "JPEG", quality=60), "/train/again.jpg")
    small = room.file(encoded(picture(1, side=96).resize((80, 40))), "/train/small.png")
    for copied in (again, small):
        room.draw(copied)
        room.draw(copied, side=4)
    kept = room.draw(room.image(2))
    frozen = room.freeze(VAL_HELD_OUT)
    assert [(item.image_source, item.split) for item in room.items(frozen)] == [
        ("/val/original.png", Split.HOLDOUT),
        ("/train/2.png", Split.TRAIN),
    ]
    assert room.items(frozen)[1].annotation_id == kept.id
    statistics = frozen.statistics
    assert (statistics.excluded.leaked, statistics.leaked_images) == (4, 2)
    for leak, image in zip(statistics.leaks, (again, small), strict=True):
        assert (leak.image_id, leak.source, leak.split) == (image.id, image.source_uri, "train")
        assert (leak.twin_image_id, leak.twin_split) == (original.id, Split.HOLDOUT)
        assert leak.twin_source == "/val/original.png"
        assert 0 <= leak.distance < 0.03


def test_training_gives_way_to_validation_and_that_to_the_holdout(room: Room) -> None:
    rule = SetRule(holdout_sources=("*/val/*",), holdout_share=0, validation_share=0.5)
    shown = picture(1, side=96)
    for number in range(12):
        copied = room.file(encoded(shown, "JPEG", quality=70 + number), f"/train/{number}.jpg")
        room.draw(copied)
    with pytest.raises(EmptyTrainingSetError, match="show what images on another side show"):
        room.freeze(rule)
    other = room.draw(room.image(2, "/val/other.png"))
    found = room.items(room.freeze(rule))
    assert {item.split for item in found} == {Split.VALIDATION, Split.HOLDOUT}
    assert 1 < len(found) < 13, "copies on one side are no leak"
    original = room.draw(room.file(encoded(shown), "/val/original.png"))
    assert room.chosen(rule) == [other.id, original.id]


def test_copies_on_one_side_stay_and_no_image_is_read_for_them(room: Room) -> None:
    for quality in (60, 90):
        copied = room.file(encoded(picture(1), "JPEG", quality=quality), f"/{quality}.jpg")
        room.draw(copied)
        room.runtime.objects.delete(copied.key)
    assert room.freeze().statistics.images == 2


def test_an_image_is_read_once_for_the_comparison(room: Room) -> None:
    held_out, train = room.image(1, "/val/1.png"), room.image(2)
    room.draw(held_out)
    room.draw(train)
    before = sets.preview(room.runtime, room.project_id, VAL_HELD_OUT)
    assert room.runtime.objects.info(key_of(train.sha256)) is not None
    for image in (held_out, train):
        room.runtime.objects.delete(image.key)
    assert sets.preview(room.runtime, room.project_id, VAL_HELD_OUT) == before
    room.runtime.objects.delete(key_of(train.sha256))
    with pytest.raises(ObjectMissingError, match=hashlib.sha256(encoded(picture(2))).hexdigest()):
        sets.preview(room.runtime, room.project_id, VAL_HELD_OUT)
