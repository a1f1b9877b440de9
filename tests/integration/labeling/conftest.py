"""Two people, and a photograph with one proposal on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from maskloop.platform.db import projects, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.masks import Rle
from maskloop.services.annotations import Submitted
from maskloop.services.runtime import Runtime
from sites.shelf import Shelf, fill

if TYPE_CHECKING:
    from sites.bench import Bench


def square(top: int, left: int, side: int = 3) -> npt.NDArray[np.bool_]:
    """On the 8×10 pixels of the photograph."""
    pixels = np.zeros((8, 10), dtype=np.bool_)
    pixels[top : top + side, left : left + side] = True
    return pixels


@dataclass(frozen=True)
class Desk:
    runtime: Runtime
    project_id: int
    image: Image
    cat: int
    dog: int
    proposal_id: int
    model_version_id: int
    anna: int
    ben: int

    square = staticmethod(square)

    def drawn(self, pixels: npt.NDArray[np.bool_], category_id: int | None = None) -> Submitted:
        return Submitted(category_id or self.cat, Rle.encode(pixels).counts, seconds=1.5)


def _user(connection: sa.Connection, name: str) -> int:
    statement = sa.text("INSERT INTO users (name, is_admin) VALUES (:name, false) RETURNING id")
    made: int = connection.execute(statement, {"name": name}).scalar_one()
    return made


@pytest.fixture
def desk(runtime: Runtime, bench: "Bench") -> Desk:
    project_id = bench.make_project(categories=["cat", "dog"])
    picture = bench.png(np.zeros((8, 10, 3), dtype=np.uint8))
    image = bench.add_image(project_id, picture, "/photos/one.png")
    job = bench.start_job(project_id)
    job.done(image, [bench.mask_of(square(1, 1))])
    job.finish()
    with runtime.engine.begin() as connection:
        cat, dog = projects.list_categories(connection, project_id)
        (proposal,) = proposals.page(connection, project_id, limit=10)
        return Desk(
            runtime,
            project_id,
            image,
            cat.id,
            dog.id,
            proposal.id,
            job.model_version_id,
            _user(connection, "anna"),
            _user(connection, "ben"),
        )


@pytest.fixture
def shelf(runtime: Runtime, bench: "Bench") -> Shelf:
    """Six images; what is on them stands in `sites.shelf`."""
    return fill(runtime, bench)
