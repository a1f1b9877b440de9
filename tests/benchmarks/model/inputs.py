"""The same photographs for all contenders: decoded once, handed over as .npy files."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import skimage.data
from PIL import Image

SKIMAGE = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
"""Those photographs that scikit-image brings with its package and does not download."""
EXAMPLES = ("truck.jpg", "groceries.jpg", "dog.jpg")
"""Of the segment-anything repository, where a folder has them."""
INPUT_SIDE = 1024


@dataclass(frozen=True)
class Photograph:
    name: str
    file: str
    """(H, W, 3) uint8, RGB."""
    size_hw: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.name} {self.size_hw[1]}×{self.size_hw[0]}"

    def input_xy(self, points_xy: list[list[float]]) -> list[list[float]]:
        """Pixels of the 1024² input, where the longest side is 1024."""
        height, width = self.size_hw
        scale = INPUT_SIDE / max(self.size_hw)
        scale_x = int(width * scale + 0.5) / width
        scale_y = int(height * scale + 0.5) / height
        return [[x * scale_x, y * scale_y] for x, y in points_xy]

    def points_xy(self, count: int) -> list[list[float]]:
        """The same random ones every time."""
        height, width = self.size_hw
        drawn = np.random.default_rng(0).uniform((0, 0), (width, height), (count, 2))
        return [[float(x), float(y)] for x, y in drawn]


@dataclass(frozen=True)
class Inputs:
    """`scratch`: an existing folder for the .npy files. `examples` need not exist."""

    scratch: Path
    examples: Path
    quick: bool

    @cached_property
    def coffee(self) -> Photograph:
        """The one for everything that needs only one."""
        return self._take(Path(skimage.data.__file__).parent / "coffee.png")

    @cached_property
    def all(self) -> list[Photograph]:
        folder = Path(skimage.data.__file__).parent
        names = ("coffee.png", "chelsea.png") if self.quick else SKIMAGE
        found = [self._take(folder / name) for name in names]
        return found if self.quick else [*found, *self._examples(EXAMPLES)]

    @cached_property
    def some(self) -> list[Photograph]:
        """Those on which the official package is timed: at least two."""
        if self.quick:
            return self.all
        examples = self._examples(EXAMPLES[:2])
        second = Path(skimage.data.__file__).parent / "motorcycle_left.png"
        return [self.coffee, *(examples or [self._take(second)])]

    def square(self, side: int) -> Photograph:
        """The middle of the largest of `some`, shrunk or enlarged."""
        source = max(self.some, key=lambda photograph: photograph.size_hw)
        pixels = np.load(source.file)
        edge = min(source.size_hw)
        top, left = ((length - edge) // 2 for length in source.size_hw)
        middle = Image.fromarray(pixels[top : top + edge, left : left + edge])
        scaled = np.array(middle.resize((side, side), Image.Resampling.BICUBIC))
        return self._keep(f"{source.name}'s middle", f"square-{side}", scaled)

    def _examples(self, names: tuple[str, ...]) -> list[Photograph]:
        files = [self.examples / name for name in names]
        return [self._take(file) for file in files if file.exists()]

    def _take(self, file: Path) -> Photograph:
        with Image.open(file) as picture:
            return self._keep(file.stem, file.stem, np.array(picture.convert("RGB")))

    def _keep(self, name: str, stem: str, pixels: npt.NDArray[np.uint8]) -> Photograph:
        file = self.scratch / f"{stem}.npy"
        np.save(file, pixels)
        return Photograph(name, str(file), (pixels.shape[0], pixels.shape[1]))


def listed(photographs: list[Photograph]) -> str:
    return ", ".join(str(photograph) for photograph in photographs)
