"""A photograph of coins whose masks are real, proposed by a model and reviewed by anna and ben."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa
from skimage import data as photographs
from skimage import measure
from skimage.filters import threshold_otsu
from skimage.morphology import closing, disk

from maskloop.platform.db import projects, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.db.proposals import Proposal
from maskloop.services import reviews
from maskloop.services.reviews import Judgement
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

Mask = npt.NDArray[np.bool_]
_LEAST_AREA, _MOST_AREA = 1000, 3000
"""Of what thresholding finds there, what is one coin."""


def coin_masks() -> list[Mask]:
    """20 coins that do not overlap, on 303×384 pixels."""
    photograph = photographs.coins()
    bright = closing(photograph > threshold_otsu(photograph), disk(3))
    found = [np.asarray(region) for region in _regions(measure.label(bright))]
    return [mask for mask in found if _LEAST_AREA <= mask.sum() <= _MOST_AREA]


def _regions(labels: npt.NDArray[np.int64]) -> list[Mask]:
    return [labels == label for label in range(1, labels.max() + 1)]


@dataclass
class Tray:
    """Twenty coins, each with a pending proposal of its own score."""

    runtime: Runtime
    project_id: int
    image: Image
    masks: list[Mask]
    old: int
    new: int
    anna: int
    ben: int

    @property
    def proposals(self) -> list[Proposal]:
        with self.runtime.engine.connect() as connection:
            return proposals.page(connection, self.project_id, limit=1000)

    def accept(self, count: int, *, category_id: int | None = None) -> list[int]:
        """Anna accepts the first of those that wait; ids of the annotations."""
        waiting = [one for one in self.proposals if one.state == "pending"][:count]
        made = []
        for one in waiting:
            judgement = Judgement.accept(category_id or self.old)
            found = reviews.review(
                self.runtime, self.project_id, one.id, judgement, reviewer_id=self.anna
            )
            assert found.annotation is not None
            made.append(found.annotation[0])
        return made

    def count(self, table: str) -> int:
        with self.runtime.engine.connect() as connection:
            found: int = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            return found


@pytest.fixture
def tray(runtime: Runtime, bench: "Bench") -> Tray:
    project_id = bench.make_project(categories=["old", "new"])
    photograph = np.repeat(photographs.coins()[..., None], 3, axis=2)
    image = bench.add_image(project_id, bench.png(photograph), "/photos/coins.png")
    masks = coin_masks()
    job = bench.start_job(project_id)
    scores = [0.80 + place / 100 for place in range(len(masks))]
    job.done(
        image,
        [bench.mask_of(m, predicted_iou=score) for m, score in zip(masks, scores, strict=True)],
    )
    job.finish()
    with runtime.engine.begin() as connection:
        old, new = projects.list_categories(connection, project_id)
        statement = sa.text("INSERT INTO users (name, is_admin) VALUES (:name, false) RETURNING id")
        anna, ben = (
            connection.execute(statement, {"name": name}).scalar_one() for name in ("anna", "ben")
        )
    return Tray(runtime, project_id, image, masks, old.id, new.id, anna, ben)
