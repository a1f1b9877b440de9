"""Photographs of scikit-image, what the real model proposes on them, and a project with both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import skimage.data

from maskloop.actors import everything
from maskloop.actors.sam.embedding import Embedding
from maskloop.platform.db import projects
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import read_image
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.states import ProjectMode
from maskloop.services.images import add_image
from maskloop.services.projects import list_categories
from sites.bench import Bench
from sites.site import Model, Site

NAMES = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")
CATEGORIES = ("cat", "cup", "person", "rocket", "background")
FEW_POINTS = GenerationParameters(points_per_side=8)


@dataclass
class Photographs:
    """Asks the model once a session for each photograph."""

    model: Model
    embeddings: dict[bytes, Embedding] = field(default_factory=dict)
    """By digest: a server that is given them has every photograph warm that was clicked before."""
    _masks: dict[str, list[GeneratedMask]] = field(default_factory=dict)

    def data(self, name: str) -> bytes:
        return (Path(skimage.data.__file__).parent / name).read_bytes()

    def masks(self, name: str) -> list[GeneratedMask]:
        """What everything-mode finds on a coarse grid."""
        if name not in self._masks:
            pixels, _ = read_image(self.data(name), name)
            model = self.model
            self._masks[name] = everything.generate(
                pixels, model.encoder, model.decoder, FEW_POINTS
            )
        return self._masks[name]


@dataclass(frozen=True)
class PhotoProject:
    id: int
    name: str
    images: dict[str, int]
    """Id by file name, in the order in which they were added."""
    categories: dict[str, int]
    """Id by name."""
    proposals: dict[str, int]
    """How many there are, by file name."""

    def image_path(self, name: str) -> str:
        """Of the API."""
        return f"/api/v1/projects/{self.id}/images/{self.images[name]}"


def photo_project(
    site: Site,
    photographs: Photographs,
    *,
    name: str = "photos",
    names: Sequence[str] = NAMES,
    with_proposals: bool = True,
) -> PhotoProject:
    """A project with these photographs, and the proposals of a job that has ended."""
    project_id = site.project(name, CATEGORIES)
    images = {
        name: add_image(site.runtime, project_id, photographs.data(name), name).image_id
        for name in names
    }
    found = {name: photographs.masks(name) if with_proposals else [] for name in names}
    if with_proposals:
        bench = Bench(site.runtime, name)
        job = bench.start_job(project_id)
        for image in bench.images(project_id):
            job.done(image, found[image.source_uri])
        job.finish()
        # In the mode that a project begins with, proposals are shown when they are asked for only.
        with site.runtime.engine.begin() as connection:
            projects.set_mode(connection, project_id, ProjectMode.AUTOMATIC)
    return PhotoProject(
        project_id,
        name,
        images,
        {category.name: category.id for category in list_categories(site.runtime, project_id)},
        {name: len(masks) for name, masks in found.items()},
    )
