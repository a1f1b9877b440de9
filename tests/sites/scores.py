"""Scores as an evaluation could bring them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from maskloop.platform.evaluation import ObjectScore

Change = Callable[[ObjectScore], dict[str, object]]


def scores(
    *, images: int = 12, per_image: int = 10, categories: tuple[str, ...] = ("cell", "nucleus")
) -> list[ObjectScore]:
    """Objects of an image are alike: half of the spread is the image's. The first two of an image
    are clicked, and on the first three images everything-mode was run."""
    random = np.random.default_rng(7)
    found = []
    for image in range(images):
        level = random.uniform(-0.15, 0.15)
        for place in range(per_image):
            ious = np.clip(0.65 + level + random.uniform(-0.15, 0.15, 4), 0, 1)
            found.append(
                ObjectScore(
                    annotation_id=image * per_image + place,
                    image_sha256=f"{image:064x}",
                    category=categories[place % len(categories)],
                    area=int(random.integers(200, 20_000)),
                    one_click=float(ious[0]),
                    best_of_three=float(ious[:2].max()),
                    box=float(ious[2]),
                    boundary_f=float(ious[3]),
                    clicks_85=int(random.integers(3, 9)) if place < 2 else None,
                    clicks_90=int(random.integers(9, 15)) if place < 2 else None,
                    everything_hit=bool(random.random() < 0.7) if image < 3 else None,
                    milliseconds=float(random.uniform(9, 11)) if place < 4 else 0.0,
                )
            )
    return found


def changed(old: list[ObjectScore], change: Change) -> list[ObjectScore]:
    return [replace(score, **change(score)) for score in old]  # type: ignore[arg-type]
