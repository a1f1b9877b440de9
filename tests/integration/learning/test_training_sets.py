"""Training sets: frozen once, never changed, listed, compared and handed to workers."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
import sqlalchemy as sa

from maskloop.platform.db import projects
from maskloop.platform.db.training_sets import Changes, SetItem, TrainingSet
from maskloop.platform.errors import (
    AlreadyExistsError,
    BadNameError,
    NotFoundError,
)
from maskloop.platform.manifests import read_manifest, write_manifest
from maskloop.platform.states import Split
from maskloop.platform.training import Origin, SetRule
from maskloop.platform.training_statistics import Content, SplitCounts
from maskloop.services import training_sets as sets
from sites.set_room import TRAIN_ALL, VAL_HELD_OUT, Room, rectangle


def test_a_set_holds_current_annotations_as_they_were_then(room: Room) -> None:
    image = room.image(1)
    stays, changes, goes = (room.draw(image, side=side) for side in (3, 4, 5))
    changed = room.change(changes, room.mask(image, side=6))
    room.delete(goes)
    frozen = room.freeze()
    room.change(stays, room.mask(image, side=7, category=room.dog))
    room.delete(changed)

    first, second = room.items(frozen)
    assert first == SetItem(
        annotation_id=stays.id,
        annotation_revision=1,
        image_id=image.id,
        image_sha256=image.sha256,
        image_source="/train/1.png",
        size_hw=(48, 96),
        category="cat",
        rle=rectangle((48, 96), 3),
        mask_digest=rectangle((48, 96), 3).digest,
        area=9,
        prompts=({"points": [[5, 5, 1]]},),
        origin=Origin.DRAWN,
        split=Split.TRAIN,
    )
    assert (second.annotation_id, second.annotation_revision, second.area) == (changes.id, 2, 36)


def test_a_category_keeps_the_name_that_it_had(room: Room) -> None:
    room.draw(room.image(1))
    before = room.freeze()
    with room.runtime.engine.begin() as connection:
        projects.rename_category(connection, room.project_id, room.cat, "lion")
    after = room.freeze()
    assert [item.category for item in room.items(before)] == ["cat"]
    assert [item.category for item in room.items(after)] == ["lion"]
    assert before.digest != after.digest


@pytest.mark.parametrize("table", ["training_sets", "training_set_items"])
@pytest.mark.parametrize("change", ["UPDATE {} SET project_id = project_id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_a_set(room: Room, table: str, change: str) -> None:
    room.draw(room.image(1))
    room.freeze()
    with pytest.raises(sa.exc.DBAPIError, match="never changed or removed"):
        room.execute(change.format(table))


def test_the_same_content_is_the_same_set_whatever_it_is_called(room: Room) -> None:
    for seed in range(3):
        room.draw(room.image(seed))
    frozen = room.freeze(name="spring")
    assert (frozen.name, frozen.created_by_name) == ("spring", "anna")
    assert room.freeze(name="summer") == room.freeze() == frozen
    everything = TRAIN_ALL.model_copy(update={"sources": ("/train/*",)})
    assert room.freeze(everything) == frozen, "another rule that chooses the same"


def test_the_digest_covers_masks_categories_prompts_and_sides(room: Room) -> None:
    image = room.image(1)
    last = room.draw(image)
    digests = [room.freeze().digest, room.freeze(VAL_HELD_OUT).digest]
    for submitted in (
        room.mask(image, side=4),
        room.mask(image, side=4, category=room.dog),
        replace(room.mask(image, side=4, category=room.dog), prompts=({"box": [0, 0, 9, 9]},)),
    ):
        last = room.change(last, submitted)
        digests.append(room.freeze().digest)
    assert len(set(digests)) == 5
    room.change(last, room.mask(image))
    assert room.freeze().digest == digests[0], "as at first, at another revision"


def test_a_name_belongs_to_one_set(room: Room) -> None:
    image = room.image(1)
    room.draw(image)
    room.freeze(name="spring")
    room.draw(image, side=4)
    with pytest.raises(AlreadyExistsError, match="training set spring"):
        room.freeze(name="spring")
    with pytest.raises(BadNameError):
        room.freeze(name=" ")
    assert room.freeze().name == f"set-{room.freeze().digest.hex()[:10]}"


def test_whoever_freezes_the_same_at_once_gets_the_same_set(room: Room) -> None:
    for seed in range(4):
        room.draw(room.image(seed))
    together = Barrier(4)

    def freeze(_: int) -> int:
        selection = sets.select(room.runtime, room.project_id, TRAIN_ALL)
        together.wait(timeout=60)
        with room.runtime.engine.begin() as connection:
            return sets.freeze_in(connection, room.project_id, selection, by=room.anna).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(freeze, range(4)))) == 1
    assert len(sets.page(room.runtime, room.project_id)) == 1


def test_statistics_say_what_is_in_a_set(room: Room) -> None:
    train, held_out = room.image(1), room.image(2, "/val/2.png")
    first = room.draw(train, side=31)
    room.draw(train, side=32)
    last = room.draw(held_out, side=40, category=room.dog)
    found = room.freeze(VAL_HELD_OUT).statistics
    assert (found.annotations, found.images) == (3, 2)
    assert found.splits.train == Content(annotations=2, images=1)
    assert found.splits.validation == Content()
    assert found.splits.holdout == Content(annotations=1, images=1)
    assert found.categories == {"cat": SplitCounts(train=2), "dog": SplitCounts(holdout=1)}
    assert found.origins == {origin: 3 * (origin is Origin.DRAWN) for origin in Origin}
    assert found.area.model_dump() == {"small": 1, "medium": 2, "large": 0}
    assert (found.span.since, found.span.until) == (first.created_at, last.created_at)
    assert sets.preview(room.runtime, room.project_id, VAL_HELD_OUT) == found


def test_two_sets_are_compared_annotation_by_annotation(room: Room) -> None:
    train, held_out = room.image(1), room.image(2, "/val/2.png")
    mask, category, side_and_mask = (room.draw(train, side=side) for side in (4, 5, 6))
    goes = room.draw(held_out)
    stays = room.draw(held_out, side=4)
    before = room.freeze(VAL_HELD_OUT)
    room.change(mask, room.mask(train, side=7))
    room.change(category, room.mask(train, side=5, category=room.dog))
    room.change(side_and_mask, room.mask(train, side=8, category=room.dog))
    room.delete(goes)
    room.draw(train, side=10)
    after = room.freeze(VAL_HELD_OUT)
    found = sets.compare(room.runtime, room.project_id, before.id, after.id)
    assert found.changes == {
        Split.TRAIN: Changes(added=1, changed_masks=2, moved_categories=2),
        Split.VALIDATION: Changes(),
        Split.HOLDOUT: Changes(removed=1),
    }
    assert found.rule == []
    all_held_out = room.freeze(SetRule(holdout_share=1))
    found = sets.compare(room.runtime, room.project_id, after.id, all_held_out.id)
    assert found.changes[Split.HOLDOUT] == Changes(moved_sides=4)
    assert found.rule == [
        "hold-out sources: */val/* → none",
        "hold-out share: 0 → 1",
        "validation share: 0 → 0.1",
    ]
    assert stays.id in {item.annotation_id for item in room.items(all_held_out)}


def test_sets_are_listed_newest_first_and_seen_in_their_project_only(room: Room) -> None:
    image = room.image(1)
    frozen: Sequence[TrainingSet] = []
    for side in (4, 5, 6):
        room.draw(image, side=side)
        frozen = [room.freeze(), *frozen]
    assert sets.page(room.runtime, room.project_id) == frozen
    assert sets.page(room.runtime, room.project_id, before=frozen[0].id, limit=1) == [frozen[1]]
    with room.runtime.engine.begin() as connection:
        elsewhere = projects.create(connection, "elsewhere").id
    assert sets.page(room.runtime, elsewhere) == []
    for look in (
        lambda: sets.get(room.runtime, elsewhere, frozen[0].id),
        lambda: sets.items_page(room.runtime, elsewhere, frozen[0].id),
        lambda: sets.compare(room.runtime, elsewhere, frozen[0].id, frozen[1].id),
    ):
        with pytest.raises(NotFoundError, match=f"training set {frozen[0].id}"):
            look()


def test_items_come_a_page_at_a_time(room: Room) -> None:
    image = room.image(1)
    made = [room.draw(image, side=side).id for side in range(3, 10)]
    frozen = room.freeze()
    seen: list[int] = []
    while page := sets.items_page(
        room.runtime, room.project_id, frozen.id, after=seen[-1] if seen else 0, limit=3
    ):
        seen += [item.annotation_id for item in page]
    assert seen == made


def test_a_manifest_holds_what_workers_need(room: Room) -> None:
    image = room.image(1)
    drawn = room.draw(image)
    items = sets.manifest_items(room.items(room.freeze()))
    objects = room.runtime.objects
    (read,) = read_manifest(objects, write_manifest(objects, items))
    assert read.annotation_id == drawn.id
    assert hashlib.sha256(objects.get(read.image_key)).hexdigest() == read.image_sha256
    assert read.rle == rectangle((48, 96), 9)
    assert (read.category, read.source, read.split) == ("cat", "/train/1.png", Split.TRAIN)
    assert read.prompts == ({"points": [[5, 5, 1]]},)
