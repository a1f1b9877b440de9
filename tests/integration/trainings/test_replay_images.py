"""Which images a training replays."""

from pathlib import Path

import numpy as np
import pytest

from maskloop.actors.embeddings import embedding_key
from maskloop.platform.db import images, projects
from maskloop.platform.db.images import Image
from maskloop.services.demo import photographs
from maskloop.services.replay_images import LEAST, MOST, choose_replay
from sites.school import School, square


@pytest.fixture
def set_id(school: School) -> int:
    """A frozen set of three images, and one that it holds out."""
    return school.prepared().training_set.id


def other_project(school: School) -> int:
    with school.runtime.engine.begin() as connection:
        return projects.create(connection, "others").id


def chosen(school: School, set_id: int) -> list[str]:
    return choose_replay(
        school.runtime,
        school.project_id,
        set_id,
        encoder_digest=school.parent.encoder_digest,
        precision="fp32",
    )


def embed(school: School, image: Image) -> None:
    key = embedding_key(image.sha256, school.parent.encoder_digest, "fp32")
    school.runtime.objects.put(key, b"an embedding")


def test_other_projects_come_first_and_of_them_what_is_embedded(
    school: School, set_id: int
) -> None:
    others = other_project(school)
    own = [school.image(f"/photos/own-{n}.png") for n in range(4)]
    elsewhere = [school.image(f"/other/{n}.png", project_id=others) for n in range(5)]
    embedded = elsewhere[3:]
    for image in [*embedded, own[0]]:
        embed(school, image)

    keys = chosen(school, set_id)

    def in_order(found: list[Image]) -> list[str]:
        return [image.key for image in sorted(found, key=lambda one: one.sha256)]

    expected = [
        *in_order(embedded),
        *in_order(elsewhere[:3]),
        own[0].key,
        *in_order(own[1:]),
    ]
    assert keys == expected
    assert keys == chosen(school, set_id)


def test_what_the_set_holds_is_not_replayed_not_even_another_project_s_copy(
    school: School, set_id: int
) -> None:
    others = other_project(school)
    of_the_set = [school.image(f"/photos/train/{n}.png", project_id=others) for n in range(3)]
    held_out = school.image("/photos/val/0.png", project_id=others)

    keys = set(chosen(school, set_id))

    assert keys.isdisjoint({image.key for image in [*of_the_set, held_out]})


def test_what_any_set_holds_out_is_not_replayed(school: School, set_id: int) -> None:
    later = school.image("/photos/val/1.png")
    free = school.image("/photos/free.png")
    school.annotate(later, square(5, 5))
    school.prepared()  # another set, which holds it out

    keys = chosen(school, set_id)

    assert later.key not in keys
    assert free.key in keys


def test_there_are_no_more_than_needed(school: School, set_id: int) -> None:
    others = other_project(school)
    for number in range(MOST + 3):
        school.image(f"/other/{number}.png", project_id=others)

    keys = chosen(school, set_id)

    assert (len(keys), len(set(keys))) == (MOST, MOST)


def test_the_sample_photographs_join_where_there_is_little_else(
    school: School, set_id: int
) -> None:
    free = school.image("/photos/free.png")

    keys = chosen(school, set_id)

    assert keys[0] == free.key
    assert len(keys) == 1 + len(photographs())
    assert all(school.runtime.objects.info(key) is not None for key in keys)
    assert len(school.bench.images(school.project_id)) == 5
    for number in range(LEAST - 1):
        school.image(f"/photos/free-{number}.png")
    assert len(chosen(school, set_id)) == LEAST


def test_a_sample_that_is_trained_on_is_not_replayed(school: School) -> None:
    data = Path(photographs()[0]).read_bytes()
    astronaut = school.bench.add_image(school.project_id, data, "/photos/train/astronaut.png")
    pixels = np.zeros((astronaut.height, astronaut.width), dtype=np.bool_)
    pixels[100:200, 100:200] = True
    school.annotate(astronaut, pixels)

    keys = chosen(school, school.prepared().training_set.id)

    assert images.object_key(astronaut.sha256) not in keys
    assert len(keys) == len(photographs()) - 1
