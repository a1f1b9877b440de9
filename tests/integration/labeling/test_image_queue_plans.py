"""How much is read for an image, where there are 5,000 with ten proposals each."""

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.db import image_picking, queues
from maskloop.platform.states import QueueOrder
from sites.plans import Reading, explained

if TYPE_CHECKING:
    from maskloop.platform.db.queues import Queue
    from sites.shelf import Shelf

IMAGES = """
INSERT INTO images (project_id, sha256, source_uri, media_type, byte_size, width, height,
    exif_orientation)
SELECT project_id, sha256(('image ' || n)::bytea), 'many/' || n || '.png', media_type, byte_size,
    width, height, exif_orientation
FROM images, generate_series(1, 5000) AS n WHERE images.id = :id
"""
PROPOSALS = """
INSERT INTO proposals (project_id, image_id, job_id, model_version_id, mask_digest, rle_counts,
    bbox_xywh, area, predicted_iou, stability_score, point_xy, crop_box_xywh)
SELECT one.project_id, images.id, one.job_id, one.model_version_id, sha256(n::text::bytea),
    rle_counts, bbox_xywh, area, 0.5 + (images.id * 7919 + n * 31) % 4000 / 10000.0,
    stability_score, point_xy, crop_box_xywh
FROM images, generate_series(1, 10) AS n, proposals AS one
WHERE one.id = (SELECT min(id) FROM proposals) AND images.source_uri LIKE 'many/%'
"""
ITEMS = """
INSERT INTO job_items (project_id, job_id, image_id)
SELECT project_id, :job, id FROM images WHERE source_uri LIKE 'many/%'
"""
LAST = "id > (SELECT max(id) - 3 FROM images)"
OF_ANOTHER_JOB = f"""
UPDATE proposals SET job_id = jobs.id, model_version_id = jobs.model_version_id FROM jobs
WHERE jobs.id = :job AND image_id IN (SELECT id FROM images WHERE {LAST})
"""


@pytest.fixture
def many(shelf: "Shelf") -> "Shelf":
    """The second job proposed on the last three only; statistics are those of before."""
    first, second = shelf.jobs
    shelf.doubt({0: 0.5})
    with shelf.runtime.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM proposals WHERE job_id = :job"), {"job": second})
        connection.execute(sa.text("DELETE FROM job_items WHERE job_id = :job"), {"job": second})
        connection.execute(sa.text("ANALYZE"))
        connection.execute(sa.text(IMAGES), {"id": shelf.images[0]})
        connection.execute(sa.text(PROPOSALS))
        connection.execute(sa.text(ITEMS), {"job": first})
        connection.execute(sa.text(f"{ITEMS} AND {LAST}"), {"job": second})
        connection.execute(sa.text(OF_ANOTHER_JOB), {"job": second})
    return shelf


def reading_of(shelf: "Shelf", queue_id: int | None, after: int | None = None) -> Reading:
    """Of one pick, with nothing in anybody's hands."""
    with shelf.runtime.engine.begin() as connection:
        queue: Queue | None = None
        if queue_id is not None:
            queue = queues.by_id(connection, shelf.project_id, queue_id)
        with explained(connection) as reading:
            picked = image_picking.pick(connection, shelf.project_id, queue, after=after, lock=True)
    assert picked is not None
    return reading


def test_a_pick_reads_little_whatever_the_planner_knows(many: "Shelf") -> None:
    """Before and after it has counted what there is."""
    every = {one: many.queue(one, ordering=one) for one in QueueOrder}
    of_job = {
        one: many.queue(f"{one} of a job", ordering=one, job_id=many.jobs[1])
        for one in (QueueOrder.OLDEST, QueueOrder.RANDOM)
    }
    sure = many.queue("sure", predicted_iou_least=0.8999)
    for _ in range(2):
        for ordering, queue in every.items():
            reading = reading_of(many, queue)
            assert reading.rows["images"] <= 10, ordering
            assert reading.rows.get("proposals", 0) <= 10, ordering
        for ordering, queue in of_job.items():
            # The job had three of 5,000 images, ten proposals on each.
            reading = reading_of(many, queue)
            assert reading.rows["proposals"] <= 30, ordering
        # One for each image that is passed over.
        reading = reading_of(many, sure)
        assert reading.rows["proposals"] <= reading.rows["images"] + 10
        with many.runtime.engine.begin() as connection:
            connection.execute(sa.text("ANALYZE"))


def test_all_that_is_to_do_is_walked_by_its_partial_index(many: "Shelf") -> None:
    """Also where nearly all is done."""
    with many.runtime.engine.begin() as connection:
        done = "UPDATE images SET state = 'done' WHERE id < (SELECT max(id) - 50 FROM images)"
        connection.execute(sa.text(done))
        connection.execute(sa.text("ANALYZE"))
    for after in (None, many.images[3]):
        reading = reading_of(many, None, after)
        assert "images_project_id_id_idx" in reading.indexes
        assert reading.rows["images"] <= 2
        assert "proposals" not in reading.rows
