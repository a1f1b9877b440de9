"""Leaks: images that show the same picture as one on another side of a training set."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from maskloop.platform import likeness
from maskloop.platform.db.images import object_key
from maskloop.platform.db.training_candidates import Candidate
from maskloop.platform.errors import ObjectMissingError
from maskloop.platform.images import Limits
from maskloop.platform.states import Split
from maskloop.platform.training_statistics import Leak
from maskloop.services.runtime import Runtime

_READERS: Final = 4
"""Threads that read and shrink images."""

_Images = Mapping[int, Candidate]
"""By image id, any of its candidates: they agree in all that is asked here."""


def find_leaks(runtime: Runtime, items: Sequence[Candidate]) -> list[Leak]:
    """The images to leave out, by id, each with its twin that stays.

    The one nearer to training goes: of validation what is held out too, of training what is held
    out or stays in validation. Reads every image once in its life.
    """
    images = {item.image_id: item for item in items}
    sides = {split: _on(images, split) for split in Split}
    if sum(bool(side) for side in sides.values()) < 2:
        return []
    small = _shrunk(runtime, images.values())
    held_out, validation = sides[Split.HOLDOUT], sides[Split.VALIDATION]
    leaks = _leaks(validation, held_out, small)
    leaking = {leak.image_id for leak in leaks}
    stays = {key: item for key, item in validation.items() if key not in leaking}
    leaks += _leaks(sides[Split.TRAIN], held_out | stays, small)
    return sorted(leaks, key=lambda leak: leak.image_id)


def _on(images: _Images, split: Split) -> dict[int, Candidate]:
    return {key: item for key, item in images.items() if item.split is split}


def _leaks(ours: _Images, theirs: _Images, small: Mapping[int, likeness.Small]) -> list[Leak]:
    if not ours or not theirs:
        return []
    mine, others = list(ours.values()), list(theirs.values())
    found = likeness.twins(
        np.stack([small[item.image_id] for item in mine]),
        np.stack([small[item.image_id] for item in others]),
        our_sizes_hw=np.array([item.size_hw for item in mine]),
        their_sizes_hw=np.array([item.size_hw for item in others]),
    )
    return [_leak(mine[pair.ours], others[pair.theirs], pair.distance) for pair in found]


def _leak(image: Candidate, twin: Candidate, distance: float) -> Leak:
    return Leak(
        image_id=image.image_id,
        source=image.source,
        split=image.split,
        twin_image_id=twin.image_id,
        twin_source=twin.source,
        twin_split=twin.split,
        distance=distance,
    )


def _shrunk(runtime: Runtime, images: Iterable[Candidate]) -> dict[int, likeness.Small]:
    wanted = list(images)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="likeness") as pool:
        small = pool.map(lambda image: _shrink(runtime, image), wanted)
        return {image.image_id: one for image, one in zip(wanted, small, strict=True)}


def _shrink(runtime: Runtime, image: Candidate) -> likeness.Small:
    key = likeness.key_of(image.image_sha256)
    try:
        return likeness.unpack(runtime.objects.get(key))
    except ObjectMissingError:
        data = runtime.objects.get(object_key(image.image_sha256))
    limits = Limits(runtime.settings.max_image_pixels)
    small = likeness.shrink(data, image.source, limits)
    runtime.objects.put(key, small.tobytes())
    return small
