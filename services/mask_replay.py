"""A mask's prompts asked again, in their order, of another model version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.mask_answers import Answerer
from maskloop.actors.sam.compute import Precision, compute_of, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import annotations, images, model_versions, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.errors import NothingToReplayError
from maskloop.platform.images import Limits, read_image
from maskloop.platform.mask_answers import AnsweredMask
from maskloop.platform.masks import Rle, mask_iou
from maskloop.platform.prompts import Prompts
from maskloop.platform.stages import Stages
from maskloop.services.model_versions import fetch_weights
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class ReplayModel:
    """`name`: of the version, as it is told."""

    name: str
    encoder: Encoder
    decoder: Decoder
    precision: Precision


@dataclass(frozen=True)
class Original:
    """A stored mask and what asked for it."""

    title: str
    image: Image
    mask: Rle
    prompts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ReplayedStep:
    """`iou`: of this step's mask with the stored one, which the last step made."""

    prompt: Mapping[str, Any]
    mask: AnsweredMask
    iou: float


def of_annotation(runtime: Runtime, annotation_id: int) -> Original:
    """The last revision, of a deleted annotation too. Raises `NotFoundError`, and
    `NothingToReplayError` for a mask by hand."""
    with runtime.engine.connect() as connection:
        project_id = annotations.project_of(connection, annotation_id)
        last = annotations.last_revision(connection, project_id, annotation_id)
        image = images.by_id(connection, project_id, last.image_id)
    if not last.drawing.prompts:
        raise NothingToReplayError(annotation_id)
    title = f"annotation {last.id}, revision {last.revision}"
    return Original(title, image, last.drawing.mask.rle, last.drawing.prompts)


def of_proposal(runtime: Runtime, proposal_id: int) -> Original:
    """Its prompt is one point, asked for several readings as everything-mode does; in a crop that
    point had another view of the image. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        project_id = proposals.project_of(connection, proposal_id)
        found = proposals.by_id(connection, project_id, proposal_id)
        image = images.by_id(connection, project_id, found.image_id)
    prompt = {"points": [[*found.mask.point_xy, 1]], "multimask": True}
    return Original(f"proposal {proposal_id}", image, found.mask.rle, [prompt])


def open_model(runtime: Runtime, version_id: int) -> ReplayModel:
    """Raises `NotFoundError`, `WeightsMissingError`, `WeightsCorruptError`."""
    with runtime.engine.connect() as connection:
        version = model_versions.known(connection, version_id)
    fetch_weights(runtime, version)
    compute = compute_of(runtime.settings)
    settle_threads(compute)
    folder = WeightsFolder(runtime.settings.weights)
    return ReplayModel(
        f"{version.name} v{version.id}",
        load_encoder(folder, version.encoder_digest, compute),
        load_decoder(folder, version.decoder_digest, compute),
        compute.precision,
    )


def replay(runtime: Runtime, original: Original, model: ReplayModel) -> list[ReplayedStep]:
    """One step per prompt. Where several readings were asked, the one in the place of the chosen;
    where none was chosen, the best by predicted IoU. An earlier mask that a prompt refines is made
    again by this version, from its recipe.

    Raises what reading the image raises, `BadPromptError`, `BadReferenceError`.
    """
    embedding = _embedding(runtime, original.image, model)
    answerer = Answerer(model.decoder)
    steps = []
    for prompt in original.prompts:
        mask = _asked(answerer, embedding, prompt, original.mask.size_hw)
        steps.append(ReplayedStep(prompt, mask, mask_iou(original.mask, mask.rle)))
    return steps


def _asked(
    answerer: Answerer, embedding: Embedding, prompt: Mapping[str, Any], size_hw: tuple[int, int]
) -> AnsweredMask:
    points, box = prompt.get("points") or [], prompt.get("box")
    previous = prompt.get("previous")
    prompts = Prompts(
        tuple((float(x), float(y)) for x, y, _ in points),
        tuple(int(label) for *_, label in points),
        None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
    )
    prompts.check(size_hw)
    several = prompt.get("multimask")
    if several is None:
        several = len(points) == 1 and box is None and previous is None
    found = answerer.answer(
        embedding, prompts, multimask=several, previous=previous, stages=Stages()
    )
    return found[min(prompt.get("chosen") or 0, len(found) - 1)]


def _embedding(runtime: Runtime, image: Image, model: ReplayModel) -> Embedding:
    """As stored, else made and stored."""
    kept = EmbeddingStore(runtime.objects, model.precision)
    found = kept.get(image.sha256, model.encoder.digest)
    if found is not None:
        return found
    settings = runtime.settings
    data = runtime.objects.get(images.object_key(image.sha256))
    pixels, _ = read_image(data, image.source_uri, Limits(settings.max_image_pixels))
    return kept.put(image.sha256, model.encoder.encode(pixels))


def write_both(original: Rle, replayed: Rle, path: Path) -> None:
    """A PNG of the image's size: white where both are, orange only stored, blue only replayed."""
    from PIL import Image as Pil

    ours, theirs = original.decode(), replayed.decode()
    pixels = np.zeros((*original.size_hw, 3), dtype=np.uint8)
    pixels[ours & theirs] = (255, 255, 255)
    pixels[ours & ~theirs] = (240, 150, 40)
    pixels[theirs & ~ours] = (40, 120, 240)
    Pil.fromarray(pixels).save(path, format="PNG")
