"""What is measured depends on content, and on nothing else."""

import random

import numpy as np

from maskloop.actors.evaluation.choosing import choose
from maskloop.platform.evaluation import Protocol
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.masks import Rle
from maskloop.platform.states import Split


def item(number: int, image: int) -> ManifestItem:
    mask = np.zeros((10, 200), dtype=np.bool_)
    mask[:, number : number + 5] = True
    counts = Rle.encode(mask).counts.decode()
    return ManifestItem(
        annotation_id=number,
        image_sha256=f"{image * 7919 % 997:064x}",
        image_key=f"images/{image}",
        source=f"{image}.png",
        size_hw=(10, 200),
        category="thing",
        counts=counts,
        split=Split.HOLDOUT,
    )


ITEMS = [item(number, number // 8) for number in range(120)]


def chosen_ids(items: list[ManifestItem], protocol: Protocol) -> list[int]:
    return [each.annotation_id for image in choose(items, protocol) for each in image.items]


def test_the_order_in_which_things_come_changes_nothing() -> None:
    protocol = Protocol(most_objects=50, most_clicked_objects=20, everything_images=3)
    shuffled = list(ITEMS)
    random.Random(0).shuffle(shuffled)
    assert choose(shuffled, protocol) == choose(ITEMS, protocol)


def test_no_more_is_measured_than_the_protocol_says() -> None:
    protocol = Protocol(most_objects=50, most_clicked_objects=20, everything_images=3)
    images = choose(ITEMS, protocol)
    assert sum(len(image.items) for image in images) == 50
    assert sum(len(image.clicked) for image in images) == 20
    assert [image.everything for image in images] == [True] * 3 + [False] * (len(images) - 3)
    assert all(image.clicked <= {each.annotation_id for each in image.items} for image in images)


def test_a_smaller_choice_is_part_of_a_larger_one() -> None:
    few = set(chosen_ids(ITEMS, Protocol(most_objects=30)))
    more = set(chosen_ids(ITEMS, Protocol(most_objects=60)))
    assert len(few) == 30
    assert few < more


def test_without_a_limit_everything_is_measured() -> None:
    assert sorted(chosen_ids(ITEMS, Protocol(most_objects=None))) == list(range(120))


def test_an_image_comes_once_with_all_its_objects() -> None:
    images = choose(ITEMS, Protocol())
    assert len(images) == 15
    for image in images:
        assert {each.image_sha256 for each in image.items} == {image.first.image_sha256}
