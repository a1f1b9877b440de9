"""The demonstration: photographs that are on every installation, and everything done with them."""

from contextlib import suppress
from pathlib import Path

from maskloop.platform.errors import AlreadyExistsError
from maskloop.platform.generation import GenerationParameters
from maskloop.services.adding_images import AddReport, add_images
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime

PROJECT = "demo"
CATEGORIES = ("thing", "background")
PHOTOGRAPHS = (
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
"""Inside the scikit-image package; its documentation lists their sources and licences."""

PARAMETERS = GenerationParameters(points_per_side=16)
"""A quarter of the default's prompts, so that the demonstration ends within minutes on a laptop."""


def prepare(runtime: Runtime) -> AddReport:
    """The project with its photographs; what is there already stays."""
    with suppress(AlreadyExistsError):  # a demonstration of an earlier day
        create_project(runtime, PROJECT, CATEGORIES)
    return add_images(runtime, PROJECT, photographs())


def photographs() -> list[str]:
    import skimage.data

    folder = Path(skimage.data.__file__).parent
    return [str(folder / name) for name in PHOTOGRAPHS]
