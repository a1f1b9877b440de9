"""Eight at once on two queues that overlap: no image in two hands, none lost, none done twice."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from maskloop.platform.states import QueueOrder

if TYPE_CHECKING:
    from maskloop.services.labeling import Turn
    from sites.shelf import Shelf

CLIENTS = 8
MORE = """
INSERT INTO images (project_id, sha256, source_uri, media_type, byte_size, width, height,
    exif_orientation)
SELECT project_id, sha256(('image ' || n)::bytea),
    CASE WHEN n % 3 = 0 THEN 'north/' WHEN n % 3 = 1 THEN 'south/' ELSE 'north/south/' END || n,
    media_type, byte_size, width, height, exif_orientation
FROM images, generate_series(1, 90) AS n WHERE images.id = :id
"""


class Crowd:
    def __init__(self, shelf: "Shelf", queues: list[int]) -> None:
        self.shelf, self.queues = shelf, queues
        self.lock = threading.Lock()
        self.in_hand: dict[int, str] = {}
        self.wrong: list[str] = []
        self.done: Counter[int] = Counter()
        self.together = threading.Barrier(CLIENTS)

    def work(self, number: int) -> None:
        """Two of them in each queue by name, the others in whatever is theirs."""
        name, chance = f"person-{number}", random.Random(number)
        queue = self.queues[number] if number < len(self.queues) else None
        self.together.wait(timeout=60)
        after = None
        while True:
            turn = self.shelf.next(name, queue, after=after, ahead=2)
            if turn.image is None:
                return
            after = turn.image.image.id
            self.claim(name, after)
            if chance.random() < 0.2:
                self.release(after)
                self.shelf.release(name, turn)
            else:
                self.submit(name, turn)

    def claim(self, name: str, image_id: int) -> None:
        with self.lock:
            if image_id in self.in_hand:
                self.wrong.append(f"{image_id} of {self.in_hand[image_id]} went to {name}")
            self.in_hand[image_id] = name

    def release(self, image_id: int) -> None:
        with self.lock:
            self.in_hand.pop(image_id)

    def submit(self, name: str, turn: "Turn") -> None:
        assert turn.image is not None
        self.done[turn.image.image.id] += 1
        self.release(turn.image.image.id)
        self.shelf.submit(name, turn)


def test_a_crowd_on_two_queues_that_overlap_does_each_image_once(shelf: "Shelf") -> None:
    with shelf.runtime.engine.begin() as connection:
        connection.execute(sa.text(MORE), {"id": shelf.images[0]})
    north = shelf.queue("north", image="north", ordering=QueueOrder.RANDOM)
    south = shelf.queue("south", image="south", ordering=QueueOrder.SCORE)
    for number in range(CLIENTS):
        shelf.person(f"person-{number}")
    engine = sa.create_engine(shelf.runtime.engine.url, pool_size=CLIENTS)
    shelf.runtime = replace(shelf.runtime, engine=engine)
    crowd = Crowd(shelf, [north, south, north, south])
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(crowd.work, range(CLIENTS)))
    assert crowd.wrong == []
    with engine.connect() as connection:
        admitted = "source_uri LIKE '%north%' OR source_uri LIKE '%south%'"
        found = connection.execute(
            sa.text(f"SELECT id, state, {admitted} AS admitted FROM images ORDER BY id")
        ).all()
        said = connection.execute(sa.text("SELECT image_id FROM submissions")).scalars().all()
    engine.dispose()
    wanted = [row.id for row in found if row.admitted]
    assert len(wanted) == 95
    assert [row.id for row in found if row.state == "done"] == wanted
    assert sorted(crowd.done.elements()) == sorted(said) == wanted
