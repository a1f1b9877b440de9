"""No query that somebody waits for reads a large table from end to end, nor more than it needs.

On 2,000 images with 200,000 proposals and statistics of them, so that the planner chooses as it
would with millions.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from maskloop.services.runtime import Runtime
from sites.database import fresh_runtime
from sites.hot_queries import hot_queries
from sites.plans import Reading, explained
from sites.warehouse import EACH, Warehouse, fill, take_some

IMAGES = 2000
LARGE = {"images", "proposals", "job_items", "annotations", "reviews", "proposal_doubts"}
BY_IMAGE = "proposals_image_id_model_version_id_mask_digest_key"
MOST_ROWS = 30 * EACH
"""Of a table and for one answer: what is on 30 images, of 2,000."""


@pytest.fixture(scope="module")
def stocked(
    server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Runtime, Warehouse]]:
    with fresh_runtime(server_url, Path(tmp_path_factory.mktemp("warehouse"))) as runtime:
        warehouse = fill(runtime.engine, IMAGES * EACH)
        with runtime.engine.begin() as connection:
            connection.execute(sa.text("ANALYZE"))
        take_some(runtime.engine, warehouse, 200)
        yield runtime, warehouse


def test_every_hot_query_walks_an_index_and_reads_little(
    stocked: tuple[Runtime, Warehouse],
) -> None:
    runtime, warehouse = stocked
    readings: dict[str, Reading] = {}
    # A hundred images are a twentieth of these: the planner would rather read everything on them.
    for name, query in hot_queries(warehouse, page=25):
        with runtime.engine.connect() as connection:
            with explained(connection) as reading:
                query(connection, IMAGES // 2)
            readings[name] = reading
    assert {name: found.scanned & LARGE for name, found in readings.items()} == {
        name: set() for name in readings
    }
    much = {
        name: found.rows
        for name, found in readings.items()
        if any(found.rows.get(table, 0) > MOST_ROWS for table in LARGE)
    }
    assert much == {}
    assert {name for name, found in readings.items() if not found.rows} == set()


def test_a_scan_of_a_large_table_would_be_noticed(stocked: tuple[Runtime, Warehouse]) -> None:
    """By the same reading: without the index that finds an image's proposals."""
    runtime, warehouse = stocked
    queries = dict(hot_queries(warehouse))
    with runtime.engine.connect() as connection:
        connection.execute(sa.text(f"ALTER TABLE proposals DROP CONSTRAINT {BY_IMAGE}"))
        with explained(connection) as reading:
            queries["export, proposals of an image"](connection, IMAGES // 2)
        connection.rollback()
    assert "proposals" in reading.scanned
