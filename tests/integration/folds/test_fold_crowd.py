"""Six at once in a queue that asks two of them about each image: all are labelled by exactly two
people, and none is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import sqlalchemy as sa

from maskloop.services.runtime import Runtime
from sites.circle import Circle
from sites.studio import open_studio

CLIENTS, IMAGES = 6, 8


def test_a_crowd_labels_each_image_twice(runtime: Runtime) -> None:
    engine = sa.create_engine(runtime.engine.url, pool_size=2 * CLIENTS)
    studio = open_studio(replace(runtime, engine=engine), IMAGES)
    circle = Circle(studio)
    queue_id = circle.queue(2)
    people = [f"person-{number}" for number in range(CLIENTS)]
    for name in people:
        studio.user(name)
    together = threading.Barrier(CLIENTS)

    def work(name: str) -> list[int]:
        together.wait(timeout=60)
        done: list[int] = []
        while (turn := circle.next(name, queue_id)).image is not None:
            found = studio.pass_of(turn.image.image.id)
            studio.submit(found)
            done.append(found.new.image_id)
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(work, people))
    assert all(len(set(theirs)) == len(theirs) for theirs in done)
    everything = sorted(image_id for theirs in done for image_id in theirs)
    assert everything == sorted(image.id for image in circle.images for _ in range(2))
    assert studio.rows("SELECT DISTINCT kind, outcome FROM passes") == [("fold", "done")]
    assert studio.rows("SELECT state, count(*) FROM folds GROUP BY state") == [("settled", IMAGES)]
    assert studio.rows("SELECT state, count(*) FROM images GROUP BY state") == [("done", IMAGES)]
    assert studio.count("submissions") == IMAGES
    assert studio.count("passes.image_leases") == 0
    engine.dispose()
