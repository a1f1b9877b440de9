"""Which image comes when."""

from collections import Counter

import pytest

from maskloop.actors.training.data import LabeledImage, Schedule, Task, generator, labeled_images
from maskloop.actors.training.images import KnownImage
from maskloop.platform.errors import EmptyTrainingSetError
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.states import Split
from maskloop.platform.training import Recipe

RECIPE = Recipe(epochs=3, objects_per_step=4, replay_share=0.25, seed=5)


def item(annotation_id: int, image: int, split: Split = Split.TRAIN) -> ManifestItem:
    return ManifestItem(
        annotation_id=annotation_id,
        image_sha256=f"{image:064x}",
        image_key=f"images/{image}",
        source=f"{image}.png",
        size_hw=(4, 4),
        category="cat",
        counts="04L",
        split=split,
    )


def known(number: int) -> KnownImage:
    return KnownImage(number.to_bytes(32), f"images/{number}", f"{number}.png")


@pytest.fixture
def images() -> list[LabeledImage]:
    """Images of 10, 1 and 5 objects: 3 + 1 + 2 tasks an epoch."""
    counts = {0: 10, 1: 1, 2: 5}
    items = [item(100 * i + n, i) for i, count in counts.items() for n in range(count)]
    return labeled_images(items, Split.TRAIN)


def told(tasks: list[Task]) -> list[tuple[int, bytes, tuple[int, ...]]]:
    return [(t.number, t.image.sha256, tuple(i.annotation_id for i in t.items)) for t in tasks]


def test_images_go_by_their_digests_whatever_the_manifests_order() -> None:
    items = [item(3, 7), item(1, 2), item(4, 7), item(9, 1, Split.HOLDOUT)]

    found = labeled_images(items, Split.TRAIN)

    assert [(each.image.key, [i.annotation_id for i in each.items]) for each in found] == [
        ("images/2", [1]),
        ("images/7", [3, 4]),
    ]


def test_every_object_comes_once_an_epoch_and_a_quarter_of_the_steps_are_replays(
    images: list[LabeledImage],
) -> None:
    schedule = Schedule(images, [known(50), known(51)], RECIPE)

    tasks = list(schedule.tasks(0))

    assert (schedule.steps_per_epoch, schedule.steps, len(tasks)) == (8, 24, 24)
    for epoch in range(3):
        of_epoch = [task for task in tasks if task.epoch == epoch]
        objects = Counter(i.annotation_id for task in of_epoch for i in task.items)
        assert set(objects.values()) == {1}
        assert len(objects) == 16
        assert sum(not task.items for task in of_epoch) == 2
        assert max(len(task.items) for task in of_epoch) == 4


def test_the_order_is_the_seeds_and_changes_from_epoch_to_epoch(
    images: list[LabeledImage],
) -> None:
    one, same = (told(list(Schedule(images, [], RECIPE).tasks(0))) for _ in range(2))
    other = told(list(Schedule(images, [], RECIPE.model_copy(update={"seed": 6})).tasks(0)))

    assert one == same
    assert one != other
    assert [row[1:] for row in one[:6]] != [row[1:] for row in one[6:12]]


@pytest.mark.parametrize("start", [0, 3, 8, 13, 24])
def test_who_starts_in_the_middle_does_what_was_left(
    images: list[LabeledImage], start: int
) -> None:
    schedule = Schedule(images, [known(50)], RECIPE)

    assert told(list(schedule.tasks(start))) == told(list(schedule.tasks(0)))[start:]


def test_two_workers_share_an_epoch(images: list[LabeledImage]) -> None:
    schedule = Schedule(images, [], RECIPE, workers=2)

    first, second = (list(schedule.tasks(0, rank=rank)) for rank in (0, 1))

    assert schedule.steps_per_epoch == 3
    assert [task.number for task in first] == [task.number for task in second]
    shared = {i.annotation_id for task in (*first[:3], *second[:3]) for i in task.items}
    assert len(shared) == 16


def test_randomness_is_of_its_purpose_alone() -> None:
    assert generator(1, "order", 2).random() == generator(1, "order", 2).random()
    assert generator(1, "order", 2).random() != generator(1, "order", 3).random()


def test_no_annotation_to_train_on_is_said() -> None:
    with pytest.raises(EmptyTrainingSetError, match="nothing to train on"):
        Schedule([], [known(1)], RECIPE)
